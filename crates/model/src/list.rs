use serde::{Deserialize, Serialize};

use crate::{Attention, Cursor, Environment, Instant, Key, KeyStatus, Preset, Sort};

/// Keys on a page when nothing else is asked.
pub const PAGE_DEFAULT: u32 = 50;
/// Most keys on a page.
pub const PAGE_MAX: u32 = 200;

/// Which keys are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListQuery {
    /// What is searched for, as typed ([`crate::Search`]); `%`, `_` and `\` are ordinary characters. Empty: all.
    pub search: String,
    /// Only this environment.
    pub environment: Option<Environment>,
    /// Only this status; `revoked` lists deleted keys that can still be restored. Without it: all but those.
    pub status: Option<KeyStatus>,
    /// Only this preset.
    pub preset: Option<Preset>,
    /// Only keys that have not expired yet, and will before this instant.
    pub expiring_before: Option<Instant>,
    /// Only keys that want attention for this reason.
    #[serde(default)]
    pub attention: Option<Attention>,
    /// The order.
    pub sort: Sort,
    /// Keys on the page, 1 to [`PAGE_MAX`].
    pub limit: u32,
    /// Where the page begins.
    pub cursor: Option<Cursor>,
}

/// A page of keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KeyPage {
    /// In the order asked.
    pub items: Vec<Key>,
    /// Where the next page begins; null: this was the last.
    pub next_cursor: Option<String>,
    /// How many keys match in all.
    pub total: u64,
    /// `total` is a lower bound: at least this many keys match. Without search and filters the total is always exact.
    pub total_is_lower_bound: bool,
}
