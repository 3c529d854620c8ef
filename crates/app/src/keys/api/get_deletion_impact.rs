use leptos::prelude::*;
use model::Selection;
use serde::{Deserialize, Serialize};

use crate::{ApiError, web::FormOrJson};

/// What deleting a selection would stop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DeletionImpact {
    pub(crate) keys: u64,
    /// The first few of the clients.
    pub(crate) names: Vec<String>,
    /// Allowed calls in the last 30 days.
    pub(crate) calls: u64,
    /// `calls` is a lower bound.
    pub(crate) at_least: bool,
    /// Unix milliseconds of the last allowed call.
    pub(crate) used: Option<i64>,
}

/// Says what deleting a selection would stop.
#[server(prefix = "/api/_fn", protocol = FormOrJson)]
pub(crate) async fn get_deletion_impact(selection: Selection) -> Result<DeletionImpact, ApiError> {
    let (keydesk, session) = crate::web::session::require().await?;
    let selection = crate::keys::filter::as_of(keydesk.now(), selection);
    let impact = keydesk.deletion_impact(&session.caller(), &selection).await?;
    Ok(DeletionImpact {
        keys: impact.keys,
        names: impact.names.into_iter().map(String::from).collect(),
        calls: impact.calls_30_days,
        at_least: impact.calls_is_lower_bound,
        used: impact.last_used_at.map(model::Instant::as_millis),
    })
}
