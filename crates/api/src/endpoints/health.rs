//! Whether the process is alive, and whether it can answer calls.

use axum::{extract::State, response::Response};
use edge::{Problem, problem};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{App, respond};

/// The state of Keydesk.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// `alive` or `ready`.
    status: &'static str,
}

/// Whether Keydesk is alive
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "Operations",
    responses((status = 200, description = "It is.", body = Health))
)]
pub(crate) async fn healthz() -> Response {
    respond::json(StatusCode::OK, &Health { status: "alive" })
}

/// Whether Keydesk can answer calls
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "Operations",
    responses(
        (status = 200, description = "It can.", body = Health),
        (status = 503, description = "`not_ready`: it can't, and why."),
    )
)]
pub(crate) async fn readyz(State(app): State<App>) -> Result<Response, Problem> {
    match app.keydesk.ready().await {
        Ok(()) => Ok(respond::json(StatusCode::OK, &Health { status: "ready" })),
        Err(reason) => Err(Problem::new(&problem::NOT_READY).detail(reason.to_string())),
    }
}
