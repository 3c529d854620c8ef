use serde::{Deserialize, Serialize};

use crate::{Attention, ClientName, Environment, Instant, KeyError, KeyId, KeyStatus, ListQuery, Preset, Sort};

/// Which keys an administrator has selected. The Default API Key is never among them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Selection {
    /// These.
    Ids(Vec<KeyId>),
    /// All that match, also those that the page has not loaded.
    Matching {
        /// As in [`ListQuery`].
        search: String,
        /// As in [`ListQuery`].
        environment: Option<Environment>,
        /// As in [`ListQuery`].
        status: Option<KeyStatus>,
        /// As in [`ListQuery`].
        preset: Option<Preset>,
        /// As in [`ListQuery`].
        #[serde(default)]
        expiring_before: Option<Instant>,
        /// As in [`ListQuery`].
        #[serde(default)]
        attention: Option<Attention>,
    },
}

impl Selection {
    /// The list that shows the selected keys; `None` for [`Selection::Ids`].
    pub fn query(&self, limit: u32) -> Option<ListQuery> {
        match self {
            Self::Ids(_) => None,
            Self::Matching { search, environment, status, preset, expiring_before, attention } => Some(ListQuery {
                search: search.clone(),
                environment: *environment,
                status: *status,
                preset: *preset,
                expiring_before: *expiring_before,
                attention: *attention,
                sort: Sort::default(),
                limit,
                cursor: None,
            }),
        }
    }
}

/// What deleting or disabling a selection would stop.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletionImpact {
    /// How many keys. Before disabling: without those that are disabled.
    pub keys: u64,
    /// How many of them work no more: they have expired or are disabled.
    pub idle: u64,
    /// The first few of their clients, by name.
    pub names: Vec<ClientName>,
    /// Allowed calls with them in the last 30 days.
    pub calls_30_days: u64,
    /// `calls_30_days` is a lower bound: adding up was stopped.
    pub calls_is_lower_bound: bool,
    /// The last allowed call with any of them.
    pub last_used_at: Option<Instant>,
}

/// The outcome of deleting a selection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deleted {
    /// Keys that were deleted.
    pub deleted: u64,
    /// Keys that were gone already or are protected.
    pub skipped: u64,
    /// The epochs of the changes that deleted them: with these the deletion can be undone.
    pub changes: Vec<i64>,
    /// Why it stopped before all were deleted, if it did. What was deleted until then stays so.
    #[serde(default)]
    pub stopped: Option<KeyError>,
}

/// The outcome of switching a selection on or off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switched {
    /// Keys that were switched.
    pub changed: u64,
    /// Keys that were in the wanted state already, were gone, or are protected.
    pub skipped: u64,
    /// The epochs of the changes that switched them: with these it can be undone.
    pub changes: Vec<i64>,
    /// Why it stopped before all were switched, if it did. What was switched until then stays so.
    #[serde(default)]
    pub stopped: Option<KeyError>,
}

/// Allowed calls with a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// The key.
    pub id: KeyId,
    /// For each of the last 30 days (UTC), today last.
    pub days: Vec<u32>,
}
