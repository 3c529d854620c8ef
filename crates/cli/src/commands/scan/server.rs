//! Whose secrets are, as a running Keydesk says: with a key that reads keys, or one that verifies them.

use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use domain::{Clock as _, SystemClock};
use keydesk_client::{Client, Code, Error, Key, Status, Verify};
use model::{Environment, Instant, PlainSecret, SecretFormat, said_claims};
use scan::{Finding, Form};
use uuid::Uuid;

use super::told::{Owner, State, Told};
use crate::commands::Failed;

/// Longest file with a key, in bytes.
const KEY_MAX: u64 = 16 * 1024;
/// The variable with the calling key, where no file has it.
const KEY: &str = "KEYDESK_KEY";

/// A running Keydesk.
pub(super) struct Server {
    client: Client,
    address: String,
    /// The calling key can't read keys, and verifies them.
    verifies: AtomicBool,
    format: Option<SecretFormat>,
}

impl Server {
    /// At this address, called with the key of a file or of the environment: an argument could be read by others.
    pub(super) fn new(address: &str, key_file: Option<&Path>, ca: Option<&Path>) -> Result<Self, Failed> {
        let key = PlainSecret::new(match key_file {
            Some(file) => read(file)?,
            None => std::env::var(KEY).map_err(|_| {
                Failed::new(format!(
                    "--server needs a key to ask with: name its file with --key-file, or give it in {KEY}"
                ))
            })?,
        });
        let mut client = Client::builder(address, key.expose());
        if let Some(ca) = ca {
            let pem = fs::read(ca).map_err(|error| Failed::new(format!("{} can't be read: {error}", ca.display())))?;
            client = client.trust(&pem);
        }
        let client = client.build().map_err(|error| Failed::new(format!("{address} can't be asked: {error}")))?;
        let format = format_of(key.expose().trim());
        Ok(Self { client, address: address.to_owned(), verifies: AtomicBool::new(false), format })
    }

    /// How the deployment of the calling key writes its secrets, if that key says so.
    pub(super) fn format(&self) -> Option<&SecretFormat> {
        self.format.as_ref()
    }

    /// What is known of a finding, and the key that can be deleted for it.
    pub(super) async fn ask(&self, finding: &Finding) -> Result<(Told, Option<Uuid>), Failed> {
        if finding.form == Form::SigningSecret {
            return Ok((Told::new(finding, State::NotAsked, Owner::default()), None));
        }
        if !self.verifies.load(Relaxed) {
            match self.look_up(finding).await {
                Err(error) if error.code() == Some("insufficient_scope") => self.verifies.store(true, Relaxed),
                other => return other.map_err(|error| self.failed(&error)),
            }
        }
        self.verify(finding).await.map_err(|error| self.failed(&error))
    }

    /// Deletes a key.
    pub(super) async fn revoke(&self, id: Uuid) -> Result<(), Failed> {
        self.client.keys().delete(id).await.map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &Error) -> Failed {
        Failed::new(format!("the server at {} can't be asked: {error}", self.address))
    }

    /// It counts as no call of the key that was found.
    async fn look_up(&self, finding: &Finding) -> Result<(Told, Option<Uuid>), Error> {
        let found = self.client.keys().look_up(finding.secret.expose()).await?;
        let Some(key) = found.into_iter().next() else {
            return Ok((Told::new(finding, State::Unknown, Owner::default()), None));
        };
        let ends_at = match finding.form {
            Form::Token => said_claims(finding.secret.expose()).map(|claims| claims.expires_at()),
            _ => self.end_of(&key, finding).await?,
        };
        let state = state(key.status, ends_at.filter(|end| *end <= SystemClock.now()));
        let text = |name: &str| key.more.get(name).and_then(|value| value.as_str()).map(str::to_owned);
        let is_default = text("kind").is_some_and(|kind| kind == "default");
        let owner = Owner {
            key_id: Some(key.id.to_string()),
            client_name: Some(key.client_name.clone()),
            default_key: is_default,
            owner_email: text("owner_email"),
            ends_at,
            ..Owner::default()
        };
        let told = Told::new(finding, state, owner);
        let can_be_revoked = finding.form != Form::Token && !is_default && state.is_living();
        Ok((told, can_be_revoked.then_some(key.id)))
    }

    /// When the secret that was found ended or ends. The newest of a key has no end.
    async fn end_of(&self, key: &Key, finding: &Finding) -> Result<Option<Instant>, Error> {
        let hint = finding.secret.hint().0;
        if key.hint == hint {
            return Ok(None);
        }
        let secrets = self.client.keys().secrets(key.id).await?;
        let own = secrets.into_iter().find(|secret| secret.hint == hint);
        let end = own.map(|own| own.expires_at.map(|at| Instant::from_millis(at.as_millisecond())));
        // One that is not listed any more has ended more than 30 days ago.
        Ok(end.unwrap_or(Some(Instant::from_millis(0))))
    }

    /// It is a call that costs nothing, and is counted.
    async fn verify(&self, finding: &Finding) -> Result<(Told, Option<Uuid>), Error> {
        let verdict = self.client.verify(&Verify::key(finding.secret.expose()).cost(0)).await?;
        let is_token = finding.form == Form::Token;
        let state = match verdict.code {
            Code::NotFound => State::Unknown,
            // Its key is deleted, or was rotated.
            Code::Revoked => State::Ended,
            Code::Disabled => State::Disabled,
            Code::Expired if is_token => State::Ended,
            Code::Expired => State::Expired,
            // Refused here and now, and not elsewhere or later.
            _ => State::Works,
        };
        let owner = Owner {
            key_id: verdict.key_id.map(|id| id.to_string()),
            client_name: verdict.client_name,
            ..Owner::default()
        };
        let target = verdict.key_id.filter(|_| !is_token && state.is_living());
        Ok((Told::new(finding, state, owner), target))
    }
}

/// Whether a secret works whose key stands so, and that has ended or not.
fn state(status: Status, ended: Option<Instant>) -> State {
    match status {
        Status::Revoked => State::Revoked,
        _ if ended.is_some() => State::Ended,
        Status::Disabled => State::Disabled,
        Status::Expired => State::Expired,
        _ => State::Works,
    }
}

fn read(file: &Path) -> Result<String, Failed> {
    let failed = |why: String| Failed::new(format!("the key can't be read from {}: {why}", file.display()));
    let length = fs::metadata(file).map_err(|error| failed(error.to_string()))?.len();
    if length > KEY_MAX {
        return Err(failed("it is too long for a key".to_owned()));
    }
    fs::read_to_string(file).map_err(|error| failed(error.to_string()))
}

/// The form of secrets of which this is one.
fn format_of(key: &str) -> Option<SecretFormat> {
    [Environment::Live, Environment::Test].into_iter().find_map(|environment| {
        let (prefix, _) = key.split_once(&format!("_{}_", environment.as_str()))?;
        SecretFormat::new(prefix).ok().filter(|format| format.read(key).is_some())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calling_key_says_how_keys_begin() {
        let format = SecretFormat::new("acme").unwrap();
        let key = format.write(Environment::Test, &[5; model::BODY_LEN]);
        assert_eq!(format_of(key.expose()), Some(format));
        for other in ["", "acme_test_x", "imported-key", &key.expose().replace("acme", "acmf")] {
            assert_eq!(format_of(other), None, "{other}");
        }
    }

    #[test]
    fn the_gravest_reason_counts() {
        let past = Some(Instant::from_millis(1));
        for (status, ended, expected) in [
            (Status::Active, None, State::Works),
            (Status::Active, past, State::Ended),
            (Status::Disabled, None, State::Disabled),
            (Status::Disabled, past, State::Ended),
            (Status::Expired, None, State::Expired),
            (Status::Revoked, past, State::Revoked),
        ] {
            assert_eq!(state(status, ended), expected);
        }
    }
}
