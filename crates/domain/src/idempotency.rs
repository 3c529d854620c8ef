use aws_lc_rs::digest;
use model::{Key, KeyError, PlainSecret};
use serde::{Deserialize, Serialize};
use store::{Change, StoredAnswer};
use zeroize::Zeroizing;

use crate::{Caller, Issued, Keydesk, failure, seal};

/// For how long an answer is kept, in milliseconds: 24 hours.
pub(crate) const KEPT_MS: i64 = 24 * 60 * 60 * 1000;

/// A caller's `Idempotency-Key` for a request that it may send again.
#[derive(Clone, Debug)]
pub struct Idempotency {
    /// As the caller sent it.
    pub key: String,
    /// The fingerprint of the request: the same key with another fingerprint is refused.
    pub fingerprint: [u8; 32],
}

/// SHA-256.
pub fn fingerprint(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    hash
}

/// The answer as it is sealed, since it holds a secret.
#[derive(Serialize, Deserialize)]
struct Answer<'a> {
    key: Key,
    secret: std::borrow::Cow<'a, str>,
}

fn associated(caller: &Caller, master_id: &str) -> Vec<u8> {
    let actor = serde_json::to_string(&caller.actor).unwrap_or_default();
    [b"keydesk/answer/1\0", caller.installation.0.as_bytes() as &[u8], actor.as_bytes(), b"\0", master_id.as_bytes()]
        .concat()
}

/// The database keeps a hash, because the `Idempotency-Key` itself is part of the key that opens the answer.
fn stored_key(idempotency: &Idempotency) -> String {
    fingerprint(idempotency.key.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Keydesk {
    /// The answer that the same request got within the last day, if any.
    pub(crate) async fn answered(
        &self,
        change: &mut Change,
        caller: &Caller,
        idempotency: &Idempotency,
    ) -> Result<Option<Issued>, KeyError> {
        let oldest = self.now().plus_millis(-KEPT_MS);
        let found = change
            .find_answer(caller.installation, &caller.actor, &stored_key(idempotency), oldest)
            .await
            .map_err(failure::public)?;
        let Some(stored) = found else { return Ok(None) };
        if stored.fingerprint != idempotency.fingerprint {
            return Err(KeyError::IdempotencyMismatch);
        }
        let opened =
            self.inner.keyring.answer_key(&stored.master_key_id, &idempotency.key).and_then(|key| {
                seal::open_bytes(&key, &associated(caller, &stored.master_key_id), &stored.sealed_answer)
            });
        let answer: Option<Answer<'_>> = opened.as_ref().and_then(|plain| serde_json::from_slice(plain).ok());
        let Some(answer) = answer else {
            tracing::error!("a kept answer does not open; is its master key still in the keyring?");
            return Err(KeyError::Unavailable);
        };
        Ok(Some(Issued { key: answer.key, secret: PlainSecret::new(answer.secret.into_owned()) }))
    }

    pub(crate) async fn keep_answer(
        &self,
        change: &mut Change,
        caller: &Caller,
        idempotency: &Idempotency,
        issued: &Issued,
    ) -> Result<(), KeyError> {
        let keyring = &self.inner.keyring;
        let master_key_id = keyring.master_id().to_owned();
        let answer = Answer { key: issued.key.clone(), secret: issued.secret.expose().into() };
        let plain = Zeroizing::new(serde_json::to_vec(&answer).unwrap_or_default());
        let sealed_answer = keyring
            .answer_key(&master_key_id, &idempotency.key)
            .and_then(|key| seal::seal_bytes(&key, &*self.inner.entropy, &associated(caller, &master_key_id), &plain))
            .ok_or(KeyError::Unavailable)?;
        let stored = StoredAnswer {
            installation: caller.installation,
            caller: serde_json::to_string(&caller.actor).unwrap_or_default(),
            idempotency_key: stored_key(idempotency),
            fingerprint: idempotency.fingerprint,
            master_key_id,
            sealed_answer,
        };
        change.keep_answer(&stored, self.now()).await.map_err(failure::public)
    }
}
