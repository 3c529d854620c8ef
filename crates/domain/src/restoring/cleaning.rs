use std::collections::HashMap;

use model::{Action, Actor, AdminError, InstallationId, Instant, KeyError, KeyId, KeySettings, PlainSecret};
use serde_json::json;
use store::{Change, StoredAdministrator};

use super::revoked::{Again, RevokedSince};
use crate::{
    Installation, Keydesk,
    account::keep_an_owner,
    audit::{AuditEvent, chain},
    failure, settings_audit,
    turn::ALONE,
};

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
    /// Those that were not: an installation would have no owner who can sign in.
    pub not_revoked: u64,
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
    /// What was found wrong with the backup, and was restored all the same.
    pub(super) altered: Vec<String>,
}

impl Keydesk {
    /// Makes a restored database fit for use, in one change with its audit entries. What let somebody in at the time of the
    /// backup must not do so now: sessions end, open links are withdrawn, kept answers dropped.
    pub(super) async fn clean(&self, known: Known) -> Result<Cleaned, KeyError> {
        self.inner.store.raise_epoch(known.epoch).await.map_err(failure::public)?;
        let installations = self.installations().await?;
        let unusable = self.unusable_password().await?;
        self.change(ALONE, |this, mut change| async move {
            let now = this.now();
            let mut cleaned = Cleaned {
                sessions: change.end_all_sessions().await.map_err(failure::public)?,
                handovers: change.withdraw_all_handovers(now).await.map_err(failure::public)?,
                account_links: change.withdraw_all_account_links().await.map_err(failure::public)?,
                answers: change.drop_answers().await.map_err(failure::public)?,
                revoked: 0,
                not_revoked: 0,
            };
            // One that was made before the backup, and ended since, must not open again.
            change.end_set_up_links().await.map_err(failure::public)?;
            for installation in &installations {
                let own = known.again.iter().filter(|one| one.installation_id == installation.id);
                let (revoked, not_made) = this.revoke_again(&mut change, installation, own, &unusable, now).await?;
                let detail = json!({
                    "file": known.file,
                    "done": ["sessions_ended", "links_withdrawn", "answers_dropped"],
                    "entries_lost": known.entries.get(&installation.id),
                    "revoked_again": revoked.len(),
                    "altered": !known.altered.is_empty(),
                });
                cleaned.not_revoked += not_made;
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

    /// Repeats the revocations made since the backup, even where the module is off, because the operator asks. Returns
    /// their entries, and how many were not repeated.
    async fn revoke_again(
        &self,
        change: &mut Change,
        installation: &Installation,
        revoked: impl Iterator<Item = &RevokedSince>,
        unusable: &str,
        now: Instant,
    ) -> Result<(Vec<AuditEvent>, u64), KeyError> {
        let place = installation.id;
        let (mut delete, mut disable) = (Vec::new(), Vec::new());
        let (mut events, mut not_made) = (Vec::new(), 0);
        for one in revoked {
            let made = match &one.again {
                Again::Delete(key) => {
                    delete.push(*key);
                    continue;
                }
                Again::Disable(key) => {
                    disable.push(*key);
                    continue;
                }
                Again::ByHand => continue,
                Again::Rotate(key, end) => self.rotate_again(change, installation, *key, *end, now).await?,
                Again::EndOverlap(key) => {
                    let ended = change.end_overlap(place, *key, now).await.map_err(failure::public)?;
                    (ended > 0).then(|| again(AuditEvent::on_key(Action::KeyEndOverlap, *key, json!({}))))
                }
                Again::Narrow(key, settings) => narrow_again(change, place, *key, settings, now).await?,
                Again::DisableInstallation => {
                    let done = change.switch_module(place, Some(now)).await.map_err(failure::public)?;
                    done.then(|| again(AuditEvent::of(Action::InstallationDisable, json!({}))))
                }
                Again::RemoveAdministrator(id)
                | Again::DisableAdministrator(id)
                | Again::SetRole(id, _)
                | Again::EndPassword(id) => {
                    let found = change.administrator(place, *id).await.map_err(failure::public)?;
                    let Some(person) = found else { continue };
                    if is_last_owner(change, &person, &one.again).await? {
                        not_made += 1;
                        continue;
                    }
                    person_again(change, &person, &one.again, unusable, now).await?
                }
            };
            // A secret that has expired meanwhile needs nothing.
            events.extend(made);
        }
        let deleted = change.delete_keys(place, &delete, now).await.map_err(failure::public)?;
        let fewer = -i64::try_from(deleted.len()).unwrap_or(i64::MAX);
        change.count_keys(place, fewer).await.map_err(failure::public)?;
        let disabled = change.switch_keys(place, &disable, false, now).await.map_err(failure::public)?;
        let on_keys =
            |action, ids: Vec<KeyId>| ids.into_iter().map(move |id| again(AuditEvent::on_key(action, id, json!({}))));
        events.extend(on_keys(Action::KeyDelete, deleted));
        events.extend(on_keys(Action::KeyDisable, disabled));
        Ok((events, not_made))
    }

    /// Nobody has the new secret: whoever is allowed to reveals it or rotates the key again. What matters is that the secret
    /// in the backup ends when it was to end.
    async fn rotate_again(
        &self,
        change: &mut Change,
        installation: &Installation,
        id: KeyId,
        end: Instant,
        now: Instant,
    ) -> Result<Option<AuditEvent>, KeyError> {
        let found = change.key(installation.id, id).await.map_err(failure::public)?;
        let Some(before) = found.map(|key| key.at(now)) else { return Ok(None) };
        let (_, new) = self.build_secret(installation, id, before.environment, now)?;
        let end = end.max(now);
        let done = change.rotate_key(installation.id, id, &new, end, now).await.map_err(failure::public)?;
        let overlap = (end.as_millis() - now.as_millis()) / 1_000;
        let detail = json!({ "from": before.hint, "to": new.hint, "overlap_seconds": overlap });
        Ok(done.then(|| again(AuditEvent::on_key(Action::KeyRotate, id, detail))))
    }

    /// The hash of a password that nobody knows.
    async fn unusable_password(&self) -> Result<String, KeyError> {
        let mut random = [0; 32];
        self.inner.entropy.fill(&mut random);
        let hash = self.hash_password(PlainSecret::new(chain::hex(&random)), Vec::new()).await;
        hash.map_err(|_| KeyError::Unavailable)
    }
}

async fn narrow_again(
    change: &mut Change,
    installation: InstallationId,
    id: KeyId,
    to: &KeySettings,
    now: Instant,
) -> Result<Option<AuditEvent>, KeyError> {
    let Some(before) = change.key(installation, id).await.map_err(failure::public)? else { return Ok(None) };
    let event = settings_audit::changed(id, before.settings(), to);
    let done = change.update_key(installation, id, to, now).await.map_err(failure::public)?;
    Ok(done.then(|| again(event)))
}

/// Whether this would take the last owner who can sign in from an installation. Whoever loses a password can get a link for a new
/// one.
async fn is_last_owner(change: &mut Change, person: &StoredAdministrator, what: &Again) -> Result<bool, KeyError> {
    match keep_an_owner(change, person).await {
        Ok(()) => Ok(false),
        Err(AdminError::LastOwner) => Ok(!matches!(what, Again::EndPassword(_))),
        Err(_) => Err(KeyError::Unavailable),
    }
}

async fn person_again(
    change: &mut Change,
    person: &StoredAdministrator,
    what: &Again,
    unusable: &str,
    now: Instant,
) -> Result<Option<AuditEvent>, KeyError> {
    let (place, id) = (person.installation, person.administrator.id);
    let (done, action, detail) = match what {
        Again::RemoveAdministrator(_) => {
            let done = change.remove_administrator(place, id).await;
            (done, Action::AdministratorRemove, json!({ "id": id }))
        }
        Again::DisableAdministrator(_) => {
            let done = change.set_disabled(place, id, Some(now)).await;
            (done, Action::AdministratorDisable, json!({ "id": id, "sessions_ended": 0 }))
        }
        Again::SetRole(_, role) => {
            let detail = json!({ "id": id, "from": person.administrator.role, "to": role });
            (change.set_role(place, id, *role).await, Action::AdministratorSetRole, detail)
        }
        _ => {
            let done = change.set_password(place, id, unusable).await;
            (done, Action::AdministratorChangePassword, json!({ "id": id, "by": "restore", "sessions_ended": 0 }))
        }
    };
    Ok(done.map_err(failure::public)?.then(|| again(AuditEvent::of(action, detail))))
}

fn again(mut event: AuditEvent) -> AuditEvent {
    event.detail["after_restore"] = json!(true);
    event
}
