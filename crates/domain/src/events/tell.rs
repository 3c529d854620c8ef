use std::collections::HashMap;

use model::{Actor, Environment, EventId, InstallationId, Instant, Key, KeyError, KeyId, Subject};
use serde::Serialize;
use serde_json::{Map, Value};
use store::{Change, NewEvent};

use super::kind::{kind, subject, target};
use crate::{Keydesk, audit::AuditEvent, failure};

/// An event as it is sent.
#[derive(Serialize)]
struct Body<'a> {
    id: EventId,
    r#type: &'a str,
    timestamp: Instant,
    /// The installation's name.
    installation: &'a str,
    environment: Option<Environment>,
    subject: Subject,
    /// Grows with every event of the deployment.
    seq: i64,
    /// 1, 2, 3, .. without a gap for each subject.
    subject_seq: i64,
    actor: Actor,
    data: Value,
}

/// An event that is still to be numbered.
pub(super) struct Draft {
    pub(super) kind: &'static str,
    pub(super) subject: Subject,
    pub(super) environment: Option<Environment>,
    pub(super) key: Option<KeyId>,
    pub(super) data: Map<String, Value>,
}

impl Keydesk {
    /// Writes the events of audit events to the outbox, as part of the change that does them.
    pub(crate) async fn tell(
        &self,
        change: &mut Change,
        installation: InstallationId,
        actor: Actor,
        now: Instant,
        events: &[AuditEvent],
    ) -> Result<(), KeyError> {
        if !change.is_listened(installation) {
            return Ok(());
        }
        let drafts = events.iter().filter_map(|event| draft(event, actor, installation)).collect();
        self.write_events(change, installation, actor, now, drafts).await
    }

    /// Writes events to the outbox. A key is told of as it is now, without its notes and its owner.
    pub(super) async fn write_events(
        &self,
        change: &mut Change,
        installation: InstallationId,
        actor: Actor,
        now: Instant,
        drafts: Vec<Draft>,
    ) -> Result<(), KeyError> {
        if drafts.is_empty() {
            return Ok(());
        }
        let mut ids: Vec<KeyId> = drafts.iter().filter_map(|draft| draft.key).collect();
        ids.sort_unstable();
        ids.dedup();
        let keys = change.keys(installation, &ids).await.map_err(failure::public)?;
        let keys: HashMap<KeyId, Value> = keys.into_iter().map(|key| (key.id(), shown(key.at(now)))).collect();
        let subjects: Vec<Subject> = drafts.iter().map(|draft| draft.subject).collect();
        let numbers = change.number_events(installation, &subjects, now).await.map_err(failure::public)?;
        let name = self.installation_name(installation).unwrap_or_default();
        let first = change.next_event();
        let events = drafts.into_iter().zip(numbers).zip(first..).map(|((draft, subject_seq), seq)| {
            let Draft { kind, subject, environment, key, mut data } = draft;
            if let Some(key) = key.and_then(|key| keys.get(&key)) {
                data.insert("key".to_owned(), key.clone());
            }
            let id = EventId(self.new_id(now));
            let body = Body {
                id,
                r#type: kind,
                timestamp: now,
                installation: &name,
                environment,
                subject,
                seq,
                subject_seq,
                actor,
                data: Value::Object(data),
            };
            let body = serde_json::to_string(&body).expect("an event is JSON");
            NewEvent { id, kind, environment, subject, at: now, target: target(kind, subject), body }
        });
        change.append_events(installation, events.collect());
        Ok(())
    }
}

fn draft(event: &AuditEvent, actor: Actor, installation: InstallationId) -> Option<Draft> {
    let kind = kind(event.action)?;
    let subject = subject(event, kind, actor, installation);
    let data = match (&event.detail, kind) {
        // A new key is told of whole.
        (_, "key.created") => Map::new(),
        (Value::Object(detail), "key.updated") => {
            Map::from_iter([("changes".to_owned(), Value::Object(changes(event, detail)))])
        }
        (Value::Object(detail), _) => detail.clone(),
        _ => Map::new(),
    };
    Some(Draft { kind, subject, environment: event.environment, key: event.key, data })
}

/// What was changed, by the names of settings: the entry of a new name has an action of its own, and holds nothing but it.
fn changes(event: &AuditEvent, detail: &Map<String, Value>) -> Map<String, Value> {
    match event.action {
        model::Action::KeyRename => Map::from_iter([("client_name".to_owned(), Value::Object(detail.clone()))]),
        _ => detail.clone(),
    }
}

fn shown(key: Key) -> Value {
    let settings = model::KeySettings { owner_email: None, ..key.settings.without_notes() };
    serde_json::to_value(Key { settings, ..key }).expect("a key is JSON")
}

/// An id of a subject that has none of its own.
pub(super) fn installation_subject(installation: InstallationId) -> Subject {
    Subject { kind: model::SubjectKind::Installation, id: installation.0 }
}
