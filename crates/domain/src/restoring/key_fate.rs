use model::{Action, Instant, KeyId, KeySettings, SettingsPatch};
use serde_json::{Map, Value};
use store::LostEntry;

use super::revoked::{Again, action};

/// What happened to one key.
#[derive(Default)]
pub(super) struct KeyFate {
    deleted: Option<Instant>,
    disabled: Option<Instant>,
    /// When first, and when the previous secret was to end.
    rotated: Option<(Instant, Instant)>,
    overlap_ended: Option<Instant>,
    /// When last, and each setting that was changed as it was last.
    changed: Option<(Instant, Map<String, Value>)>,
    /// An entry that can't be read.
    unknown: Option<Instant>,
}

impl KeyFate {
    pub(super) fn take(&mut self, entry: &LostEntry) {
        let at = entry.at;
        let Ok(detail) = serde_json::from_str::<Value>(&entry.detail) else {
            self.unknown = Some(at);
            return;
        };
        match action(&entry.action) {
            Some(Action::KeyDelete) => self.deleted = Some(at),
            Some(Action::KeyRestore) => self.deleted = None,
            Some(Action::KeyDisable) => self.disabled = Some(at),
            Some(Action::KeyEnable) => self.disabled = None,
            Some(Action::KeyUpdate) => self.update(&detail, at),
            Some(Action::KeyRotate) => {
                let overlap = detail["overlap_seconds"].as_i64().unwrap_or_default();
                self.rotated = Some(match self.rotated {
                    None => (at, at.plus_millis(overlap.saturating_mul(1_000))),
                    // More than two secrets never work: this one ends the one that the backup has.
                    Some((first, end)) => (first, end.min(at)),
                });
            }
            Some(Action::KeyEndOverlap) => match &mut self.rotated {
                Some((_, end)) => *end = at.min(*end),
                None => self.overlap_ended = Some(at),
            },
            _ => {}
        }
    }

    fn update(&mut self, detail: &Value, at: Instant) {
        let Some(settings) = detail.as_object() else {
            self.unknown = Some(at);
            return;
        };
        for (name, change) in settings {
            match (name.as_str(), change.get("to")) {
                (name, _) if KeySettings::PERSONAL.contains(&name) => {}
                ("enabled", Some(Value::Bool(on))) => self.disabled = (!on).then_some(at),
                (name, Some(to)) if name != "enabled" => {
                    let (last, changed) = self.changed.get_or_insert_with(|| (at, Map::new()));
                    *last = at;
                    changed.insert(name.to_owned(), to.clone());
                }
                _ => self.unknown = Some(at),
            }
        }
    }

    /// Those that are not undone since, and go beyond what the backup has: of a key that was deleted the rest does not matter.
    pub(super) fn revocations(self, id: KeyId, backup: &KeySettings) -> Vec<(Instant, Again)> {
        if let Some(at) = self.deleted {
            return vec![(at, Again::Delete(id))];
        }
        let mut found = Vec::new();
        if let Some((at, changed)) = self.changed {
            match narrowed(backup, changed) {
                Some(settings) if settings == *backup => {}
                Some(settings) => found.push((at, Again::Narrow(id, Box::new(settings)))),
                None => found.push((at, Again::ByHand)),
            }
        }
        found.extend(self.unknown.map(|at| (at, Again::ByHand)));
        found.extend(self.disabled.filter(|_| backup.enabled).map(|at| (at, Again::Disable(id))));
        found.extend(match (self.rotated, self.overlap_ended) {
            (Some((at, end)), _) => Some((at, Again::Rotate(id, end))),
            (None, ended) => ended.map(|at| (at, Again::EndOverlap(id))),
        });
        found
    }
}

/// The settings of the backup with each that was narrowed since as it was last; `None`: one of them can't be read.
fn narrowed(backup: &KeySettings, mut last: Map<String, Value>) -> Option<KeySettings> {
    // A preset says nothing without its scopes.
    let preset = last.remove("preset");
    let mut settings = backup.clone();
    for (name, value) in last {
        let bounds = name == "issue_bounds";
        let preset = preset.clone().filter(|_| name == "scopes").map(|preset| ("preset".to_owned(), preset));
        let alone: Map<_, _> = [(name, value)].into_iter().chain(preset).collect();
        let patch: SettingsPatch = serde_json::from_value(Value::Object(alone)).ok()?;
        let to = patch.apply(&settings).ok()?;
        let narrower = settings.widens(&to).is_some() || !settings.scopes.iter().all(|scope| to.scopes.allows(scope));
        // Bounds are not compared: they are as they were last.
        if narrower || bounds {
            settings = to;
        }
    }
    Some(settings)
}

#[cfg(test)]
mod tests {
    use model::{ClientName, Scope};
    use uuid::Uuid;

    use super::*;
    use crate::restoring::Revocation;

    const ID: KeyId = KeyId(Uuid::nil());

    fn backup() -> KeySettings {
        let scopes = ["calls:read", "calls:write"].iter().map(|name| Scope::parse(name).unwrap()).collect();
        KeySettings { scopes, ..KeySettings::new(ClientName::parse("Acme").unwrap()) }
    }

    fn fate(entries: &[(&str, &str)]) -> Vec<(i64, Again)> {
        let mut fate = KeyFate::default();
        for (number, (action, detail)) in (1..).zip(entries) {
            let at = Instant::from_millis(number * 1_000);
            let (action, detail) = ((*action).to_owned(), (*detail).to_owned());
            fate.take(&LostEntry { seq: number, at, action, key: None, detail });
        }
        fate.revocations(ID, &backup()).into_iter().map(|(at, again)| (at.as_millis(), again)).collect()
    }

    #[test]
    fn what_was_undone_since_is_no_revocation() {
        let (delete, disable) = (Again::Delete(ID), Again::Disable(ID));
        let rotate = |end| Again::Rotate(ID, Instant::from_millis(end));
        let minute = ("key.rotate", r#"{"overlap_seconds":60}"#);
        for (entries, expected) in [
            (&[("key.reveal", "{}"), ("key.from_the_future", "{}")][..], vec![]),
            (&[("key.delete", "{}")], vec![(1_000, delete.clone())]),
            (&[("key.delete", "{}"), ("key.restore", "{}")], vec![]),
            (&[("key.disable", "{}"), ("key.delete", "{}")], vec![(2_000, delete)]),
            (&[("key.disable", "{}"), ("key.enable", "{}"), ("key.disable", "{}")], vec![(3_000, disable.clone())]),
            (&[("key.update", r#"{"enabled":{"from":true,"to":false}}"#)], vec![(1_000, disable.clone())]),
            (&[("key.disable", "{}"), ("key.update", r#"{"enabled":{"from":false,"to":true}}"#)], vec![]),
            (&[("key.update", r#"{"notes":{"changed":true}}"#)], vec![]),
            (&[minute], vec![(1_000, rotate(61_000))]),
            (&[minute, minute], vec![(1_000, rotate(2_000))]),
            (&[minute, ("key.end_overlap", "{}")], vec![(1_000, rotate(2_000))]),
            (&[("key.end_overlap", "{}")], vec![(1_000, Again::EndOverlap(ID))]),
            (
                &[("key.rotate", r#"{"overlap_seconds":0}"#), ("key.disable", "{}")],
                vec![(2_000, disable), (1_000, rotate(1_000))],
            ),
        ] {
            assert_eq!(fate(entries), expected, "{entries:?}");
        }
    }

    #[test]
    fn what_was_narrowed_is_as_it_was_last_and_what_was_widened_is_not() {
        let to = |setting: &str, to: &str| format!(r#"{{"{setting}":{{"from":null,"to":{to}}}}}"#);
        let end = r#""2099-01-01T00:00:00.000Z""#;
        for (details, narrower) in [
            (vec![to("scopes", r#"["calls:read"]"#)], Some(r#"{"scopes":["calls:read"]}"#.to_owned())),
            (vec![to("scopes", r#"["calls:read","calls:write","agents:read"]"#)], None),
            (vec![to("scopes", r#"["calls:read"]"#), to("scopes", r#"["calls:*"]"#)], None),
            (vec![to("expires_at", end)], Some(format!(r#"{{"expires_at":{end}}}"#))),
            (vec![to("expires_at", end), to("expires_at", "null")], None),
            (vec![to("allowed_ips", r#"["10.0.0.0/8"]"#)], Some(r#"{"allowed_ips":["10.0.0.0/8"]}"#.to_owned())),
            (
                vec![to("allowed_origins", r#"["https://a.example"]"#), to("client_name", r#""Beta""#)],
                Some(r#"{"allowed_origins":["https://a.example"]}"#.to_owned()),
            ),
            (vec![to("preset", r#""crm""#)], None),
        ] {
            let entries: Vec<_> = details.iter().map(|detail| ("key.update", detail.as_str())).collect();
            let patch = narrower.map(|text| serde_json::from_str::<SettingsPatch>(&text).unwrap());
            let expected: Vec<_> =
                patch.map(|patch| Again::Narrow(ID, Box::new(patch.apply(&backup()).unwrap()))).into_iter().collect();
            assert_eq!(fate(&entries).into_iter().map(|(_, again)| again).collect::<Vec<_>>(), expected, "{details:?}");
        }
    }

    #[test]
    fn a_setting_that_was_widened_stays_beside_one_that_was_narrowed() {
        let patch = |text: &str| serde_json::from_str::<SettingsPatch>(text).unwrap();
        let bound = r#"{"expires_at":"2099-01-01T00:00:00.000Z","allowed_ips":["10.0.0.0/8"]}"#;
        let backup = patch(bound).apply(&backup()).unwrap();
        for (last, kept) in [
            (r#"{"scopes":["calls:read"],"expires_at":null,"allowed_ips":[]}"#, r#"{"scopes":["calls:read"]}"#),
            (r#"{"allowed_ips":["10.1.0.0/16"],"expires_at":null}"#, r#"{"allowed_ips":["10.1.0.0/16"]}"#),
        ] {
            let last = serde_json::from_str(last).unwrap();
            assert_eq!(narrowed(&backup, last), Some(patch(kept).apply(&backup).unwrap()), "{kept}");
        }
    }

    #[test]
    fn an_unreadable_entry_is_listed() {
        for detail in
            ["", "null", "[]", r#"{"enabled":{"to":"no"}}"#, r#"{"scopes":{}}"#, r#"{"new_setting":{"to":1}}"#]
        {
            let found = fate(&[("key.update", detail)]);
            assert_eq!(found.len(), 1, "{detail}");
            assert_eq!(found[0].1.how(), Revocation::Unknown, "{detail}");
        }
    }
}
