use std::sync::Arc;

use axum::{extract::Request, response::Response};
use edge::{Problem, query};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use verify::Record;

use crate::{App, respond};

/// Every scope that a key can have.
#[derive(Serialize, ToSchema)]
#[schema(as = ScopeList)]
pub(crate) struct ScopeList<'a> {
    items: Vec<ScopeEntry<'a>>,
}

/// One scope.
#[derive(Serialize, ToSchema)]
#[schema(as = ScopeEntry)]
pub(crate) struct ScopeEntry<'a> {
    /// As it is given to a key. `resource:*` holds every action of a resource.
    #[schema(value_type = model::Scope)]
    scope: &'a str,
    /// What it allows.
    description: &'a str,
}

/// List scopes
///
/// Every scope that a key can have: those that Keydesk knows from the start, and those that this deployment adds. Any
/// valid key may ask.
#[utoipa::path(
    get,
    path = "/api/v1/scopes",
    tag = "Catalogue",
    responses((status = 200, description = "The scopes.", body = ScopeList))
)]
pub(crate) async fn list_scopes(app: App, _: Arc<Record>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    query::none(&parts.uri)?;
    let items = app.keydesk.catalogue().iter().map(|(scope, description)| ScopeEntry { scope, description }).collect();
    Ok(respond::json(StatusCode::OK, &ScopeList { items }))
}
