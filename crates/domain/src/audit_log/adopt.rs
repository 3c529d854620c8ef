use model::{Action, Actor, InstallationId, KeyError};
use serde_json::json;
use store::{HASH_LEN, StoreError};

use super::PAGE;
use crate::{
    Keydesk, Keyring, KeyringError, OpenError,
    audit::{AuditEvent, By, Log, chain},
    failure,
    turn::ONE,
};

/// A log that was never signed, read to its end.
#[derive(Clone, Copy)]
struct Unsigned {
    last: (i64, [u8; HASH_LEN]),
    broken_at: Option<i64>,
}

impl Keydesk {
    /// Makes sure, at a start and when the keyring was read again, that each audit log is signed, and signed under the first audit key of the keyring: an unsigned log
    /// is checked and its end signed, once; and a new key closes what the previous key has signed.
    pub(crate) async fn begin_audit(&self) -> Result<(), OpenError> {
        let (store, keyring) = (&self.inner.store, self.keyring());
        let keys = keyring.audit();
        let first = keys.first();
        let known = store.audit_keys().await?;
        let is_known = |id: &str| known.iter().any(|(known, _)| known == id);
        for installation in store.installations().await? {
            let (id, name) = (installation.id, installation.name.as_str());
            match store.audit_head(id).await? {
                None if first.adopts() => self.adopt(id, name).await?,
                None => tracing::error!(
                    installation = name,
                    "the signed end of the audit log is missing; run keydesk audit verify"
                ),
                Some(head) => match keys.get(&head.audit_key) {
                    None if is_known(&head.audit_key) => return Err(KeyringError::AuditMissing(head.audit_key).into()),
                    None => tracing::error!(
                        installation = name,
                        "the signed end of the audit log is wrong; run keydesk audit verify"
                    ),
                    // A key that was in use before is no new one: this keyring's lines are in an older order than another
                    // node's. Nor is one that follows from another master key: those are rotated one node after the other.
                    Some(key) if key.id != first.id && !first.is_derived() && !is_known(&first.id) => {
                        self.rotate_audit_key(id).await.map_err(OpenError::Audit)?;
                    }
                    Some(_) => {}
                },
            }
        }
        if !is_known(&first.id) {
            let mut change = store.change().await?;
            change.insert_audit_key(&first.id, &first.proof(), self.now()).await?;
            change.commit().await?;
        }
        if first.is_derived() {
            tracing::info!(
                audit_key = first.id,
                "the keyring has no audit key of its own, so one is derived from the master key; docs/operations.md says how to add one"
            );
        } else if first.adopts()
            && !self.inner.keyring_file.as_ref().is_some_and(|file| Keyring::note_adopted(file, &*self.inner.entropy))
        {
            tracing::warn!("the audit log is signed now: remove the word \"adopts\" from the keyring's audit line");
        }
        Ok(())
    }

    async fn adopt(&self, id: InstallationId, name: &str) -> Result<(), OpenError> {
        loop {
            let Some(found) = self.read_unsigned(id).await? else {
                tracing::error!(
                    installation = name,
                    "the audit log has signed entries, and its signed end is missing; run keydesk audit verify"
                );
                return Ok(());
            };
            if self.sign_unsigned(id, found).await.map_err(OpenError::Audit)? {
                let (entries, broken_at) = (found.last.0, found.broken_at);
                match broken_at {
                    None => tracing::info!(
                        installation = name,
                        entries,
                        "the audit log was checked, and is signed from here on"
                    ),
                    Some(broken_at) => tracing::warn!(
                        installation = name,
                        entries,
                        broken_at,
                        "the audit log is signed from here on, and was found broken: an entry was altered or removed before"
                    ),
                }
                return Ok(());
            }
        }
    }

    /// `None`: it has signed entries, or none at all.
    async fn read_unsigned(&self, id: InstallationId) -> Result<Option<Unsigned>, StoreError> {
        let mut found = Unsigned { last: (0, [0; HASH_LEN]), broken_at: None };
        loop {
            let page = self.inner.store.audit_after(id, found.last.0, PAGE).await?;
            if page.is_empty() {
                return Ok((found.last.0 > 0).then_some(found));
            }
            for entry in page {
                if entry.audit_key.is_some() {
                    return Ok(None);
                }
                let fits = entry.seq == found.last.0 + 1
                    && entry.previous_hash == found.last.1
                    && entry.hash == chain::hash_unsigned(id, &entry);
                if !fits {
                    found.broken_at = found.broken_at.or(Some(entry.seq));
                }
                found.last = (entry.seq, entry.hash);
            }
        }
    }

    /// False: the log has grown since it was read.
    async fn sign_unsigned(&self, id: InstallationId, found: Unsigned) -> Result<bool, KeyError> {
        self.change(ONE, move |this, mut change| async move {
            let end = change.audit_end(id).await.map_err(failure::public)?;
            if end.head.is_some() {
                // Another process was faster.
                return Ok(true);
            }
            if end.last != Some(found.last) {
                return Ok(false);
            }
            let (now, keyring) = (this.now(), this.keyring());
            let key = keyring.audit().first();
            let mut log = Log::unsigned(key, id, found.last);
            let detail = json!({
                "entries": found.last.0,
                "head": chain::hex(&found.last.1),
                "unbroken": found.broken_at.is_none(),
                "broken_at": found.broken_at,
            });
            log.append(
                &*this.inner.entropy,
                &By::from(Actor::System),
                now,
                &AuditEvent::of(Action::AuditAdopt, detail),
            );
            log.keep(&mut change, key, now).await?;
            this.commit(change).await?;
            Ok(true)
        })
        .await
    }

    /// The last entry under the previous key names the key that signs the end and all that follows.
    async fn rotate_audit_key(&self, id: InstallationId) -> Result<(), KeyError> {
        self.change(ONE, move |this, mut change| async move {
            let (now, keyring) = (this.now(), this.keyring());
            let keys = keyring.audit();
            let next = keys.first();
            let end = change.audit_end(id).await.map_err(failure::public)?;
            let mut log = Log::open(keys, id, &end, false)?;
            // Another process was faster; or the end is wrong, which the next change tells.
            if log.key.id == next.id || log.is_lost() {
                return Ok(());
            }
            let detail = json!({ "from": log.key.id, "to": next.id });
            let event = AuditEvent::of(Action::AuditKeyRotated, detail);
            log.append(&*this.inner.entropy, &By::from(Actor::System), now, &event);
            log.keep(&mut change, next, now).await?;
            this.commit(change).await
        })
        .await
    }
}
