//! Secrets follow a keyring that got newer keys: those with a sealed copy in the background, the others when they are used next. So do
//! secrets that were imported as a hash: they get a digest of their own when they are used first.
//!
//! Each batch is a change of its own, so that revocations come in between, and leaves alone what another node was faster with.

use std::{collections::BTreeMap, sync::PoisonError, time::Duration};

use model::{InstallationId, KeyError, KeyId, SecretId};
use store::{KeyringUse, KnownKey, NewCopy, NewDigest};
use tokio::{sync::watch, time};
use uuid::Uuid;
use verify::UsedSecret;

use crate::{
    Keydesk, Keyring, failure,
    prove_keyring::{KINDS, find, resting},
    seal,
    turn::ALONE,
};

/// Secrets in one change: others wait for it no longer than for one of their own kind.
const BATCH: usize = 200;
/// Between two batches others get the writer, for far longer than a batch takes.
const BETWEEN: Duration = Duration::from_millis(50);
/// Between two looks while the keyring has older keys: nodes that have not read it yet go on using those.
const AGAIN: Duration = Duration::from_secs(60);
/// Between two looks while it has none.
const SELDOM: Duration = Duration::from_secs(60 * 60);

/// A batch of secrets that were looked at.
#[derive(Clone, Copy, Debug)]
pub struct RenewedBatch {
    /// The last of them.
    pub last: SecretId,
    /// How many got another digest.
    pub digests: usize,
    /// How many got another sealed copy.
    pub copies: u64,
    /// How many sealed copies did not open.
    pub unopened: usize,
}

impl Keydesk {
    /// Moves sealed secrets to the newest keys of the keyring for as long as there are any that rest on older ones, and counts what
    /// rests on which. Stops only between two batches.
    pub(crate) async fn renew_secrets_until(self, mut stop: watch::Receiver<bool>) {
        let (mut after, mut moved, mut unopened) = (SecretId(Uuid::nil()), 0, 0);
        let (mut wait, mut said, mut told) = (Duration::ZERO, Vec::new(), 0);
        loop {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = self.inner.keyring_moved.notified() => after = SecretId(Uuid::nil()),
                () = time::sleep(wait) => {}
            }
            wait = match self.renew_batch(after).await {
                Ok(Some(batch)) => {
                    after = batch.last;
                    moved += batch.digests as u64 + batch.copies;
                    unopened += batch.unopened;
                    BETWEEN
                }
                Ok(None) => {
                    if moved > 0 {
                        tracing::info!(moved, "sealed secrets rest on the newest keys of the keyring now");
                    }
                    if unopened > 0 && unopened != told {
                        tracing::error!(
                            unopened,
                            "sealed copies do not open, and stay as they are; are their master keys in the keyring?"
                        );
                    }
                    told = unopened;
                    (after, moved, unopened) = (SecretId(Uuid::nil()), 0, 0);
                    self.renew_webhooks().await;
                    self.renew_apps().await;
                    self.count_keyring_uses(&mut said).await;
                    if self.keyring().has_no_older() { SELDOM } else { AGAIN }
                }
                Err(error) => {
                    tracing::warn!(%error, "secrets could not be moved to the newest keys of the keyring; trying again");
                    AGAIN
                }
            };
        }
    }

    /// Moves up to 200 sealed secrets after this one. `None`: there was none.
    pub async fn renew_batch(&self, after: SecretId) -> Result<Option<RenewedBatch>, KeyError> {
        let keyring = self.keyring();
        if keyring.has_no_older() {
            return Ok(None);
        }
        let store = &self.inner.store;
        let known = store.known_keys().await.map_err(failure::public)?;
        let [peppers, masters] = KINDS.map(|kind| not_older(&known, kind, keyring.newest(kind)));
        let limit = i64::try_from(BATCH).unwrap_or(i64::MAX);
        let found = store.secrets_to_renew(&peppers, &masters, after, limit).await.map_err(failure::public)?;
        let Some((last, _)) = found.last() else { return Ok(None) };
        let mut batch = RenewedBatch { last: last.secret, digests: 0, copies: 0, unopened: 0 };
        let (mut digests, mut copies) = (Vec::new(), Vec::new());
        for (sealed, pepper_id) in found {
            let row = seal::Row { installation: sealed.installation, key: sealed.key, secret: sealed.secret };
            let Some(secret) = seal::open(&keyring, row, &sealed.copy) else {
                batch.unopened += 1;
                continue;
            };
            if !peppers.contains(&pepper_id) {
                digests.push(NewDigest {
                    installation: sealed.installation,
                    key: sealed.key,
                    secret: sealed.secret,
                    was: sealed.digest,
                    digest: keyring.peppers().digest(secret.expose()),
                    pepper_id: keyring.peppers().id().to_owned(),
                    forms: keyring.peppers().forms(secret.expose()),
                });
            }
            if !masters.contains(&sealed.copy.master_key_id) {
                let copy = seal::seal(&keyring, &*self.inner.entropy, row, &secret).ok_or(KeyError::Unavailable)?;
                copies.push(NewCopy { secret: sealed.secret, was: sealed.copy.wrapped_key, copy });
            }
        }
        (batch.digests, batch.copies) = self.renew(digests, copies).await?;
        Ok(Some(batch))
    }

    /// Gives secrets that were used since their own digest under the newest pepper. One whose digest can't be written now gets it at its next use.
    pub(crate) async fn renew_used_secrets(&self) {
        let used = self.verifier().take_used_secrets();
        if used.is_empty() || self.inner.store.is_read_only() {
            return;
        }
        if let Err(error) = self.renew_these(used).await {
            tracing::warn!(%error, "secrets that were used could not be moved to the newest pepper; they are when they are used next");
        }
    }

    async fn renew_these(&self, used: Vec<UsedSecret>) -> Result<(), KeyError> {
        let keyring = self.keyring();
        let known = self.inner.store.known_keys().await.map_err(failure::public)?;
        let newest = keyring.peppers().id();
        // A node whose first pepper is older than another node's never takes a secret back to it.
        let stay = not_older(&known, "pepper", newest);
        // One that was known by a hash gets a digest of its own, also under the same pepper.
        let moves = |used: &UsedSecret| !stay.contains(&used.was_under) || (used.given && used.was_under == newest);
        let were_given = used.iter().any(|used| used.given);
        let due = used.into_iter().filter(|used| used.under == newest && moves(used));
        let due: Vec<NewDigest> = due
            .map(|used| NewDigest {
                installation: used.installation,
                key: used.key,
                secret: used.secret,
                was: used.was,
                digest: used.digest,
                pepper_id: used.under,
                forms: used.forms,
            })
            .collect();
        for batch in due.chunks(BATCH) {
            self.renew(batch.to_vec(), Vec::new()).await?;
        }
        if were_given {
            self.verifier().read_imported().await.map_err(failure::public)?;
        }
        Ok(())
    }

    /// One change. Returns how many secrets got another digest, and how many another copy.
    async fn renew(&self, digests: Vec<NewDigest>, copies: Vec<NewCopy>) -> Result<(usize, u64), KeyError> {
        if digests.is_empty() && copies.is_empty() {
            return Ok((0, 0));
        }
        self.change(ALONE, move |this, mut change| async move {
            let moved = change.renew_digests(&digests).await.map_err(failure::public)?;
            let copied = change.renew_copies(&copies).await.map_err(failure::public)?;
            if moved.is_empty() && copied == 0 {
                // Another node was faster with all of them.
                return Ok((0, 0));
            }
            let mut of_installation = BTreeMap::<InstallationId, Vec<KeyId>>::new();
            for new in digests.iter().filter(|new| moved.contains(&new.key)) {
                of_installation.entry(new.installation).or_default().push(new.key);
            }
            let mut records = Vec::with_capacity(of_installation.len());
            for (installation, keys) in of_installation {
                records.push(change.records_of_keys(installation, &keys).await.map_err(failure::public)?);
            }
            this.commit(change).await?;
            records.into_iter().for_each(|records| this.verifier().apply(records));
            Ok((moved.len(), copied))
        })
        .await
    }

    /// Counts what rests on which key of the keyring, and tells once what is wrong with this node's.
    async fn count_keyring_uses(&self, said: &mut Vec<String>) {
        let (uses, known) = match (self.inner.store.keyring_uses(self.now()).await, self.inner.store.known_keys().await)
        {
            (Ok(uses), Ok(known)) => (uses, known),
            (Err(error), _) | (_, Err(error)) => {
                return tracing::warn!(%error, "what rests on the keyring could not be counted");
            }
        };
        let keyring = self.keyring();
        let faults = faults(&keyring, &uses, &known);
        faults.iter().filter(|fault| !said.contains(fault)).for_each(|fault| tracing::error!("{fault}"));
        *said = faults;
        *self.inner.keyring_uses.lock().unwrap_or_else(PoisonError::into_inner) = uses;
    }

    /// What rests on which pepper and master key, as it was counted last: at the start, while secrets move, and hourly. Those of the
    /// keyring on which nothing rests are there, too.
    pub fn keyring_uses(&self) -> Vec<KeyringUse> {
        let mut uses = self.inner.keyring_uses.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let keyring = self.keyring();
        for kind in KINDS {
            for id in keyring.ids(kind) {
                let secrets = |of: &KeyringUse| of.kind == kind && of.id == id && of.what == "secrets";
                if !uses.iter().any(secrets) {
                    let (kind, id, what) = (kind.to_owned(), id.to_owned(), "secrets".to_owned());
                    uses.push(KeyringUse { kind, id, what, count: 0 });
                }
            }
        }
        uses
    }
}

/// The ids of a kind that did not come before this one. What rests on them stays.
fn not_older(known: &[KnownKey], kind: &str, first: &str) -> Vec<String> {
    let mut ids = vec![first.to_owned()];
    if let Some(since) = find(known, kind, first).map(|first| first.since) {
        let later = known.iter().filter(|known| known.kind == kind && known.since >= since && known.id != first);
        ids.extend(later.map(|known| known.id.clone()));
    }
    ids
}

/// What a keyring lacks that others have, or that is needed; and what it still uses though it was given up.
fn faults(keyring: &Keyring, uses: &[KeyringUse], known: &[KnownKey]) -> Vec<String> {
    let mut faults = Vec::new();
    for kind in KINDS {
        let first = keyring.newest(kind);
        let own = find(known, kind, first);
        if own.is_some_and(|own| own.retired_at.is_some()) {
            faults.push(format!(
                "the {kind} key {first} was retired, and this node still uses it for what is new: give it the keyring of the others"
            ));
        }
        let newer = |known: &&KnownKey| own.is_none_or(|own| known.since > own.since);
        let lacking =
            |known: &&KnownKey| known.kind == kind && known.retired_at.is_none() && !keyring.has(kind, &known.id);
        for known in known.iter().filter(lacking).filter(newer) {
            faults.push(format!(
                "this node's keyring lacks the {kind} key {}, which another node has: what that makes with it is refused here; give this \
                 node the same keyring",
                known.id
            ));
        }
    }
    let lost = uses.iter().filter(|of| of.what == "secrets" && !keyring.has(&of.kind, &of.id));
    faults.extend(lost.map(|of| {
        let (kind, id) = (&of.kind, &of.id);
        format!(
            "{} on the {kind} key {id}, which this keyring lacks: put its line back, or rotate those keys",
            resting(of)
        )
    }));
    faults
}
