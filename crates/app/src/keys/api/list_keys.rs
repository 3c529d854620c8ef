use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::super::{filter::Filter, key_row::KeyRow};
use crate::{ApiError, web::FormOrJson};

/// A page of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeyList {
    pub(crate) rows: Vec<KeyRow>,
    /// Where the next page begins; `None`: this was the last.
    pub(crate) next: Option<String>,
    /// How many keys match.
    pub(crate) total: u64,
    /// `total` is a lower bound.
    pub(crate) at_least: bool,
    /// Whether the person's role may change and reveal keys.
    pub(crate) may_change: bool,
    /// Whether it may reveal and rotate the Default API Key.
    pub(crate) may_use_default: bool,
    /// Allowed calls are not recorded, so a key without a last use may be in use all the same.
    pub(crate) not_recorded: bool,
}

/// Lists keys, from the beginning or from where a page ended.
#[server(prefix = "/api/_fn", protocol = FormOrJson)]
pub(crate) async fn list_keys(filter: Filter, cursor: Option<String>, limit: u32) -> Result<KeyList, ApiError> {
    let (keydesk, session) = crate::web::session::require().await?;
    let now = keydesk.now();
    use model::Permission;
    let query = model::ListQuery {
        search: filter.search,
        sort: filter.sort,
        status: if filter.expiring { Some(model::KeyStatus::Active) } else { filter.status },
        environment: filter.environment,
        preset: filter.preset,
        expiring_before: filter.expiring.then(|| now.plus_millis(crate::ui::labels::SOON_MS)),
        attention: filter.attention,
        limit,
        cursor: cursor.map(|text| text.parse()).transpose().map_err(|_| ApiError::Malformed)?,
    };
    let caller = session.caller();
    let page = keydesk.list(&caller, &query).await?;
    let ids: Vec<_> = page.items.iter().map(|key| key.id).collect();
    let secrets = keydesk.several_secrets(&caller, &ids).await?;
    let row = |key: model::Key| {
        let several = secrets.get(&key.id).copied().unwrap_or(1);
        KeyRow::of(key, now).with_secrets(several)
    };
    Ok(KeyList {
        rows: page.items.into_iter().map(row).collect(),
        next: page.next_cursor,
        total: page.total,
        at_least: page.total_is_lower_bound,
        may_change: caller.may(Permission::ManageKeys),
        may_use_default: caller.may(Permission::UseDefaultKey),
        not_recorded: !keydesk.records_allowed_calls(),
    })
}
