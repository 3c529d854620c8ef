use std::borrow::Cow;

use model::{Key, KeyError, KeyStatus, KeyUnavailable, PlainSecret, SecretId};
use serde::{Deserialize, Serialize};
use store::{Change, StoredAnswer, StoredKey, StoredRecord};
use zeroize::Zeroizing;

use crate::{
    Answered, Caller, Installation, Issued, Keydesk,
    audit::actor_text,
    done::{Done, Stored},
    failure,
    request::{Idempotency, KEPT_MS, Once, fingerprint},
    seal,
};

/// The answer as it is sealed, since it may hold a secret.
#[derive(Serialize, Deserialize)]
pub(crate) struct Answer<'a> {
    key: Key,
    /// Absent where the installation shows a secret once.
    #[serde(default)]
    secret: Option<Cow<'a, str>>,
    /// Absent where the release before this one kept the answer.
    #[serde(default)]
    secret_id: Option<SecretId>,
}

/// What is kept of an answer.
pub(crate) struct Kept<'a> {
    pub(crate) installation: &'a Installation,
    pub(crate) issued: &'a Issued,
    /// The id of the secret in it.
    pub(crate) secret: SecretId,
}

fn associated(caller: &Caller, master_id: &str) -> Vec<u8> {
    let actor = actor_text(caller.actor);
    [b"keydesk/answer/1\0", caller.installation.0.as_bytes() as &[u8], actor.as_bytes(), b"\0", master_id.as_bytes()]
        .concat()
}

/// The database keeps a hash, because the `Idempotency-Key` itself is part of the key that opens the answer.
fn stored_key(key: &str) -> String {
    fingerprint(key.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Keydesk {
    /// What is kept under a caller's `Idempotency-Key`, opened; `None`: nothing since `oldest_ms` ago. Without a
    /// `fingerprint` the request may be any.
    pub(crate) async fn find_kept(
        &self,
        change: &mut Change,
        caller: &Caller,
        key: &str,
        fingerprint: Option<&[u8; 32]>,
        oldest_ms: i64,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, KeyError> {
        let oldest = self.now().plus_millis(-oldest_ms);
        let found = change
            .find_answer(caller.installation, &caller.actor, &stored_key(key), oldest)
            .await
            .map_err(failure::public)?;
        let Some(stored) = found else { return Ok(None) };
        if fingerprint.is_some_and(|fingerprint| stored.fingerprint != *fingerprint) {
            return Err(KeyError::IdempotencyMismatch);
        }
        let opened = self
            .keyring()
            .answer_key(&stored.master_key_id, key)
            .and_then(|key| seal::open_bytes(&key, &associated(caller, &stored.master_key_id), &stored.sealed_answer));
        opened.map(Some).ok_or_else(unreadable)
    }

    /// Keeps an answer, sealed, in the same transaction as the change that it is of.
    pub(crate) async fn keep_sealed(
        &self,
        change: &mut Change,
        caller: &Caller,
        idempotency: &Idempotency,
        answer: &impl Serialize,
    ) -> Result<(), KeyError> {
        let keyring = self.keyring();
        let master_key_id = keyring.master_id().to_owned();
        let plain = serde_json::to_vec(answer).map(Zeroizing::new).map_err(|_| KeyError::Unavailable)?;
        let sealed_answer = keyring
            .answer_key(&master_key_id, &idempotency.key)
            .and_then(|key| seal::seal_bytes(&key, &*self.inner.entropy, &associated(caller, &master_key_id), &plain))
            .ok_or(KeyError::Unavailable)?;
        let stored = StoredAnswer {
            installation: caller.installation,
            caller: actor_text(caller.actor),
            idempotency_key: stored_key(&idempotency.key),
            fingerprint: idempotency.fingerprint,
            master_key_id,
            sealed_answer,
        };
        change.keep_answer(&stored, self.now()).await.map_err(failure::public)
    }

    /// The answer that the same request got within the last day, if any. A secret is told again only while it works, and
    /// only where the installation keeps secrets at all.
    pub(crate) async fn answered(
        &self,
        change: &mut Change,
        caller: &Caller,
        installation: &Installation,
    ) -> Result<Option<Answered>, KeyError> {
        let Some(Once { idempotency, .. }) = &caller.once else { return Ok(None) };
        let found = self.find_kept(change, caller, &idempotency.key, Some(&idempotency.fingerprint), KEPT_MS).await?;
        match found {
            None => Ok(None),
            Some(plain) => match read(&plain)? {
                Read::Issued(answer) => self.answered_again(change, caller, installation, *answer).await.map(Some),
                Read::Done(Done::Recalled) => Err(KeyError::Recalled),
                Read::Done(_) => Err(KeyError::IdempotencyMismatch),
            },
        }
    }

    /// The answer as it may be told now.
    pub(crate) async fn answered_again(
        &self,
        change: &mut Change,
        caller: &Caller,
        installation: &Installation,
        answer: Answer<'_>,
    ) -> Result<Answered, KeyError> {
        let Answer { mut key, secret, secret_id } = answer;
        let secret = secret.map(|text| PlainSecret::new(text.into_owned()));
        let current = self.with_life_of_now(change, caller, &mut key).await?;
        let now = self.now();
        let records = change.records_of_key(caller.installation, key.id).await.map_err(failure::public)?;
        let own = |record: &&StoredRecord| match (secret_id, &secret) {
            (Some(id), _) => record.secret == id,
            (None, Some(secret)) => {
                let keyring = self.keyring();
                let peppers = keyring.peppers();
                let text = secret.expose();
                record.digest == peppers.digest(text) || peppers.older_digests(text).any(|old| record.digest == old)
            }
            (None, None) => false,
        };
        let lasts = records.iter().find(own).is_some_and(|own| own.secret_expires_at.is_none_or(|end| end > now));
        let works = lasts && !matches!(key.status, KeyStatus::Revoked | KeyStatus::Expired);
        let secret = match secret {
            _ if !works => Err(KeyUnavailable::Ended),
            Some(secret) if installation.recoverable => Ok(secret),
            _ => Err(KeyUnavailable::ShowOnce),
        };
        // Whoever may not have the key as it is now does not get its secret again either.
        if let (Ok(_), Some(current)) = (&secret, &current) {
            caller.require_secret(current)?;
        }
        Ok(Answered { key, secret, replayed: true })
    }

    /// Says of a key of an earlier answer whether it works now. Returns the key as it is, if it is still there.
    pub(crate) async fn with_life_of_now(
        &self,
        change: &mut Change,
        caller: &Caller,
        key: &mut Key,
    ) -> Result<Option<StoredKey>, KeyError> {
        let current = change.key(caller.installation, key.id).await.map_err(failure::public)?;
        if let Some(StoredKey { life, .. }) = &current {
            (key.status, key.deleted_at) = (life.status(self.now()), life.deleted_at);
            key.settings.enabled = life.disabled_at.is_none();
        } else {
            // It was deleted, and purged since.
            key.status = KeyStatus::Revoked;
        }
        Ok(current)
    }

    /// Keeps the answer with a new secret for whoever sends the same request again: with its secret, unless the
    /// installation shows it once.
    pub(crate) async fn keep_answer(
        &self,
        change: &mut Change,
        caller: &Caller,
        kept: Kept<'_>,
    ) -> Result<(), KeyError> {
        let Some(Once { idempotency, .. }) = &caller.once else { return Ok(()) };
        let secret = kept.installation.recoverable.then(|| kept.issued.secret.expose().into());
        let answer = Answer { key: kept.issued.key.clone(), secret, secret_id: Some(kept.secret) };
        self.keep_sealed(change, caller, idempotency, &answer).await
    }
}

/// A kept answer, read.
pub(crate) enum Read<'a> {
    /// Of a request that made a secret.
    Issued(Box<Answer<'a>>),
    /// Of any other.
    Done(Done),
}

pub(crate) fn read(plain: &[u8]) -> Result<Read<'_>, KeyError> {
    if let Ok(answer) = serde_json::from_slice(plain) {
        return Ok(Read::Issued(Box::new(answer)));
    }
    serde_json::from_slice(plain).map(|Stored { done }| Read::Done(done)).map_err(|_| unreadable())
}

fn unreadable() -> KeyError {
    tracing::error!("a kept answer does not open; is its master key still in the keyring?");
    KeyError::Unavailable
}
