use model::{Action, Instant, KeyError, KeyId, KeyStatus, Permission, Restriction, Trial, TrialDays, TrialFinding};
use serde_json::{Map, json};

use crate::{Caller, Keydesk, audit::AuditEvent, failure, update::editable};

/// For how long what a trial would have refused is kept after its end, in milliseconds: 30 days.
pub(crate) const TRIALS_KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// A restriction that is or was tried, and what it would have refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrialReport {
    /// The trial.
    pub trial: Trial,
    /// Its time is over. It is kept for 30 days, for whoever decides by it.
    pub is_over: bool,
    /// Calls that were checked. Each was allowed.
    pub checked: u64,
    /// Those of them that it would have refused.
    pub refused: u64,
    /// These by reason, the most calls first. What other nodes have counted is known within some seconds.
    pub findings: Vec<TrialFinding>,
    /// The key was changed since, so that what is tried would allow something that the key does not.
    pub is_outdated: bool,
    /// The key is restricted so by now, or more.
    pub is_in_force: bool,
}

impl Keydesk {
    /// Tries a restriction of a key in place of the one that is tried: calls that are allowed are also checked against it, and none is
    /// refused by it. With `if_version`, only if nobody else changed the key since. What is tried so already goes on, so it may be
    /// sent again.
    ///
    /// Where allowed calls are not recorded nothing is tried: no call is checked there, and a trial that counts none would seem to
    /// refuse nobody.
    ///
    /// What was counted of a trial is forgotten with it, so one is replaced only where its caller has seen it: `in_place_of` says when
    /// that began.
    ///
    /// It may allow nothing that the key does not allow: what it would refuse is counted of calls that are allowed now.
    pub async fn start_trial(
        &self,
        caller: &Caller,
        id: KeyId,
        restriction: Restriction,
        days: TrialDays,
        if_version: Option<i64>,
        in_place_of: Option<Instant>,
    ) -> Result<Trial, KeyError> {
        self.change_as(caller, move |this, caller, mut change| async move {
            let (installation, now) = (caller.installation, this.now());
            let key = editable(&mut change, &caller, id, if_version).await?;
            if !this.records_allowed_calls() {
                return Err(invalid(
                    "usage",
                    "Keydesk is configured not to record allowed calls, so it checks none and can't try a restriction.",
                ));
            }
            let held = Restriction::of(key.settings());
            caller.require_to_edit(id, key.settings(), &restriction.applied_to(key.settings()))?;
            if let Some(field) = restriction.exceeds(&held) {
                return Err(invalid(
                    field,
                    "A restriction is tried that takes away from what the key has: this adds to it.",
                ));
            }
            if held.exceeds(&restriction).is_none() {
                return Err(invalid("scopes", "The key is restricted so already."));
            }
            let there = change.trial(installation, id).await.map_err(failure::public)?.map(|stored| stored.trial);
            let same = |trial: &Trial| {
                trial.restriction == restriction
                    && trial.ends_at == trial.started_at.plus_millis(days.as_millis())
                    && now < trial.ends_at
            };
            if let Some(trial) = there {
                if same(&trial) {
                    return Ok(trial);
                }
                if in_place_of != Some(trial.started_at) {
                    return Err(KeyError::TrialMoved);
                }
            }
            let trial = Trial { started_at: now, ends_at: now.plus_millis(days.as_millis()), restriction };
            if !change.put_trial(installation, id, &trial).await.map_err(failure::public)? {
                return Err(KeyError::NotFound);
            }
            let event = AuditEvent::on_key(Action::KeyTrialStart, id, told(&held, &trial).into());
            this.write_audit(&mut change, installation, &caller, now, vec![event]).await?;
            this.commit_keys(change, installation, &[id]).await?;
            Ok(trial)
        })
        .await
    }

    /// Ends the trial of a key that runs since then, and forgets what was counted. Where the key has none nothing is done, so it may
    /// be sent again; another trial goes on.
    pub async fn end_trial(&self, caller: &Caller, id: KeyId, started_at: Instant) -> Result<(), KeyError> {
        self.change_as(caller, move |this, caller, mut change| async move {
            let (installation, now) = (caller.installation, this.now());
            editable(&mut change, &caller, id, None).await?;
            if !change.end_trial(installation, id, started_at).await.map_err(failure::public)? {
                let other = change.trial(installation, id).await.map_err(failure::public)?;
                return if other.is_some() { Err(KeyError::TrialMoved) } else { Ok(()) };
            }
            let event = AuditEvent::on_key(Action::KeyTrialEnd, id, json!({}));
            this.write_audit(&mut change, installation, &caller, now, vec![event]).await?;
            this.commit_keys(change, installation, &[id]).await
        })
        .await
    }

    /// What is tried of a key now, without what was counted.
    pub async fn tried(&self, caller: &Caller, id: KeyId) -> Result<Option<Trial>, KeyError> {
        caller.require(Permission::ReadUsage)?;
        let stored = self.inner.store.trial(caller.installation, id).await.map_err(failure::public)?;
        let (now, key) = (self.now(), self.get(caller, id).await?);
        let running = stored.map(|stored| stored.trial).filter(|trial| now < trial.ends_at);
        Ok(running.filter(|_| key.status != KeyStatus::Revoked))
    }

    /// What is or was tried of a key; `None`: nothing.
    pub async fn trial(&self, caller: &Caller, id: KeyId) -> Result<Option<TrialReport>, KeyError> {
        caller.require(Permission::ReadUsage)?;
        let key = self.get(caller, id).await?;
        if key.status == KeyStatus::Revoked {
            return Ok(None);
        }
        // What this node has not yet written down belongs to the report, too.
        self.verifier().flush_trials().await;
        let store = &self.inner.store;
        let Some(stored) = store.trial(caller.installation, id).await.map_err(failure::public)? else {
            return Ok(None);
        };
        let findings = store.trial_findings(id).await.map_err(failure::public)?;
        let held = Restriction::of(&key.settings);
        let trial = stored.trial;
        Ok(Some(TrialReport {
            is_over: trial.ends_at <= self.now(),
            checked: stored.checked,
            refused: stored.refused,
            findings,
            is_outdated: trial.restriction.exceeds(&held).is_some(),
            is_in_force: held.exceeds(&trial.restriction).is_none(),
            trial,
        }))
    }
}

fn invalid(field: &str, reason: &str) -> KeyError {
    KeyError::InvalidSetting { field: field.to_owned(), reason: reason.to_owned() }
}

/// The details of the audit entry: until when, and each setting as it is and as it is tried.
fn told(held: &Restriction, trial: &Trial) -> Map<String, serde_json::Value> {
    let Restriction { scopes, allowed_ips, allowed_origins } = &trial.restriction;
    let pairs = [
        ("scopes", json!(held.scopes), json!(scopes)),
        ("allowed_ips", json!(held.allowed_ips), json!(allowed_ips)),
        ("allowed_origins", json!(held.allowed_origins), json!(allowed_origins)),
    ];
    let changed = pairs.into_iter().filter(|(_, from, to)| from != to);
    let mut detail: Map<_, _> =
        changed.map(|(name, from, to)| (name.to_owned(), json!({ "from": from, "to": to }))).collect();
    detail.insert("ends_at".to_owned(), json!(trial.ends_at));
    detail
}
