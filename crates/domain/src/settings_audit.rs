//! The audit events about a key's settings.

use model::{Action, Key, KeyId, KeySettings, SettingsPatch};
use serde_json::{Map, Value, json};

use crate::{audit::AuditEvent, switch};

/// A patch by the names of its settings, without those that it leaves as they are.
pub(crate) fn named(patch: &SettingsPatch) -> Map<String, Value> {
    match json!(patch) {
        Value::Object(named) => named,
        _ => Map::new(),
    }
}

/// The entry of a new key: what it may do and from where, and every other setting that differs from the usual.
pub(crate) fn issued(key: &Key) -> AuditEvent {
    let settings = &key.settings;
    let usual = KeySettings::new(settings.client_name.clone());
    let mut detail = named(&SettingsPatch::diff(&usual, settings));
    detail.retain(|name, _| !KeySettings::NOT_AUDITED_WHEN_NEW.contains(&name.as_str()));
    for (name, value) in [
        ("client_name", json!(settings.client_name)),
        ("environment", json!(key.environment)),
        ("preset", json!(settings.preset)),
        ("scopes", json!(settings.scopes)),
        ("hint", json!(key.hint)),
    ] {
        detail.insert(name.to_owned(), value);
    }
    let event = AuditEvent::on_key(Action::KeyIssue, key.id, Value::Object(detail));
    AuditEvent { environment: Some(key.environment), ..event }
}

/// The entry of a change: each setting before and after, but of the notes and of the owner's address only that they were changed: the
/// log keeps what it has, and a person can be forgotten. A change of the
/// name alone, or a switch alone, has an action of its own.
pub(crate) fn changed(id: KeyId, from: &KeySettings, to: &KeySettings) -> AuditEvent {
    let mut before = named(&SettingsPatch::diff(to, from));
    let mut detail = Map::new();
    for (name, to) in named(&SettingsPatch::diff(from, to)) {
        let from = before.remove(&name);
        // A patch names the scopes beside another preset even where they stay.
        if from.as_ref() != Some(&to) {
            detail.insert(name, json!({ "from": from, "to": to }));
        }
    }
    for personal in KeySettings::PERSONAL {
        if let Some(setting) = detail.get_mut(personal) {
            *setting = json!({ "changed": true });
        }
    }
    match detail.remove("client_name") {
        Some(name) if detail.is_empty() => AuditEvent::on_key(Action::KeyRename, id, name),
        None if detail.len() == 1 && to.enabled != from.enabled => switch::event(id, to.enabled),
        name => {
            detail.extend(name.map(|name| ("client_name".to_owned(), name)));
            AuditEvent::on_key(Action::KeyUpdate, id, Value::Object(detail))
        }
    }
}

#[cfg(test)]
mod tests {
    use model::{ClientName, Preset};

    use super::*;

    fn settings() -> KeySettings {
        KeySettings::new(ClientName::parse("Acme").unwrap())
    }

    #[test]
    fn a_changed_preset_with_the_same_scopes_records_no_scopes() {
        let from = settings();
        let to = KeySettings { preset: Preset::Crm, ..settings() };
        let event = changed(KeyId(uuid::Uuid::nil()), &from, &to);
        assert_eq!(event.detail, json!({ "preset": { "from": "custom", "to": "crm" } }));
    }

    #[test]
    fn changed_notes_and_emails_are_recorded_without_their_text() {
        let (notes, owner_email) = (Some("secret plan".parse().unwrap()), Some("ada@example.com".parse().unwrap()));
        let from = KeySettings { notes, owner_email, ..settings() };
        let to = KeySettings { enabled: false, ..settings() };
        let event = changed(KeyId(uuid::Uuid::nil()), &from, &to);
        assert_eq!(event.action, Action::KeyUpdate);
        let changed = json!({ "changed": true });
        let expected = json!({ "notes": changed, "owner_email": changed, "enabled": { "from": true, "to": false } });
        assert_eq!(event.detail, expected);
    }
}
