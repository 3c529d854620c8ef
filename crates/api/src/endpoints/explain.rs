use std::sync::Arc;

use axum::{extract::Request, response::Response};
use domain::Explained;
use edge::{Problem, query};
use http::{StatusCode, Uri};
use model::{Explanation, KeyError};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use verify::Record;

use crate::{App, respond};

/// Why a call was refused.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = RefusalExplained)]
pub(crate) enum Answer {
    /// The key is revoked, and is told no more.
    Revoked(Revoked),
    /// The key is not.
    Refused(Refused),
}

/// The calling key is revoked: it was deleted, or the secret that was sent has ended by a rotation.
#[derive(Serialize, ToSchema)]
#[schema(as = RevokedExplained)]
pub(crate) struct Revoked {
    /// The request that was refused.
    request_id: Uuid,
    /// `key_revoked`.
    #[schema(examples("key_revoked"))]
    code: &'static str,
}

/// Which check failed, which rule, and what mends it.
#[derive(Serialize, ToSchema)]
#[schema(as = CallExplained)]
pub(crate) struct Refused {
    #[serde(flatten)]
    first: Box<Explanation>,
    /// Further calls of the same batch that were refused with this key, in their order; empty for every other request.
    others: Vec<Explanation>,
}

/// Explain a refusal
///
/// Why a call was refused: which check failed, which rule, and what mends it; never the list of what is allowed. It is asked with the
/// key that was refused, whichever of its secrets, for 24 hours. The key is only recognised: it may be disabled, expired, called
/// from a foreign address or beyond its limits, and nothing is taken from those. A refusal is known on every node about a second
/// later. Of a key that is refused without end, some refusals are counted and not kept: all of the first hundred, and two a second
/// after those.
#[utoipa::path(
    get,
    path = "/api/v1/explain/{request_id}",
    tag = "Verification",
    params(("request_id" = Uuid, Path, description = "The `X-Request-Id` of the answer that refused the call.")),
    responses(
        (status = 200, description = "Why.", body = Answer),
        (status = 404, description = "`not_found`: no call of this request was refused with this key, it is longer ago than a day, or \
            it was one of very many."),
    )
)]
pub(crate) async fn explain_refusal(app: App, caller: Arc<Record>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    query::none(&parts.uri)?;
    let request_id = named(&parts.uri).ok_or(KeyError::NotFound)?;
    let answer = match app.keydesk.explain(&caller, request_id).await? {
        Explained::Revoked => Answer::Revoked(Revoked { request_id, code: "key_revoked" }),
        Explained::Refused { first, others } => Answer::Refused(Refused { first, others }),
    };
    Ok(respond::json(StatusCode::OK, &answer))
}

/// The request that the path names, in the one way to write an id.
fn named(uri: &Uri) -> Option<Uuid> {
    let text = uri.path().strip_prefix("/api/v1/explain/")?;
    if text.len() == 36 { text.parse().ok() } else { None }
}
