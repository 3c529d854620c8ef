use model::{Action, ClaimKind, InstallationId, KeyError, KeyId};
use serde_json::json;
use store::{Change, StoredCeiling, StoredClaim, StoredRecord, Turn};
use verify::Prepared as Tombstone;

use super::{
    ApplyError, Planned, Prepared, StepAction,
    planning::{Act, Item, require_operator},
};
use crate::{
    Caller, Keydesk,
    audit::{AuditEvent, chain::hex},
    failure,
    update::editable,
};

/// Most routes that an audit entry names.
const NAMED: usize = 100;

/// What memory has to learn once the change is committed.
#[derive(Default)]
struct Learned {
    new: Vec<StoredRecord>,
    changed: Vec<KeyId>,
    tombstones: Vec<Tombstone>,
    ceilings: Vec<StoredCeiling>,
    installation: bool,
    webhooks: bool,
}

impl Keydesk {
    /// Carries a plan out, in one change: all of it, or nothing. `digest` is that of the file's text, for the audit log.
    pub async fn apply_file(&self, caller: &Caller, prepared: Prepared, digest: [u8; 32]) -> Result<(), ApplyError> {
        require_operator(caller)?;
        if prepared.planned.items.is_empty() {
            return Ok(());
        }
        let (caller, installation) = (caller.clone(), caller.installation);
        let made: Vec<String> = prepared.secrets().into_iter().map(|made| made.id).collect();
        let revokes = prepared.planned.plan.count(StepAction::Remove) > 0;
        let turn = Turn { revokes, alone: true };
        let done = self
            .change(turn, move |this, change| async move { this.carry_out(change, &caller, prepared, digest).await });
        match done.await {
            // Each object was there in the version that was planned with.
            Err(KeyError::VersionMoved { .. } | KeyError::NotFound) => Err(ApplyError::Moved),
            Err(KeyError::Unavailable) => self.was_applied(installation, &made).await,
            other => Ok(other?),
        }
    }

    /// Whether a change was committed whose COMMIT was not answered: what it made is there.
    async fn was_applied(&self, installation: InstallationId, made: &[String]) -> Result<(), ApplyError> {
        if made.is_empty() {
            return Err(KeyError::Unavailable.into());
        }
        match self.inner.store.claims(installation).await {
            Ok(claims) if claims.iter().any(|claim| made.contains(&claim.object)) => Ok(()),
            Ok(_) => Err(KeyError::Unavailable.into()),
            Err(_) => Err(ApplyError::Unknown),
        }
    }

    async fn carry_out(
        &self,
        mut change: Change,
        caller: &Caller,
        prepared: Prepared,
        digest: [u8; 32],
    ) -> Result<(), KeyError> {
        let Prepared { planned, mut keys, mut webhooks } = prepared;
        let Planned { plan, items, claims, mut installation, longest_life } = planned;
        let (id, now) = (caller.installation, self.now());
        if change.claims(id).await.map_err(failure::public)? != claims {
            return Err(KeyError::VersionMoved { current: change.epoch() });
        }
        // First of all, since entries may exchange their names.
        for Item { step, object, .. } in &items {
            if let Some(object) = object {
                change.drop_claim(id, step.kind, object).await.map_err(failure::public)?;
            }
        }
        let mut learned = Learned::default();
        for (place, Item { step, act, object, held }) in items.into_iter().enumerate() {
            let mut object = object.unwrap_or_default();
            let mut version = step.version.unwrap_or_default();
            match act {
                Act::Nothing => {}
                Act::Module(enabled) => {
                    self.set_module_in(&mut change, caller.actor, id, enabled).await?;
                    installation.enabled = enabled;
                    learned.installation = true;
                }
                Act::Installation { from, to } => {
                    let current = change.installation(id).await.map_err(failure::public)?.ok_or(KeyError::NotFound)?;
                    if !from.holds_in(&current) {
                        return Err(KeyError::VersionMoved { current: current.settings_version });
                    }
                    (installation, _) = self.set_installation_in(&mut change, id, caller, *to, None).await?;
                    learned.installation = true;
                }
                Act::Limits { of, ceiling, version: planned } => {
                    let set = self.set_ceiling_in(&mut change, caller, &of, &ceiling, Some(planned)).await?;
                    version = set.0.as_ref().map_or(version, |stored| stored.version);
                    learned.ceilings.extend(set.0);
                }
                Act::AddKey(_) => {
                    let built = keys.remove(&place).ok_or(KeyError::Unavailable)?;
                    let made = built.0.key.created_at;
                    let (issued, records) =
                        self.insert_built(&mut change, caller, &installation, vec![built], made).await?;
                    object = issued.first().map(|issued| issued.key.id.to_string()).unwrap_or_default();
                    version = 1;
                    learned.new.extend(records);
                }
                Act::ChangeKey { id: key, version: planned, to } => {
                    let before = editable(&mut change, caller, key, Some(planned)).await?;
                    self.update_in(&mut change, caller, &before, &to, longest_life, now).await?;
                    version = planned + 1;
                    learned.changed.push(key);
                }
                Act::RemoveKey { id: key, version: planned } => {
                    let (deleted, tombstones) = self.delete_in(&mut change, caller, &[key], Some(planned)).await?;
                    if deleted.deleted.is_empty() {
                        return Err(KeyError::NotFound);
                    }
                    learned.tombstones.extend(tombstones);
                }
                Act::AddWebhook(_) => {
                    let built = webhooks.remove(&place).ok_or(KeyError::Unavailable)?;
                    self.insert_webhook_in(&mut change, caller, &built).await?;
                    (object, version) = (built.webhook.id.to_string(), 1);
                    learned.webhooks = true;
                }
                Act::ChangeWebhook { id: webhook, version: planned, patch } => {
                    let (after, _) = self.update_webhook_in(&mut change, caller, webhook, patch, Some(planned)).await?;
                    version = after.version;
                    learned.webhooks = true;
                }
                Act::RemoveWebhook { id: webhook, version: planned } => {
                    self.delete_webhook_in(&mut change, caller, webhook, Some(planned)).await?;
                }
            }
            if let Some(held) = held {
                let (name, settings) = (held.name, held.settings);
                let file = plan.file.to_string();
                let claim = StoredClaim { kind: step.kind, object, file, name, settings, version, at: now };
                change.put_claim(id, &claim).await.map_err(failure::public)?;
            }
        }
        let routes = plan.steps.iter().filter(|step| step.kind == ClaimKind::Routes);
        let routes: Vec<&str> =
            routes.flat_map(|step| &step.changes).map(|change| change.field.as_str()).take(NAMED).collect();
        let detail = json!({
            "file": plan.file,
            "digest": hex(&digest),
            "added": plan.count(StepAction::Add),
            "changed": plan.count(StepAction::Change),
            "claimed": plan.count(StepAction::Claim),
            "removed": plan.count(StepAction::Remove),
            "released": plan.count(StepAction::Release),
            "routes": routes,
        });
        let event = AuditEvent::of(Action::FileApply, detail);
        self.write_audit(&mut change, id, caller, now, vec![event]).await?;
        let changed = change.records_of_keys(id, &learned.changed).await.map_err(failure::public)?;
        self.commit(change).await?;
        self.inner.verifier.apply(learned.new);
        self.inner.verifier.apply(changed);
        self.inner.verifier.put(learned.tombstones);
        self.inner.verifier.set_ceilings(learned.ceilings);
        if learned.installation {
            self.installation_was_set(installation).await;
        }
        if learned.webhooks {
            self.inner.out.signals.hint();
        }
        Ok(())
    }
}
