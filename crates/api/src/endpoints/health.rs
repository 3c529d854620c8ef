//! Whether the process is alive, and whether it can answer calls.

use axum::{extract::State, response::Response};
use edge::{Problem, problem};
use http::{StatusCode, Uri};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{App, respond};

/// The state of Keydesk.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// `alive`.
    status: &'static str,
}

/// What Keydesk can do.
#[derive(Serialize, ToSchema)]
pub(crate) struct Readiness {
    /// `ready`: calls are decided.
    status: &'static str,
    /// `ok`, or `failing`: then keys can't be made, changed or revoked.
    writes: &'static str,
    /// Why writing fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    writes_detail: Option<String>,
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
///
/// Calls are decided also while nothing can be written.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "Operations",
    params(("writes" = Option<String>, Query, pattern = "^1$", description = "`1`: answer 503 also while nothing can be written.")),
    responses(
        (status = 200, description = "It can.", body = Readiness),
        (status = 503, description = "`not_ready`: it can't, and why."),
    )
)]
pub(crate) async fn readyz(State(app): State<App>, uri: Uri) -> Result<Response, Problem> {
    let refuse = |reason: String| Problem::new(&problem::NOT_READY).detail(reason);
    let ready = app.keydesk.ready().await.map_err(|reason| refuse(reason.to_string()))?;
    let detail = ready.not_writable.map(|reason| reason.to_string());
    // Load balancers add parameters of their own.
    let must_write = uri.query().is_some_and(|query| query.split('&').any(|pair| pair == "writes=1"));
    match detail {
        Some(detail) if must_write => Err(refuse(detail)),
        writes_detail => {
            let writes = if writes_detail.is_some() { "failing" } else { "ok" };
            Ok(respond::json(StatusCode::OK, &Readiness { status: "ready", writes, writes_detail }))
        }
    }
}
