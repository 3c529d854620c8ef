use std::sync::Arc;

use axum::{extract::Request, response::Response};
use edge::{Problem, query};
use http::StatusCode;
use model::{Key, KeyError};
use serde::Serialize;
use utoipa::ToSchema;
use verify::Record;

use super::limit_states::{QuotaState, QuotaStates, RateLimitState, RateLimitStates};
use crate::{App, respond};

/// The calling key, and where it belongs.
#[derive(Serialize, ToSchema)]
pub(crate) struct CallingKey<'a> {
    #[serde(flatten)]
    key: Key,
    /// The name of the installation that it belongs to.
    installation: String,
    /// Where it stands within all of its limits, and within the ceilings of its client and its installation.
    limits: Limits<'a>,
}

/// What is left of limits.
#[derive(Serialize, ToSchema)]
#[schema(as = LimitStates)]
pub(crate) struct Limits<'a> {
    /// Of rate limits.
    #[schema(value_type = Vec<RateLimitState>)]
    rate_limits: RateLimitStates<'a>,
    /// Of quotas.
    #[schema(value_type = Vec<QuotaState>)]
    quotas: QuotaStates<'a>,
}

/// Get the calling key
///
/// The calling key, with its scopes and limits, and what is left of them. Any valid key may ask; nothing is taken from a limit.
#[utoipa::path(
    get,
    path = "/api/v1/whoami",
    tag = "Verification",
    responses((status = 200, description = "The calling key.", body = CallingKey))
)]
pub(crate) async fn whoami(app: App, caller: Arc<Record>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    query::none(&parts.uri)?;
    let key = app.keydesk.whoami(&caller).await?;
    let installation = app.keydesk.installation_name(caller.installation()).ok_or(KeyError::NoInstallation)?;
    let keydesk = &app.keydesk;
    let states = keydesk.verifier().limits_of_key(caller.installation(), caller.key_id(), keydesk.now()).await?;
    let limits = Limits { rate_limits: RateLimitStates(&states), quotas: QuotaStates(&states) };
    Ok(respond::json(StatusCode::OK, &CallingKey { key, installation, limits }))
}
