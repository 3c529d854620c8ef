use std::collections::HashSet;

use model::{Action, BulkDeleted, InstallationId, Instant, KeyError, KeyId, KeyKind, Skipped};
use serde_json::json;
use store::{Change, Records};
use verify::Prepared;

use crate::{Caller, Keydesk, audit::AuditEvent, done::Done, failure, selection, turn::turn};

impl Keydesk {
    /// Deletes a key: it is refused from the moment this answers, and can be restored for 30 days.
    pub async fn delete(&self, caller: &Caller, id: KeyId, if_version: Option<i64>) -> Result<(), KeyError> {
        let mut outcome = self.delete_keys(caller, &[id], if_version).await?;
        match outcome.skipped.pop() {
            None => Ok(()),
            Some(skipped) if skipped.code == KeyError::DefaultKeyProtected.kind().code => {
                Err(KeyError::DefaultKeyProtected)
            }
            Some(_) => Err(KeyError::NotFound),
        }
    }

    /// Deletes many keys in one change. Those that can't be deleted are named and left as they are. A person has proved lately
    /// who they are.
    pub async fn bulk_delete(&self, caller: &Caller, ids: &[KeyId]) -> Result<BulkDeleted, KeyError> {
        if ids.len() > 1 {
            self.require_to_change(caller)?;
            caller.require_proof(self.now())?;
        }
        self.delete_keys(caller, ids, None).await
    }

    /// The tombstones of all secrets of the keys that `change` has deleted. Made from the records in memory
    /// where there are any: reading ten thousand from the database takes as long as deleting them. If another node has
    /// just changed such a key, its tombstone has an old name, but refuses all the same; restoring reads the key anew.
    async fn tombstones(
        &self,
        change: &mut Change,
        installation: InstallationId,
        keys: &[KeyId],
        now: Instant,
    ) -> Result<Vec<Prepared>, KeyError> {
        let verifier = &self.inner.verifier;
        let mut tombstones = Vec::with_capacity(keys.len());
        let mut unknown = Vec::new();
        for (key, digest, former) in change.digests_of_keys(installation, keys).await.map_err(failure::public)? {
            tombstones.extend(former.and_then(|former| verifier.tombstone(former, now, change.epoch())));
            match verifier.tombstone(digest, now, change.epoch()) {
                Some(tombstone) => tombstones.push(tombstone),
                None => unknown.push(key),
            }
        }
        unknown.dedup();
        let read = change.records_of_keys(installation, &unknown).await.map_err(failure::public)?;
        tombstones.extend(read.read.into_iter().flat_map(|stored| verifier.prepare(stored)));
        // Memory has nothing of them, and the database refuses them.
        verifier.apply(Records { unreadable: read.unreadable, ..Records::default() });
        Ok(tombstones)
    }

    async fn delete_keys(
        &self,
        caller: &Caller,
        ids: &[KeyId],
        if_version: Option<i64>,
    ) -> Result<BulkDeleted, KeyError> {
        let ids = ids.to_vec();
        self.change_in_turn_as(caller, turn(ids.len(), true), move |this, caller, mut change| async move {
            match this.done(&mut change, &caller).await? {
                None => {}
                Some(Done::Deleted(deleted)) => return Ok(deleted),
                Some(_) => return Err(KeyError::IdempotencyMismatch),
            }
            let (deleted, tombstones) = this.delete_in(&mut change, &caller, &ids, if_version).await?;
            if deleted.deleted.is_empty() {
                return Ok(deleted);
            }
            this.keep(&mut change, &caller, Done::Deleted(deleted.clone())).await?;
            this.commit_deletion(change, tombstones).await?;
            Ok(deleted)
        })
        .await
    }

    /// Deletes keys in a change, and returns their tombstones.
    pub(crate) async fn delete_in(
        &self,
        change: &mut Change,
        caller: &Caller,
        ids: &[KeyId],
        if_version: Option<i64>,
    ) -> Result<(BulkDeleted, Vec<Prepared>), KeyError> {
        let mut seen = HashSet::with_capacity(ids.len());
        let ids: Vec<KeyId> = ids.iter().copied().filter(|id| seen.insert(*id)).collect();
        let installation = caller.installation;
        let (ids, invisible) = selection::visible(change, caller, ids).await?;
        if let (Some(version), [id]) = (if_version, &ids[..])
            && let Some(key) = change.key(installation, *id).await.map_err(failure::public)?
            && key.kind() == KeyKind::Issued
            && key.life.deleted_at.is_none()
            && key.version() != version
        {
            return Err(KeyError::VersionMoved { current: key.version() });
        }
        let now = self.now();
        let done: HashSet<KeyId> =
            change.delete_keys(installation, &ids, now).await.map_err(failure::public)?.into_iter().collect();
        let (deleted, left): (Vec<KeyId>, Vec<KeyId>) = ids.into_iter().partition(|id| done.contains(id));
        let mut skipped = invisible;
        for id in left {
            let key = change.key(installation, id).await.map_err(failure::public)?;
            let reason = match key {
                Some(key) if key.kind() == KeyKind::Default => KeyError::DefaultKeyProtected,
                _ => KeyError::NotFound,
            };
            skipped.push(Skipped { id, code: reason.kind().code.to_owned() });
        }
        if deleted.is_empty() {
            return Ok((BulkDeleted { deleted, skipped }, Vec::new()));
        }
        let fewer = -i64::try_from(deleted.len()).unwrap_or(i64::MAX);
        change.count_keys(installation, fewer).await.map_err(failure::public)?;
        change.withdraw_handovers(installation, &deleted, now).await.map_err(failure::public)?;
        let events = deleted.iter().map(|id| AuditEvent::on_key(Action::KeyDelete, *id, json!({}))).collect();
        self.write_audit(change, installation, caller, now, events).await?;
        let tombstones = self.tombstones(change, installation, &deleted, now).await?;
        Ok((BulkDeleted { deleted, skipped }, tombstones))
    }

    /// Commits a deletion, and puts it into memory before the answer.
    pub(crate) async fn commit_deletion(&self, change: Change, tombstones: Vec<Prepared>) -> Result<(), KeyError> {
        self.commit(change).await?;
        self.inner.verifier.put(tombstones);
        Ok(())
    }
}
