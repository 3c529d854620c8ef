use std::sync::Arc;

use axum::{extract::Request, response::Response};
use edge::{Problem, query};
use http::StatusCode;
use model::{Preset, RateLimits, ScopeSet};
use serde::Serialize;
use utoipa::ToSchema;
use verify::Record;

use crate::{App, respond};

/// Every preset.
#[derive(Serialize, ToSchema)]
pub(crate) struct PresetList {
    items: Vec<PresetEntry>,
}

/// A named set of scopes.
#[derive(Serialize, ToSchema)]
pub(crate) struct PresetEntry {
    /// As it is given to a key.
    preset: Preset,
    /// Its name for people.
    title: &'static str,
    /// What a key with it may do.
    summary: &'static str,
    /// The scopes that it stands for.
    scopes: ScopeSet,
    /// The rate limits of a new key with it for which none are given.
    rate_limits: RateLimits,
}

/// List presets
///
/// Named sets of scopes for kinds of third-party systems. Any valid key may ask.
#[utoipa::path(
    get,
    path = "/api/v1/presets",
    tag = "Catalogue",
    responses((status = 200, description = "The presets.", body = PresetList))
)]
pub(crate) async fn list_presets(_: App, _: Arc<Record>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    query::none(&parts.uri)?;
    let entry = |preset: Preset| PresetEntry {
        preset,
        title: preset.title(),
        summary: preset.summary(),
        scopes: preset.scopes(),
        rate_limits: preset.rate_limits(),
    };
    Ok(respond::json(StatusCode::OK, &PresetList { items: Preset::ALL.into_iter().map(entry).collect() }))
}
