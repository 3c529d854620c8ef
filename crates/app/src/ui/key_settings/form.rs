//! The settings of a key as the values of a form.

use model::{Day, Environment, Expiry, Instant, Key, KeyLife, Preset, ScopeSet, TimeZone};

use super::{limit_rows::LimitRows, posted::Form, text_settings::TEXT_SETTINGS};
use crate::{ui::labels::access, web::Reader};

/// The values of the fields.
#[derive(Clone, Debug, Default)]
pub(crate) struct SettingsForm {
    /// The key exists already. The form of a new key has its preset above.
    pub(super) existing: bool,
    pub(super) preset: Option<Preset>,
    pub(super) scopes: ScopeSet,
    /// The key has the scopes that are ticked, not those of the preset.
    pub(super) chosen: bool,
    pub(super) environment: Environment,
    pub(super) expires: String,
    pub(super) expires_on: String,
    /// Whose day it is, where the form has said so.
    pub(super) time_zone: Option<TimeZone>,
    /// When the key expires now.
    pub(super) keep: Option<Instant>,
    /// Within how many days the installation lets a key end.
    pub(super) longest: Option<KeyLife>,
    pub(super) limits: LimitRows,
    /// One for each of [`TEXT_SETTINGS`].
    pub(super) texts: Vec<String>,
    pub(crate) enabled: bool,
    name: String,
}

impl SettingsForm {
    /// A key as it is.
    pub(crate) fn of_key(key: &Key) -> Self {
        Self {
            existing: true,
            preset: Some(key.settings.preset),
            scopes: key.settings.scopes.clone(),
            chosen: true,
            environment: key.environment,
            expires: key.settings.expires_at.map_or_else(|| "never".to_owned(), |at| at.to_string()),
            expires_on: String::new(),
            time_zone: None,
            keep: key.settings.expires_at,
            longest: None,
            limits: LimitRows::of(&key.settings.rate_limits, &key.settings.quotas),
            texts: TEXT_SETTINGS.iter().map(|setting| (setting.write)(&key.settings)).collect(),
            enabled: key.settings.enabled,
            name: key.settings.client_name.as_str().to_owned(),
        }
    }

    /// The settings of a key, for a new one. The new key is enabled even if the other is not: whatever that one was disabled
    /// for, the new one has another secret.
    pub(crate) fn duplicate(key: &Key) -> Self {
        Self { existing: false, enabled: true, ..Self::of_key(key) }
    }

    /// The values that were typed or that an address fills in; for an existing key, laid over its settings.
    pub(crate) fn of_form(form: Form<'_>, before: Option<&Key>) -> Self {
        let text = |name: &str| form.text(name).to_owned();
        let (expires, expires_on) = expiry(form);
        if let Some(key) = before.filter(|_| !form.has("settings")) {
            return Self { name: text("client_name"), ..Self::of_key(key) };
        }
        // Nothing is chosen for a new key before somebody chooses.
        let preset = form.preset().or_else(|| before.map(|_| Preset::Custom));
        let chosen = form.text("access") == "chosen" || form.has("scope") || preset == Some(Preset::Custom);
        Self {
            existing: before.is_some(),
            preset,
            scopes: form.scopes(),
            chosen: before.is_some() || chosen,
            environment: form.text("environment").parse().unwrap_or_default(),
            expires,
            expires_on,
            time_zone: form.text("time_zone").parse().ok(),
            keep: before.and_then(|key| key.settings.expires_at),
            longest: None,
            limits: match before {
                Some(key) if !form.has("limits") => LimitRows::of(&key.settings.rate_limits, &key.settings.quotas),
                Some(_) => LimitRows::of_form(form),
                None => LimitRows::of_form(form).or_of(preset),
            },
            texts: TEXT_SETTINGS.iter().map(|setting| form.text(setting.name).replace("\r\n", "\n")).collect(),
            enabled: form.enabled(),
            name: text("client_name"),
        }
    }

    /// The same where the installation lets keys live so long. A new key without an end ends as late as may be.
    pub(crate) fn within(self, longest: Option<KeyLife>) -> Self {
        let endless = !self.existing && matches!(self.expires.as_str(), "" | "never");
        let expires = match longest {
            Some(longest) if endless => longest.days().to_string(),
            _ => self.expires,
        };
        Self { expires, longest, ..self }
    }

    /// The settings that differ, as `reader` reads them: the label, the value here, and the value there.
    pub(crate) fn differences(&self, other: &Self, reader: &Reader) -> Vec<(&'static str, String, String)> {
        let pairs = self.facts(reader).into_iter().zip(other.facts(reader)).filter(|(here, there)| here != there);
        pairs.map(|((label, here), (_, there))| (label, here, there)).collect()
    }

    /// Every setting, by its label.
    fn facts(&self, reader: &Reader) -> Vec<(&'static str, String)> {
        let state = if self.enabled { "Enabled" } else { "Disabled" };
        let mut facts = vec![
            ("Client Name", self.name.trim().to_owned()),
            ("Access", access(self.preset.unwrap_or(Preset::Custom), &self.scopes)),
            ("Expires", self.expiry(reader)),
        ];
        facts.extend(TEXT_SETTINGS.iter().zip(&self.texts).map(|(setting, text)| (setting.label, list(text))));
        facts.extend(self.limits.facts());
        facts.push(("State", state.to_owned()));
        facts
    }

    /// The expiry, in words.
    pub(super) fn expiry(&self, reader: &Reader) -> String {
        match self.end(reader) {
            Some(at) if self.expires.parse::<u16>().is_err() => reader.zone.end_words(at),
            Some(_) => format!("In {} days", self.expires),
            None => match self.expires.as_str() {
                "" | "never" => "Never".to_owned(),
                "date" => "At the end of a day".to_owned(),
                text => format!("“{text}”, which is not a time"),
            },
        }
    }

    /// When a key would stop that was saved now. The words of `zone.js` are the same.
    pub(super) fn stops(&self, reader: &Reader) -> String {
        match self.end(reader) {
            Some(at) => {
                let stops = if at > reader.now { "Stops" } else { "Stopped" };
                format!("{stops} {}", reader.zone.end_words(at))
            }
            None => match self.expires.as_str() {
                "" | "never" => "Never stops by itself".to_owned(),
                "date" => format!("Stops at 23:59 on that day, {}", reader.zone.place()),
                _ => String::new(),
            },
        }
    }

    /// The instant that the form means.
    fn end(&self, reader: &Reader) -> Option<Instant> {
        let end = match self.expires.as_str() {
            "" | "never" => None,
            "date" => self.expires_on.parse().ok().map(Expiry::EndOf),
            text => Expiry::in_days(text).or_else(|| text.parse().ok().map(Expiry::At)),
        };
        Some(end?.instant(reader.now, self.time_zone.as_ref().unwrap_or(&reader.zone)))
    }
}

/// The chosen option, and the day. An address may name the end as REST does, or a day by itself.
fn expiry(form: Form<'_>) -> (String, String) {
    let chosen = if form.has("expires") { form.text("expires") } else { form.text("expires_at") };
    if chosen.parse::<Day>().is_ok() {
        ("date".to_owned(), chosen.to_owned())
    } else {
        (chosen.to_owned(), form.text("expires_on").to_owned())
    }
}

fn list(lines: &str) -> String {
    let lines: Vec<_> = lines.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if lines.is_empty() { "None".to_owned() } else { lines.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_may_give_the_expiry_in_any_accepted_form() {
        for (fields, expected) in [
            (&[("expires", "30")][..], ("30", "")),
            (&[("expires", "date"), ("expires_on", "2026-12-31")], ("date", "2026-12-31")),
            (&[("expires", "2026-12-31")], ("date", "2026-12-31")),
            (&[("expires_at", "2026-12-31")], ("date", "2026-12-31")),
            (&[("expires_at", "2026-12-31T10:00:00Z")], ("2026-12-31T10:00:00Z", "")),
            // Shown as it is, and refused: never taken for "never".
            (&[("expires", "7d")], ("7d", "")),
            (&[], ("", "")),
        ] {
            let fields: Vec<_> = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let (expires, expires_on) = expiry(Form(&fields));
            assert_eq!((expires.as_str(), expires_on.as_str()), expected);
        }
    }
}
