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
}

impl KeyRow {
    /// The values whose change redraws a row. All others change only together with the version.
    pub(crate) fn shown(&self) -> (KeyId, i64, Option<i64>, bool, KeyStatus, Option<u32>, Option<i64>) {
        (self.id, self.version, self.deleted, self.default, self.status, self.days_left, self.used)
    }
}

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
            name: key.settings.client_name.into(),
        }
    }
}
