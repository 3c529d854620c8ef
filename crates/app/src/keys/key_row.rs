use model::{Environment, KeyId, KeyStatus, Preset};
use serde::{Deserialize, Serialize};

/// A key as the grid shows it: little enough for a hundred thousand of them to fit into a tab.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeyRow {
    pub(crate) id: KeyId,
    /// Whether it is the Default API Key, which can be neither edited nor deleted.
    pub(crate) default: bool,
    pub(crate) name: String,
    pub(crate) hint: String,
    pub(crate) environment: Environment,
    pub(crate) preset: Preset,
    /// Its access in words, where it differs from that of the preset.
    pub(crate) access: Option<String>,
    pub(crate) status: KeyStatus,
    /// Unix milliseconds, and the same in words for whoever asked: `31 Dec 2026, 23:59, Sydney`.
    pub(crate) expires: Option<(i64, String)>,
    /// Whole days that remain, when it expires soon.
    pub(crate) days_left: Option<u32>,
    /// Unix milliseconds of the last allowed call.
    pub(crate) used: Option<i64>,
    /// Unix milliseconds.
    pub(crate) created: i64,
    /// Unix milliseconds.
    pub(crate) deleted: Option<i64>,
    pub(crate) version: i64,
    /// What else restricts or endangers it.
    #[serde(default, skip_serializing_if = "Marks::are_none")]
    pub(crate) marks: Marks,
}

/// What restricts a key, and what it could do that others must not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Marks {
    /// Networks from which it works; 0: from everywhere.
    addresses: u32,
    /// Web origins from which it works; 0: from all.
    origins: u32,
    /// Secrets that work besides the newest.
    more_secrets: u32,
    /// It may act as people.
    impersonates: bool,
    /// It may make other keys, or see their secrets.
    manages: bool,
}

impl Marks {
    fn are_none(&self) -> bool {
        *self == Self::default()
    }
}

/// What stands beside a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chip {
    pub(super) text: String,
    pub(super) class: &'static str,
}

/// What tells one drawing of a row from another, in the order of [`KeyRow::shown`].
pub(crate) type Shown = (KeyId, i64, Option<i64>, bool, KeyStatus, Option<u32>, Option<i64>, u32);

impl KeyRow {
    /// The values whose change redraws a row. All others change only together with the version.
    pub(crate) fn shown(&self) -> Shown {
        let Self { id, version, deleted, default, status, days_left, used, marks, .. } = self;
        (*id, *version, *deleted, *default, *status, *days_left, *used, marks.more_secrets)
    }

    /// What stands beside its name: first what tells it from live keys, then what is to be done, then what restricts or endangers it.
    pub(super) fn chips(&self) -> Vec<Chip> {
        let Marks { addresses, origins, more_secrets, impersonates, manages } = self.marks;
        let ends = self.days_left.map(|days| match days {
            0 => "ends within a day".to_owned(),
            1 => "ends in 1 day".to_owned(),
            days => format!("ends in {days} days"),
        });
        let number = |count: u32, one: &str, more: &str| match count {
            0 => None,
            1 => Some(format!("1 {one}")),
            count => Some(format!("{count} {more}")),
        };
        let chip = |text: Option<String>, class: &'static str| text.map(|text| Chip { text, class });
        let chips = [
            chip((self.environment == Environment::Test).then(|| "Test".to_owned()), "badge test"),
            chip(ends, "badge warning"),
            chip((more_secrets > 0).then(|| format!("{} secrets", more_secrets + 1)), "badge warning"),
            chip(number(addresses, "address", "addresses"), "badge"),
            chip(number(origins, "web origin", "web origins"), "badge"),
            chip(impersonates.then(|| "can impersonate".to_owned()), "badge bad"),
            chip(manages.then(|| "can manage keys".to_owned()), "badge bad"),
        ];
        chips.into_iter().flatten().collect()
    }

    /// Its access in as few words as a column has room for, where those are not all of it.
    pub(super) fn short_access(&self) -> Option<String> {
        let whole = self.access.as_ref().filter(|access| access.chars().count() > SHORT)?;
        let scopes = whole.matches(':').count();
        Some(match (self.preset, scopes) {
            (Preset::Custom, scopes) => format!("Custom, {scopes} scopes"),
            (preset, 1) => format!("{}, 1 change", preset.title()),
            (preset, scopes) => format!("{}, {scopes} changes", preset.title()),
        })
    }
}

/// Two lines of a column.
const SHORT: usize = 32;

#[cfg(feature = "ssr")]
impl KeyRow {
    pub(crate) fn of(key: model::Key, now: model::Instant) -> Self {
        let zone = crate::web::Reader::of_page().zone;
        let access = crate::ui::labels::access(key.settings.preset, &key.settings.scopes);
        Self {
            id: key.id,
            default: key.kind == model::KeyKind::Default,
            hint: key.hint.0.clone(),
            environment: key.environment,
            preset: key.settings.preset,
            access: Some(access).filter(|access| access != key.settings.preset.title()),
            status: key.status,
            expires: key.settings.expires_at.map(|at| (at.as_millis(), zone.end_words(at))),
            days_left: crate::ui::labels::days_left(&key, now),
            used: key.last_used_at.map(model::Instant::as_millis),
            created: key.created_at.as_millis(),
            deleted: key.deleted_at.map(model::Instant::as_millis),
            version: key.version,
            marks: Marks::of(&key),
            name: key.settings.client_name.into(),
        }
    }

    /// The same, as so many of its secrets work.
    pub(crate) fn with_secrets(mut self, secrets: u32) -> Self {
        self.marks.more_secrets = secrets.saturating_sub(1);
        self
    }
}

#[cfg(feature = "ssr")]
impl Marks {
    fn of(key: &model::Key) -> Self {
        let (settings, default) = (&key.settings, key.kind == model::KeyKind::Default);
        let may = |scope: &str| model::Scope::parse(scope).is_ok_and(|scope| settings.scopes.allows(&scope));
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Self {
            addresses: number(settings.allowed_ips.len()),
            origins: number(settings.allowed_origins.len()),
            more_secrets: 0,
            impersonates: may("users:impersonate"),
            manages: !default && (may("keys:write") || may("keys:reveal")),
        }
    }
}

#[cfg(test)]
#[cfg(feature = "ssr")]
mod tests {
    use model::{ClientName, Hint, Instant, Key, KeyKind, KeySettings, Network, NetworkSet, Scope, ScopeSet};

    use super::*;

    fn key(preset: Preset, scopes: &[&str]) -> Key {
        let at = Instant::from_millis(1_000);
        let scopes: ScopeSet = scopes.iter().filter_map(|scope| Scope::parse(scope).ok()).collect();
        Key {
            id: "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
            kind: KeyKind::Issued,
            hint: Hint("ccc_live_7Qfx…c2Xa".to_owned()),
            environment: Environment::Live,
            status: KeyStatus::Active,
            settings: KeySettings { preset, scopes, ..KeySettings::new(ClientName::parse("Acme").unwrap()) },
            last_used_at: None,
            created_at: at,
            updated_at: at,
            deleted_at: None,
            version: 1,
            imported: false,
        }
    }

    fn texts(row: &KeyRow) -> Vec<String> {
        row.chips().into_iter().map(|chip| chip.text).collect()
    }

    #[test]
    fn chips_say_what_restricts_or_endangers() {
        let now = Instant::from_millis(1_000);
        let plain = KeyRow::of(key(Preset::Crm, &["calls:read"]), now);
        assert_eq!(texts(&plain), [""; 0]);
        assert_eq!(texts(&plain.with_secrets(2)), ["2 secrets"]);
        let mut all = key(Preset::Custom, &["users:impersonate", "keys:*"]);
        all.environment = Environment::Test;
        all.settings.expires_at = Some(now.plus_millis(12 * 24 * 60 * 60 * 1_000));
        all.settings.allowed_ips = NetworkSet::new([Network::parse("10.0.0.0/8").unwrap()]).unwrap();
        let expected = ["Test", "ends in 12 days", "1 address", "can impersonate", "can manage keys"];
        assert_eq!(texts(&KeyRow::of(all, now)), expected);
    }

    #[test]
    fn access_that_has_no_room_is_counted() {
        let now = Instant::from_millis(1_000);
        let short = |preset, scopes: &[&str]| KeyRow::of(key(preset, scopes), now).short_access();
        let crm = ["contacts:read", "contacts:write", "calls:read", "calls:make", "wraps:read", "wraps:write"];
        assert_eq!(short(Preset::Crm, &crm), None);
        assert_eq!(short(Preset::Crm, &crm[1..]), None);
        let changed = [&crm[2..], &["recordings:read"]].concat();
        assert_eq!(short(Preset::Crm, &changed).as_deref(), Some("CRM, 3 changes"));
        assert_eq!(short(Preset::Custom, &["calls:read", "calls:make"]), None);
        assert_eq!(short(Preset::Custom, &crm).as_deref(), Some("Custom, 6 scopes"));
    }
}
