use std::collections::HashMap;

use model::{Action, Actor, InstallationId, Instant, KeyError, KeyId};
use serde_json::{Value, json};
use store::Change;

use super::revoked::{Revocation, RevokedSince};
use crate::{Installation, Keydesk, audit::AuditEvent, failure, turn::ALONE};

/// What was done in a database that was restored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// Sessions that ended.
    pub sessions: u64,
    /// Hand-over links that were withdrawn.
    pub handovers: u64,
    /// Invitations and links for new passwords that were withdrawn.
    pub account_links: u64,
    /// Kept answers that were dropped.
    pub answers: u64,
    /// Revocations that were made again.
    pub revoked: u64,
}

/// What is known of how a database was restored.
#[derive(Default)]
pub(super) struct Known {
    /// The name of the backup.
    pub(super) file: Option<String>,
    /// Audit entries of each installation that the backup does not have. Empty: unknown.
    pub(super) entries: HashMap<InstallationId, i64>,
    /// What is to be revoked again.
    pub(super) again: Vec<RevokedSince>,
    /// The epoch that every node may have seen.
    pub(super) epoch: i64,
}

impl Keydesk {
    /// Makes a restored database fit for use, in one change with its audit entries. What let somebody in at the time of the
    /// backup must not do so now: sessions end, open links are withdrawn, kept answers dropped.
    pub(super) async fn clean(&self, known: Known) -> Result<Cleaned, KeyError> {
        self.inner.store.raise_epoch(known.epoch).await.map_err(failure::public)?;
        let installations = self.installations().await?;
        self.change(ALONE, |this, mut change| async move {
            let now = this.now();
            let mut cleaned = Cleaned {
                sessions: change.end_all_sessions().await.map_err(failure::public)?,
                handovers: change.withdraw_all_handovers(now).await.map_err(failure::public)?,
                account_links: change.withdraw_all_account_links().await.map_err(failure::public)?,
                answers: change.drop_answers().await.map_err(failure::public)?,
                revoked: 0,
            };
            // One that was made before the backup, and ended since, must not open again.
            change.end_set_up_links().await.map_err(failure::public)?;
            for installation in &installations {
                let own = known.again.iter().filter(|one| one.installation_id == installation.id);
                let revoked = this.revoke_again(&mut change, installation, own, now).await?;
                let detail = json!({
                    "file": known.file,
                    "done": ["sessions_ended", "links_withdrawn", "answers_dropped"],
                    "entries_lost": known.entries.get(&installation.id),
                    "revoked_again": revoked.len(),
                });
                cleaned.revoked += revoked.len() as u64;
                let mut events = vec![AuditEvent::of(Action::BackupRestore, detail)];
                events.extend(revoked);
                this.write_audit(&mut change, installation.id, Actor::Operator, now, events).await?;
            }
            this.commit(change).await?;
            Ok(cleaned)
        })
        .await
    }

    /// Makes revocations again that were made since. Also where the module is off: it is the operator who asks.
    async fn revoke_again(
        &self,
        change: &mut Change,
        installation: &Installation,
        revoked: impl Iterator<Item = &RevokedSince>,
        now: Instant,
    ) -> Result<Vec<AuditEvent>, KeyError> {
        let mut by_kind: [Vec<KeyId>; 2] = Default::default();
        let mut events = Vec::new();
        for one in revoked {
            match one.how {
                Revocation::Deleted => by_kind[0].push(one.key_id),
                Revocation::Disabled => by_kind[1].push(one.key_id),
                Revocation::Rotated => events.extend(self.rotate_again(change, installation, one, now).await?),
                Revocation::OverlapEnded => {
                    let ended = change.end_overlap(installation.id, one.key_id, now).await.map_err(failure::public)?;
                    events.extend((ended > 0).then(|| again(Action::KeyEndOverlap, one.key_id, json!({}))));
                }
            }
        }
        let [delete, disable] = by_kind;
        let deleted = change.delete_keys(installation.id, &delete, now).await.map_err(failure::public)?;
        let fewer = -i64::try_from(deleted.len()).unwrap_or(i64::MAX);
        change.count_keys(installation.id, fewer).await.map_err(failure::public)?;
        let disabled = change.switch_keys(installation.id, &disable, false, now).await.map_err(failure::public)?;
        events.extend(deleted.into_iter().map(|id| again(Action::KeyDelete, id, json!({}))));
        events.extend(disabled.into_iter().map(|id| again(Action::KeyDisable, id, json!({}))));
        Ok(events)
    }

    /// Nobody has the secret that this makes: who may, reveals it, or rotates the key again. What matters is that the secret
    /// in the backup ends when it was to end.
    async fn rotate_again(
        &self,
        change: &mut Change,
        installation: &Installation,
        one: &RevokedSince,
        now: Instant,
    ) -> Result<Option<AuditEvent>, KeyError> {
        let found = change.key(installation.id, one.key_id).await.map_err(failure::public)?;
        let Some(before) = found.map(|key| key.at(now)) else { return Ok(None) };
        let (_, new) = self.build_secret(installation, one.key_id, before.environment, now)?;
        let end = one.ends.max(now);
        let done = change.rotate_key(installation.id, one.key_id, &new, end, now).await.map_err(failure::public)?;
        let overlap = (end.as_millis() - now.as_millis()) / 1_000;
        let detail = json!({ "from": before.hint, "to": new.hint, "overlap_seconds": overlap });
        Ok(done.then(|| again(Action::KeyRotate, one.key_id, detail)))
    }
}

fn again(action: Action, key: KeyId, mut detail: Value) -> AuditEvent {
    detail["after_restore"] = json!(true);
    AuditEvent::on_key(action, key, detail)
}
