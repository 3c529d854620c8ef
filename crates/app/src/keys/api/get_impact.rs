use leptos::prelude::*;
use model::Selection;
use serde::{Deserialize, Serialize};

use super::super::stop::Stop;
use crate::{ApiError, web::FormOrJson};

/// What deleting or disabling a selection would stop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Impact {
    pub(crate) keys: u64,
    /// How many of them work no more as it is.
    pub(crate) idle: u64,
    /// The first few of the clients.
    pub(crate) names: Vec<String>,
    /// Allowed calls in the last 30 days.
    pub(crate) calls: u64,
    /// `calls` is a lower bound.
    pub(crate) at_least: bool,
    /// Allowed calls are not recorded, so the keys may be in use all the same.
    pub(crate) not_recorded: bool,
    /// Unix milliseconds of the last allowed call.
    pub(crate) used: Option<i64>,
    /// What else the keys were used for, as HTML.
    pub(crate) besides: String,
}

/// Says what stopping a selection would stop.
#[server(prefix = "/api/_fn", protocol = FormOrJson)]
pub(crate) async fn get_impact(selection: Selection, stop: Stop) -> Result<Impact, ApiError> {
    let (keydesk, session) = crate::web::session::require().await?;
    let (caller, selection) = (session.caller(), crate::keys::filter::as_of(keydesk.now(), selection));
    let impact = match stop {
        Stop::Delete => keydesk.deletion_impact(&caller, &selection).await?,
        Stop::Disable => keydesk.disabling_impact(&caller, &selection).await?,
    };
    let breaks = keydesk.breaks_of(&caller, &selection, &impact).await?;
    Ok(Impact {
        keys: impact.keys,
        idle: impact.idle,
        names: impact.names.into_iter().map(String::from).collect(),
        calls: impact.calls_30_days,
        at_least: impact.calls_is_lower_bound,
        not_recorded: breaks.allowed_is_not_recorded,
        used: impact.last_used_at.map(model::Instant::as_millis),
        besides: crate::ui::breaks_besides(&breaks).map(|besides| besides.to_html()).unwrap_or_default(),
    })
}
