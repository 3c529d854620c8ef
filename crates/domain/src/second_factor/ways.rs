use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use model::{AdminError, Administrator, AdministratorId, fold_email};
use serde_json::{Value, json};
use store::{Change, StoredPasskey};

use super::challenge::Ceremony;
use crate::{Keydesk, Session, account::public, passkey::ALGORITHMS, password::DECOY};

/// For how long a browser waits for an authenticator, in milliseconds: 5 minutes.
const TIMEOUT_MS: u32 = 5 * 60 * 1000;

/// In which ways somebody can prove who they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ways {
    /// By their password.
    pub password: bool,
    /// By a code of their app, or a recovery code.
    pub code: bool,
    /// By a passkey: what the page's script asks the browser for, as JSON.
    pub passkey: Option<String>,
    /// By their organisation, in the place of a password: what stands on the button that leads there.
    pub organisation: Option<String>,
}

impl Ways {
    /// Whether one of them is open on the page that asks.
    pub const fn any_here(&self) -> bool {
        self.password || self.code || self.passkey.is_some()
    }
}

impl Keydesk {
    /// The ways that are open to a person beside their password; `None`: they have no second factor.
    pub(crate) async fn second_ways(
        &self,
        change: &mut Change,
        of: &Administrator,
    ) -> Result<Option<Ways>, AdminError> {
        let app = change.totp(of.id).await.map_err(public)?;
        let passkeys = change.passkeys(of.id).await.map_err(public)?;
        if app.is_none() && passkeys.is_empty() {
            return Ok(None);
        }
        // Whoever has passkeys alone has recovery codes, too.
        Ok(Some(self.second_of(&passkeys, of.id)))
    }

    /// The same for whoever is asked again.
    pub(crate) async fn ways_to_sign_in(&self, person: AdministratorId) -> Result<Ways, AdminError> {
        let passkeys = self.inner.store.passkeys(person).await.map_err(public)?;
        Ok(self.second_of(&passkeys, person))
    }

    fn second_of(&self, passkeys: &[StoredPasskey], person: AdministratorId) -> Ways {
        let passkey = self.passkey_asked(passkeys, Ceremony::SignIn(person));
        Ways { code: true, passkey, ..Ways::default() }
    }

    /// The ways in which a person proves in their session that it is still them. Whoever has no password signs in again with their
    /// organisation's account: the session that begins then has proved it.
    pub async fn ways_to_confirm(&self, session: &Session) -> Result<Ways, AdminError> {
        let passkeys = self.inner.store.passkeys(session.administrator.id).await.map_err(public)?;
        let passkey = self.passkey_asked(&passkeys, Ceremony::Confirm(session.id));
        let password = self.has_password(session).await?;
        let organisation = self.sign_in_ways().button.filter(|_| !password);
        Ok(Ways { password, code: session.second_factor, passkey, organisation })
    }

    /// Whether the person whose session this is signs in with a password: they have one, and it is not that nobody does.
    pub async fn has_password(&self, session: &Session) -> Result<bool, AdminError> {
        if !self.sign_in_ways().passwords {
            return Ok(false);
        }
        let account = fold_email(&session.administrator.email);
        let found = self.inner.store.administrator_by_email(&account).await.map_err(public)?;
        let found = found.filter(|found| found.administrator.id == session.administrator.id);
        Ok(found.is_some_and(|found| found.password_hash != DECOY))
    }

    /// What the page's script asks the browser for to add a passkey, as JSON.
    pub async fn asked_of_new_passkey(&self, session: &Session) -> Result<String, AdminError> {
        let Administrator { id, email, name, .. } = &session.administrator;
        let has = self.inner.store.passkeys(*id).await.map_err(public)?;
        let algorithms = ALGORITHMS.map(|algorithm| json!({ "type": "public-key", "alg": algorithm }));
        let asked = json!({
            "challenge": self.challenge(Ceremony::Add(session.id)).expose(),
            "rp": { "name": "Keydesk" },
            "user": { "id": URL_SAFE_NO_PAD.encode(id.0.as_bytes()), "name": email, "displayName": name },
            "pubKeyCredParams": algorithms,
            // One authenticator, one passkey.
            "excludeCredentials": named(&has),
            "authenticatorSelection": { "residentKey": "discouraged", "userVerification": "discouraged" },
            "attestation": "none",
            "timeout": TIMEOUT_MS,
        });
        Ok(asked.to_string())
    }

    fn passkey_asked(&self, passkeys: &[StoredPasskey], ceremony: Ceremony) -> Option<String> {
        if passkeys.is_empty() {
            return None;
        }
        let asked = json!({
            "challenge": self.challenge(ceremony).expose(),
            "allowCredentials": named(passkeys),
            "userVerification": "discouraged",
            "timeout": TIMEOUT_MS,
        });
        Some(asked.to_string())
    }
}

fn named(passkeys: &[StoredPasskey]) -> Vec<Value> {
    let ids = passkeys.iter().map(|of| URL_SAFE_NO_PAD.encode(&of.credential_id));
    ids.map(|id| json!({ "type": "public-key", "id": id })).collect()
}
