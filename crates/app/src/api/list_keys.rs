use leptos::prelude::*;
use model::{Environment, KeyId, KeyStatus, Preset, Sort};
use serde::{Deserialize, Serialize};

use super::Wire;
use crate::ApiError;

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
    pub(crate) status: KeyStatus,
    /// Unix milliseconds of the last allowed call.
    pub(crate) used: Option<i64>,
    /// Unix milliseconds.
    pub(crate) created: i64,
    /// Unix milliseconds.
    pub(crate) deleted: Option<i64>,
    pub(crate) version: i64,
}

#[cfg(feature = "ssr")]
impl From<model::Key> for KeyRow {
    fn from(key: model::Key) -> Self {
        Self {
            id: key.id,
            default: key.kind == model::KeyKind::Default,
            name: key.client_name.into(),
            hint: key.hint.0,
            environment: key.environment,
            preset: key.preset,
            status: key.status,
            used: key.last_used_at.map(model::Instant::as_millis),
            created: key.created_at.as_millis(),
            deleted: key.deleted_at.map(model::Instant::as_millis),
            version: key.version,
        }
    }
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
    let query = model::ListQuery {
        search: filter.search,
        sort: filter.sort,
        status: filter.status,
        environment: filter.environment,
        preset: filter.preset,
        expiring_before: None,
        limit,
        cursor: cursor.map(|text| text.parse()).transpose().map_err(|_| ApiError::Malformed)?,
    };
    let page = keydesk.list(&session.caller(), &query).await?;
    Ok(KeyList {
        rows: page.items.into_iter().map(KeyRow::from).collect(),
        next: page.next_cursor,
        total: page.total,
        at_least: page.total_is_lower_bound,
        may_change: session.administrator.role.may_change_keys(),
    })
}
