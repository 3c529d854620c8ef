//! What entries of the audit log tell, in words.

use model::{Action, Actor, ContactCentreLimits, Quota, Quotas, RateLimit, RateLimits};
use serde::Deserialize as _;
use serde_json::Value;

use super::{key_settings::TEXT_SETTINGS, labels::end_text};

/// Something that was changed: what it is called, its value before where that is known, and the one since.
pub(crate) struct Difference {
    pub(crate) label: &'static str,
    pub(crate) from: Option<String>,
    pub(crate) to: String,
}

/// The actions that people can ask for, by what they are about.
pub(crate) const ACTIONS: [(&str, &[(Action, &str)]); 7] = [
    (
        "API keys",
        &[
            (Action::KeyIssue, "Created"),
            (Action::KeyImport, "Keys imported"),
            (Action::KeyRename, "Renamed"),
            (Action::KeyUpdate, "Changed"),
            (Action::KeyDisable, "Disabled"),
            (Action::KeyEnable, "Enabled"),
            (Action::KeyRotate, "Rotated"),
            (Action::KeyEndOverlap, "Overlap ended"),
            (Action::KeyTrialStart, "Report only started"),
            (Action::KeyTrialEnd, "Report only ended"),
            (Action::KeyDelete, "Deleted"),
            (Action::KeyRestore, "Restored"),
            (Action::KeyReveal, "Key shown"),
            (Action::KeyTokenCreate, "Token made"),
            (Action::KeyWebhookDisable, "Webhook of the key switched off"),
            (Action::KeyLeaked, "Found where it must not be"),
            (Action::KeyExport, "List of keys exported"),
        ],
    ),
    (
        "Hand-over links",
        &[
            (Action::HandoverCreate, "Hand-over link created"),
            (Action::HandoverOpen, "Hand-over link opened"),
            (Action::HandoverWithdraw, "Hand-over link withdrawn"),
        ],
    ),
    (
        "Sign-ins",
        &[(Action::SignIn, "Signed in"), (Action::SignOut, "Signed out"), (Action::Confirm, "Confirmed who they are")],
    ),
    (
        "Administrators",
        &[
            (Action::AdministratorCreate, "Administrator created"),
            (Action::AdministratorInvite, "Administrator invited"),
            (Action::AdministratorWithdrawInvitation, "Invitation withdrawn"),
            (Action::AdministratorSetRole, "Role changed"),
            (Action::AdministratorLinkIdentity, "Single sign-on linked"),
            (Action::AdministratorResetPassword, "Link for a new password created"),
            (Action::AdministratorChangePassword, "Password changed"),
            (Action::AdministratorDisable, "Administrator disabled"),
            (Action::AdministratorEnable, "Administrator enabled"),
            (Action::AdministratorRemove, "Administrator removed"),
            (Action::AdministratorEndSessions, "Sessions ended"),
            (Action::AdministratorRename, "Own name changed"),
            (Action::AdministratorSetTimeZone, "Own time zone chosen"),
            (Action::SecondFactorAdd, "Second factor added"),
            (Action::SecondFactorRemove, "Second factor removed"),
            (Action::SecondFactorReset, "Second factor reset"),
            (Action::RecoveryCodesRenew, "New recovery codes"),
            (Action::AdministratorForget, "Person forgotten"),
            (Action::SetUpLinkCreate, "Set-up link created"),
        ],
    ),
    (
        "Installation",
        &[
            (Action::InstallationCreate, "Installation created"),
            (Action::InstallationAdd, "Another installation created"),
            (Action::InstallationUpdate, "Installation changed"),
            (Action::InstallationEnable, "API Keys module switched on"),
            (Action::InstallationDisable, "API Keys module switched off"),
            (Action::CeilingSet, "Ceiling set"),
            (Action::FileApply, "File applied"),
            (Action::BackupCreate, "Backup made"),
            (Action::BackupRestore, "Backup restored"),
        ],
    ),
    (
        "Webhooks",
        &[
            (Action::WebhookCreate, "Webhook created"),
            (Action::WebhookUpdate, "Webhook changed"),
            (Action::WebhookEnable, "Webhook switched on"),
            (Action::WebhookDisable, "Webhook switched off"),
            (Action::WebhookRotateSecret, "Signing secret rotated"),
            (Action::WebhookRedeliver, "Events delivered again"),
            (Action::WebhookTest, "Test event sent"),
            (Action::WebhookDelete, "Webhook deleted"),
        ],
    ),
    (
        "Audit log and keyring",
        &[
            (Action::AuditExport, "Audit log exported"),
            (Action::AuditAdopt, "Audit log signed for the first time"),
            (Action::AuditKeyRotated, "Audit key rotated"),
            (Action::AuditHeadLost, "Signed end of the audit log lost"),
            (Action::KeyringKeyAdded, "Key of the keyring added"),
            (Action::KeyringKeyRetired, "Key of the keyring retired"),
        ],
    ),
];

/// What was done. An action of a later release has its own name alone.
pub(crate) fn what(action: &str, detail: &Value) -> String {
    let known = ACTIONS.iter().flat_map(|(_, actions)| *actions).find(|(known, _)| known.as_str() == action);
    let Some((known, words)) = known else { return action.to_owned() };
    match known {
        Action::KeyIssue if detail["enabled"] == false => "Created, and disabled".to_owned(),
        Action::KeyImport => match detail["keys"].as_u64() {
            Some(1) => "1 key imported".to_owned(),
            Some(keys) => format!("{keys} keys imported"),
            // In the history of one of them.
            None => "Imported".to_owned(),
        },
        Action::KeyUpdate if alone(detail, "notes") => "Notes changed".to_owned(),
        Action::KeyUpdate if alone(detail, "owner_email") => "Owner's email changed".to_owned(),
        Action::InstallationUpdate if alone(detail, "contact") => "Contact changed".to_owned(),
        Action::KeyLeaked => match detail["done"].as_str() {
            Some("disabled") => "Found where it must not be, and disabled".to_owned(),
            Some("revoked") => "Found where it must not be, and deleted".to_owned(),
            _ => (*words).to_owned(),
        },
        Action::KeyRotate => match detail["overlap_seconds"].as_u64() {
            Some(seconds @ 1..) => format!("Rotated with an overlap of {}", span(seconds)),
            _ => "Rotated without overlap".to_owned(),
        },
        _ => (*words).to_owned(),
    }
}

/// Who did it, by the name that is known of them.
pub(crate) fn who(actor: Actor, name: Option<&str>) -> String {
    match (actor, name) {
        (Actor::Administrator { .. }, Some(name)) => name.to_owned(),
        (Actor::Administrator { .. }, None) => "an administrator".to_owned(),
        (Actor::Key { .. }, Some(name)) => format!("the API key of {name}"),
        (Actor::Key { .. }, None) => "an API key".to_owned(),
        (Actor::Operator, _) => "the operator".to_owned(),
        (Actor::System, _) => "Keydesk".to_owned(),
        (Actor::Bearer, _) => "whoever had the link".to_owned(),
    }
}

/// Actions that tell settings before and after.
const SETTINGS: [Action; 4] =
    [Action::KeyUpdate, Action::KeyTrialStart, Action::InstallationUpdate, Action::CeilingSet];

/// Each setting that was changed, before and after.
pub(crate) fn differences(action: &str, detail: &Value) -> Vec<Difference> {
    let pair = |label, detail: &Value| {
        Some(Difference { label, from: Some(text(detail.get("from")?)), to: text(detail.get("to")?) })
    };
    let limits = |name: &str, label, detail: &Value| {
        let (from, to) = (limits(name, detail.get("from")?)?, limits(name, detail.get("to")?)?);
        Some(Difference { label, from: Some(from), to })
    };
    if action == Action::KeyRename.as_str() {
        return pair("Client Name", detail).into_iter().collect();
    }
    if action == Action::AdministratorSetRole.as_str() {
        return pair("Role", detail).into_iter().collect();
    }
    if SETTINGS.iter().any(|known| known.as_str() == action) {
        let settings = detail.as_object().into_iter().flatten();
        let told =
            |(name, detail): (&String, &Value)| limits(name, label(name), detail).or_else(|| pair(label(name), detail));
        return settings.filter_map(told).collect();
    }
    Vec::new()
}

/// What a new key could do from the start, and where a leaked one was found.
pub(crate) fn given(action: &str, detail: &Value) -> Vec<Difference> {
    if action == Action::KeyLeaked.as_str() {
        let place = [("url", "Found at"), ("source", "Found in"), ("reporter", "Reported by")];
        let told = |(name, label)| Some(Difference { label, from: None, to: detail[name].as_str()?.to_owned() });
        return place.into_iter().filter_map(told).collect();
    }
    if action != Action::KeyIssue.as_str() {
        return Vec::new();
    }
    let settings = detail.as_object().into_iter().flatten();
    let to = |name: &str, value| limits(name, value).unwrap_or_else(|| text(value));
    settings.map(|(name, value)| Difference { label: label(name), from: None, to: to(name, value) }).collect()
}

/// Whether this setting, of which only the change is told, was changed and no other.
fn alone(detail: &Value, name: &str) -> bool {
    let told = detail.get(name).is_some_and(|setting| setting.get("changed").is_some());
    told && detail.as_object().is_some_and(|all| all.len() == 1)
}

fn span(seconds: u64) -> String {
    let (count, unit) = match seconds {
        0..3_600 => (seconds / 60, "minute"),
        3_600..172_800 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// Limits in words; `None`: another setting, or limits of a newer release.
fn limits(name: &str, value: &Value) -> Option<String> {
    let each: Vec<String> = match name {
        "rate_limits" => RateLimits::deserialize(value).ok()?.iter().map(RateLimit::words).collect(),
        "quotas" => Quotas::deserialize(value).ok()?.iter().map(Quota::words).collect(),
        "contact_centre" => ContactCentreLimits::deserialize(value).ok()?.words(),
        _ => return None,
    };
    Some(if each.is_empty() { "none".to_owned() } else { each.join("; ") })
}

fn label(name: &str) -> &'static str {
    match name {
        "client_name" => "Client Name",
        "environment" => "Environment",
        "hint" => "API key",
        "preset" => "Preset",
        "scopes" => "Scopes",
        "expires_at" => "Expires",
        "enabled" => "State",
        "title" => "Title",
        "time_zone" => "Time zone",
        "required_second_factor" => "Second factor of",
        "show_once" => "Show secrets once",
        "longest_life_days" => "Longest life of keys, in days",
        "default_preset" => "Default preset",
        "leak_rule" => "Leaked keys",
        "rate_limits" => "Rate limits",
        "quotas" => "Quotas",
        other => TEXT_SETTINGS.iter().find(|setting| setting.name == other).map_or("Setting", |setting| setting.label),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::Bool(enabled) => if *enabled { "Enabled" } else { "Disabled" }.to_owned(),
        Value::String(text) => match text.parse() {
            // The one setting that is an instant is when the key ends.
            Ok(at) => end_text(at),
            Err(_) => text.clone(),
        },
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        Value::Object(pairs) if pairs.is_empty() => "none".to_owned(),
        Value::Object(pairs) => {
            pairs.iter().map(|(name, value)| format!("{name}: {}", text(value))).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn entries_are_told_in_words() {
        for (action, detail, words) in [
            ("key.issue", json!({}), "Created"),
            ("key.issue", json!({"enabled": false}), "Created, and disabled"),
            ("key.import", json!({"import": "i", "keys": 12}), "12 keys imported"),
            ("key.import", json!({"import": "i"}), "Imported"),
            ("key.rotate", json!({"overlap_seconds": 86_400}), "Rotated with an overlap of 24 hours"),
            ("key.rotate", json!({"overlap_seconds": 604_800}), "Rotated with an overlap of 7 days"),
            ("key.rotate", json!({"overlap_seconds": 0}), "Rotated without overlap"),
            ("key.update", json!({"notes": {"changed": true}}), "Notes changed"),
            ("administrator.sign_in", json!({}), "Signed in"),
            ("installation.update", json!({"contact": {"changed": true}}), "Contact changed"),
            ("installation.update", json!({"contact": {"changed": true}, "title": {}}), "Installation changed"),
            ("key.leaked", json!({"done": "told"}), "Found where it must not be"),
            ("key.leaked", json!({"done": "revoked"}), "Found where it must not be, and deleted"),
            ("key.paint", json!({}), "key.paint"),
        ] {
            assert_eq!(what(action, &detail), words);
        }
    }

    #[test]
    fn each_changed_setting_is_told_before_and_after() {
        let detail = json!({
            "scopes": { "from": ["calls:read"], "to": [] },
            "enabled": { "from": true, "to": false },
            "notes": { "changed": true },
            "contact_centre": { "from": {}, "to": { "calls_per_hour": 60, "agent_ids": [] } },
        });
        let told: Vec<_> = differences("key.update", &detail)
            .into_iter()
            .map(|Difference { label, from, to }| format!("{label}: {} > {to}", from.unwrap_or_default()))
            .collect();
        assert_eq!(
            told,
            [
                "In the contact centre: none > 60 outbound calls an hour; Acts for no agent",
                "State: Enabled > Disabled",
                "Scopes: calls:read > none"
            ]
        );
        let role = differences("administrator.set_role", &json!({"id": "x", "from": "viewer", "to": "owner"}));
        assert_eq!(role.len(), 1);
        assert!(differences("key.delete", &json!({"from": 1, "to": 2})).is_empty());
    }

    #[test]
    fn a_leak_is_told_with_its_place() {
        let detail = json!({ "url": "https://example.com/a", "source": null, "reporter": "k1", "done": "told" });
        let told: Vec<_> = given("key.leaked", &detail).into_iter().map(|one| (one.label, one.to)).collect();
        let expected = [("Found at", "https://example.com/a".to_owned()), ("Reported by", "k1".to_owned())];
        assert_eq!(told, expected);
    }

    #[test]
    fn no_action_is_offered_twice() {
        let mut offered: Vec<_> =
            ACTIONS.iter().flat_map(|(_, actions)| *actions).map(|(one, _)| one.as_str()).collect();
        let count = offered.len();
        offered.sort_unstable();
        offered.dedup();
        assert_eq!(offered.len(), count);
    }
}
