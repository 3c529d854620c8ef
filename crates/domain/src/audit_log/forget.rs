use model::{Action, Actor, AdminError, InstallationId, KeyError, fold_email};
use serde::Serialize;
use serde_json::{Map, Value, json};
use store::{AuditEntry, AuditPerson, StoreError};

use super::PAGE;
use crate::{
    Caller, Keydesk,
    account::{email, keep_an_owner},
    audit::{AuditEvent, actor_text, chain},
    failure,
    turn::ALONE,
};

/// What was forgotten of a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Forgotten {
    /// Accounts, present and past, whose name and email address are gone.
    pub accounts: u64,
    /// Invitations that nobody had accepted, which are withdrawn.
    pub invitations: u64,
    /// Keys that named the address as their owner's.
    pub keys: u64,
    /// Audit entries that no longer say where they came from.
    pub entries: u64,
    /// Unsigned audit entries whose details held the address.
    pub redacted: u64,
}

/// Why nobody was forgotten.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForgetError {
    /// The address is invalid, or the person is the last owner.
    #[error(transparent)]
    Account(#[from] AdminError),
    /// Keydesk can't do it right now.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// The value in place of what was forgotten.
const GONE: &str = "forgotten";
/// Redacted entries that one entry tells.
const TOLD: usize = 500;

/// An unsigned entry with other details.
struct Redacted {
    seq: i64,
    detail: String,
    hash: String,
}

impl Keydesk {
    /// Forgets a person of the installation: their account with its sessions, their invitation, their name and email address, and
    /// where they came from in the audit log, whose entries stay and name them by an id that means nobody.
    pub async fn forget(&self, caller: &Caller, email_typed: &str) -> Result<Forgotten, ForgetError> {
        let (address, folded) = email(email_typed)?;
        let installation = caller.installation;
        let people = self.inner.store.people_by_email(installation, &folded).await.map_err(failure::public)?;
        let redacted = self.to_redact(installation, &people, &folded).await.map_err(failure::public)?;
        let caller = caller.clone();
        // In a transaction of its own: otherwise entries still held back by other changes would be missed.
        self.change(ALONE, move |this, mut change| async move {
            let now = this.now();
            let mut outcome = Forgotten { redacted: redacted.len() as u64, ..Forgotten::default() };
            for AuditPerson { id, .. } in &people {
                if let Some(account) = change.administrator(installation, *id).await.map_err(failure::public)?
                    && let Err(refused) = keep_an_owner(&mut change, &account).await
                {
                    return Ok(Err(refused.into()));
                }
            }
            let mut events = Vec::new();
            let invited = change.withdraw_invitation(installation, &folded).await.map_err(failure::public)?;
            if let Some(invitation) = invited {
                outcome.invitations += 1;
                let detail = json!({ "id": invitation.id });
                events.push(AuditEvent::of(Action::AdministratorWithdrawInvitation, detail));
            }
            for AuditPerson { id, .. } in &people {
                let actor = actor_text(Actor::Administrator { id: *id });
                outcome.entries += change.forget_via(installation, &actor).await.map_err(failure::public)?;
                change.forget_person(installation, *id).await.map_err(failure::public)?;
                outcome.accounts += 1;
                events.push(AuditEvent::of(Action::AdministratorForget, json!({ "administrator": id })));
            }
            outcome.keys = change.forget_owner(installation, &address, now).await.map_err(failure::public)?;
            for some in redacted.chunks(TOLD) {
                for Redacted { seq, detail, .. } in some {
                    change.redact_entry(installation, *seq, detail).await.map_err(failure::public)?;
                }
                let told: Map<String, Value> =
                    some.iter().map(|one| (one.seq.to_string(), Value::from(one.hash.as_str()))).collect();
                events.push(AuditEvent::of(Action::AdministratorForget, json!({ "redacted": told })));
            }
            if outcome.keys > 0 {
                events.push(AuditEvent::of(Action::AdministratorForget, json!({ "keys": outcome.keys })));
            }
            if events.is_empty() {
                return Ok(Ok(outcome));
            }
            this.write_audit(&mut change, installation, &caller, now, events).await?;
            this.commit(change).await?;
            Ok(Ok(outcome))
        })
        .await?
    }

    /// Unsigned entries whose details hold the person's address or name.
    async fn to_redact(
        &self,
        installation: InstallationId,
        people: &[AuditPerson],
        email_folded: &str,
    ) -> Result<Vec<Redacted>, StoreError> {
        let (mut found, mut after) = (Vec::new(), 0);
        loop {
            let page = self.inner.store.audit_after(installation, after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(found) };
            after = last.seq;
            for entry in page {
                if entry.audit_key.is_some() {
                    return Ok(found);
                }
                let Ok(mut detail) = serde_json::from_str(&entry.detail) else { continue };
                if redact(&entry, &mut detail, people, email_folded) {
                    let (seq, detail) = (entry.seq, detail.to_string());
                    let entry = AuditEntry { detail, ..entry };
                    let hash = chain::hex(&chain::hash_unsigned(installation, &entry));
                    found.push(Redacted { seq, detail: entry.detail, hash });
                }
            }
        }
    }
}

/// Takes a person out of an entry's details. False: they are not in them.
fn redact(entry: &AuditEntry, detail: &mut Value, people: &[AuditPerson], email_folded: &str) -> bool {
    let theirs = entry.action == Action::AdministratorCreate.as_str()
        && people.iter().any(|person| detail["id"] == person.id.to_string());
    let mut found = false;
    if let Some(name) = detail.get_mut("name").filter(|name| theirs && *name != GONE) {
        *name = GONE.into();
        found = true;
    }
    replace(detail, email_folded) || found
}

/// Replaces each text that is this address.
fn replace(value: &mut Value, email_folded: &str) -> bool {
    match value {
        Value::String(text) if fold_email(text) == email_folded => {
            *value = GONE.into();
            true
        }
        Value::Array(items) => replace_in(items.iter_mut(), email_folded),
        Value::Object(fields) => replace_in(fields.values_mut(), email_folded),
        _ => false,
    }
}

fn replace_in<'a>(items: impl Iterator<Item = &'a mut Value>, email_folded: &str) -> bool {
    let mut found = false;
    for item in items {
        found |= replace(item, email_folded);
    }
    found
}
