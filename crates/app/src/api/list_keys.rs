use leptos::prelude::*;
use model::{Environment, KeyId, KeyStatus, Preset, Sort};
use serde::{Deserialize, Serialize};

use super::Wire;
use crate::ApiError;

/// A key that ends within so many milliseconds ends soon: 14 days.
#[cfg(feature = "ssr")]
pub(crate) const SOON_MS: i64 = 14 * 24 * 60 * 60 * 1000;

/// Which keys a list shows, and in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Filter {
    /// Part of the Client Name. Empty: all.
    pub(crate) search: String,
    pub(crate) sort: Sort,
    /// `revoked`: keys that were deleted and can be restored. Without it: all but those.
    pub(crate) status: Option<KeyStatus>,
    pub(crate) environment: Option<Environment>,
    pub(crate) preset: Option<Preset>,
    /// Only active keys that end within 14 days.
    pub(crate) expiring: bool,
}

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
    /// What it may do, in words, where that is not what the preset says.
    pub(crate) access: Option<String>,
    pub(crate) status: KeyStatus,
    /// Unix milliseconds.
    pub(crate) expires: Option<i64>,
    /// Whole days that it lives on, when it ends soon.
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
    /// All that can change of what a row shows. Another version brings the rest.
    pub(crate) fn shown(&self) -> (KeyId, i64, Option<i64>, bool, KeyStatus, Option<u32>, Option<i64>) {
        (self.id, self.version, self.deleted, self.default, self.status, self.days_left, self.used)
    }
}

#[cfg(feature = "ssr")]
impl KeyRow {
    pub(crate) fn of(key: model::Key, now: model::Instant) -> Self {
        let access = crate::documents::access(key.settings.preset, &key.settings.scopes);
        Self {
            id: key.id,
            default: key.kind == model::KeyKind::Default,
            hint: key.hint.0.clone(),
            environment: key.environment,
            preset: key.settings.preset,
            access: Some(access).filter(|access| access != key.settings.preset.title()),
            status: key.status,
            expires: key.settings.expires_at.map(model::Instant::as_millis),
            days_left: crate::documents::days_left(&key, now),
            used: key.last_used_at.map(model::Instant::as_millis),
            created: key.created_at.as_millis(),
            deleted: key.deleted_at.map(model::Instant::as_millis),
            version: key.version,
            name: key.settings.client_name.into(),
        }
    }
}

/// A selection of what ends soon, by the server's clock.
#[cfg(feature = "ssr")]
pub(crate) fn as_of(now: model::Instant, mut selection: model::Selection) -> model::Selection {
    if let model::Selection::Matching { expiring_before: Some(before), .. } = &mut selection {
        *before = now.plus_millis(SOON_MS);
    }
    selection
}

/// A page of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeyList {
    pub(crate) rows: Vec<KeyRow>,
    /// Where the next page begins; `None`: this was the last.
    pub(crate) next: Option<String>,
    /// How many keys match.
    pub(crate) total: u64,
    /// `total` stopped counting: there are at least so many.
    pub(crate) at_least: bool,
    /// Whether the person's role may change and reveal keys.
    pub(crate) may_change: bool,
}

/// Lists keys, from the beginning or from where a page ended.
#[server(prefix = "/api/_fn", protocol = Wire)]
pub(crate) async fn list_keys(filter: Filter, cursor: Option<String>, limit: u32) -> Result<KeyList, ApiError> {
    let (keydesk, session) = crate::ssr::session::require().await?;
    let now = keydesk.now();
    let query = model::ListQuery {
        search: filter.search,
        sort: filter.sort,
        status: if filter.expiring { Some(KeyStatus::Active) } else { filter.status },
        environment: filter.environment,
        preset: filter.preset,
        expiring_before: filter.expiring.then(|| now.plus_millis(SOON_MS)),
        limit,
        cursor: cursor.map(|text| text.parse()).transpose().map_err(|_| ApiError::Malformed)?,
    };
    let page = keydesk.list(&session.caller(), &query).await?;
    Ok(KeyList {
        rows: page.items.into_iter().map(|key| KeyRow::of(key, now)).collect(),
        next: page.next_cursor,
        total: page.total,
        at_least: page.total_is_lower_bound,
        may_change: session.administrator.role.may_change_keys(),
    })
}
