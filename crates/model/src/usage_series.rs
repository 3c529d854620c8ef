use serde::{Deserialize, Serialize};

use crate::{ClientName, Code, Environment, KeyId, Scope, UsagePoint};

/// What the calls of a series have in common: what they were grouped by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SeriesOf {
    /// The key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<KeyId>,
    /// The client's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_name: Option<ClientName>,
    /// The environment of the keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<Environment>,
    /// How the calls were decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// The scope that they wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
}

/// The calls of one group. Steps without a call are left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UsageSeries {
    /// What it is of.
    #[serde(flatten)]
    pub of: SeriesOf,
    /// Its points, in order.
    pub points: Vec<UsagePoint>,
}

/// Calls by groups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UsageGroups {
    /// The groups that have calls.
    pub groups: Vec<UsageSeries>,
    /// Where the next page begins, of groups by key; null: there are no more.
    pub next_cursor: Option<KeyId>,
}
