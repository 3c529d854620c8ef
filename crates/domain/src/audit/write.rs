use std::collections::HashMap;

use model::{Action, Actor, Administrator, AuditId, Environment, InstallationId, Instant, KeyError, KeyId};
use serde_json::{Value, json};
use store::{AuditEnd, AuditEntry, Change, HASH_LEN};

use super::{
    chain,
    keys::{AuditKey, AuditKeys},
};
use crate::{Caller, Entropy, Via, entropy, failure};

/// One action of a change, to be written to the audit log.
pub(crate) struct AuditEvent {
    pub(crate) action: Action,
    pub(crate) key: Option<KeyId>,
    /// The key's; `None`: it is looked up.
    pub(crate) environment: Option<Environment>,
    /// Never holds a secret, nor a person's name or email address.
    pub(crate) detail: Value,
    /// Whom the entry introduces: a keyed digest of name and address goes into its details.
    pub(crate) person: Option<Administrator>,
}

impl AuditEvent {
    pub(crate) fn on_key(action: Action, key: KeyId, detail: Value) -> Self {
        Self { action, key: Some(key), environment: None, detail, person: None }
    }

    /// Of the installation itself, or of a person.
    pub(crate) fn of(action: Action, detail: Value) -> Self {
        Self { action, key: None, environment: None, detail, person: None }
    }
}

/// Whose change it is, and where it came from.
#[derive(Clone, Debug)]
pub(crate) struct By {
    pub(crate) actor: Actor,
    pub(crate) via: Via,
}

impl From<Actor> for By {
    fn from(actor: Actor) -> Self {
        Self { actor, via: Via::default() }
    }
}

impl From<&Caller> for By {
    fn from(caller: &Caller) -> Self {
        Self { actor: caller.actor, via: caller.via.clone() }
    }
}

impl From<(Actor, &Via)> for By {
    fn from((actor, via): (Actor, &Via)) -> Self {
        Self { actor, via: via.clone() }
    }
}

/// Appends the events to the installation's log, as part of the change that does them. Gives them back with what was looked up.
pub(crate) async fn write(
    keys: &AuditKeys,
    entropy: &dyn Entropy,
    change: &mut Change,
    installation: InstallationId,
    by: &By,
    now: Instant,
    mut events: Vec<AuditEvent>,
) -> Result<Vec<AuditEvent>, KeyError> {
    if events.is_empty() {
        return Ok(events);
    }
    look_up(change, installation, &mut events).await?;
    let end = change.audit_end(installation).await.map_err(failure::public)?;
    let begins = events.first().is_some_and(|event| event.action == Action::InstallationCreate);
    let mut log = Log::open(keys, installation, &end, begins)?;
    let key = log.key;
    if let Some(lost) = log.lost.take() {
        log.append(entropy, &By::from(Actor::System), now, &lost);
    }
    for event in &events {
        log.append(entropy, by, now, event);
    }
    log.keep(change, key, now).await?;
    Ok(events)
}

/// Fills in the environments that the verbs have not given.
async fn look_up(change: &mut Change, installation: InstallationId, events: &mut [AuditEvent]) -> Result<(), KeyError> {
    let unknown: Vec<KeyId> =
        events.iter().filter(|event| event.environment.is_none()).filter_map(|event| event.key).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let found: HashMap<_, _> =
        change.environments(installation, &unknown).await.map_err(failure::public)?.into_iter().collect();
    for event in events.iter_mut().filter(|event| event.environment.is_none()) {
        event.environment = event.key.and_then(|key| found.get(&key).copied());
    }
    Ok(())
}

/// An installation's log, about to grow.
pub(crate) struct Log<'a> {
    pub(crate) key: &'a AuditKey,
    installation: InstallationId,
    seq: i64,
    previous_hash: [u8; HASH_LEN],
    entries: Vec<AuditEntry>,
    /// What has to be told first: the end is not the one that was left.
    lost: Option<AuditEvent>,
}

impl<'a> Log<'a> {
    /// `begins`: the first entry of a new installation's log comes.
    pub(crate) fn open(
        keys: &'a AuditKeys,
        installation: InstallationId,
        end: &AuditEnd,
        begins: bool,
    ) -> Result<Self, KeyError> {
        let (seq, previous_hash) = end.last.unwrap_or((0, [0; HASH_LEN]));
        let key = match &end.head {
            None => None,
            Some(head) => match keys.get(&head.audit_key) {
                Some(key) => (chain::is_head(key, installation, head) && end.last == Some((head.entries, head.hash)))
                    .then_some(key),
                None => {
                    tracing::error!(
                        audit_key = head.audit_key,
                        "the audit log is signed under an audit key that this keyring lacks: copy the keyring of the node that has it"
                    );
                    return Err(KeyError::Unavailable);
                }
            },
        };
        let lost = key.is_none() && !(begins && seq == 0 && end.head.is_none());
        let lost = lost.then(|| {
            tracing::error!(%installation, entries = seq, "the signed end of the audit log is missing or wrong: somebody has altered the log");
            let claimed = end.head.as_ref().map(|head| head.entries);
            AuditEvent::of(Action::AuditHeadLost, json!({ "entries": seq, "claimed": claimed }))
        });
        Ok(Self { key: key.unwrap_or(keys.first()), installation, seq, previous_hash, entries: Vec::new(), lost })
    }

    /// A log that was never signed, up to its last entry.
    pub(crate) fn unsigned(key: &'a AuditKey, installation: InstallationId, last: (i64, [u8; HASH_LEN])) -> Self {
        Self { key, installation, seq: last.0, previous_hash: last.1, entries: Vec::new(), lost: None }
    }

    /// Whether its end is not the one that was left.
    pub(crate) fn is_lost(&self) -> bool {
        self.lost.is_some()
    }

    pub(crate) fn append(&mut self, entropy: &dyn Entropy, by: &By, now: Instant, event: &AuditEvent) {
        self.seq += 1;
        let id = AuditId(entropy::id(entropy, now));
        let address = by.via.address.map(|address| address.to_canonical().to_string());
        let user_agent = by.via.user_agent.as_ref().map(|agent| agent.as_str().to_owned());
        let mut detail = event.detail.clone();
        if let Some(Administrator { id, email, name, .. }) = &event.person {
            detail["person"] = json!(chain::hex(&chain::person(self.key, *id, email, name)));
        }
        let any = address.is_some() || user_agent.is_some();
        let mut entry = AuditEntry {
            seq: self.seq,
            id,
            at: now,
            actor: actor_text(by.actor),
            action: event.action.as_str().to_owned(),
            key: event.key,
            environment: event.environment,
            detail: detail.to_string(),
            via_digest: any.then(|| chain::via(self.key, id, address.as_deref(), user_agent.as_deref())),
            address,
            request_id: by.via.request_id,
            user_agent,
            audit_key: Some(self.key.id.clone()),
            previous_hash: self.previous_hash,
            hash: [0; HASH_LEN],
        };
        entry.hash = chain::sign(self.key, self.installation, &entry);
        self.previous_hash = entry.hash;
        self.entries.push(entry);
    }

    /// Writes the entries; `next` signs the new end and all later entries.
    pub(crate) async fn keep(&self, change: &mut Change, next: &AuditKey, now: Instant) -> Result<(), KeyError> {
        let head = chain::sign_head(next, self.installation, self.seq, self.previous_hash, now);
        change.append_audit(self.installation, &self.entries, head).await.map_err(failure::public)
    }
}

/// An entry's details, read back. Details that can't be read are not taken for none.
pub(crate) fn detail(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| json!({ "unreadable": true }))
}

/// An actor, as entries hold it. It is never empty: an entry without an actor would be signed, and say nothing.
pub(crate) fn actor_text(actor: Actor) -> String {
    serde_json::to_string(&actor).expect("a kind and an id, which JSON can always hold")
}
