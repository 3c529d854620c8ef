use std::sync::Arc;

use axum::{extract::Request, response::Response};
use edge::{Problem, query};
use http::StatusCode;
use model::{Instant, Key, KeyError, OriginSet, TokenLimits, TokenResources};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use verify::{CheckedToken, Record};

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
    /// The derived token that was sent in place of the key; absent where the key itself was. `scopes` are then those of both.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = SentToken, required = false)]
    token: Option<SentToken>,
}

/// A derived token that was sent in place of its key.
#[derive(Serialize, ToSchema)]
pub(crate) struct SentToken {
    /// Its own id, the claim `jti`.
    id: Uuid,
    /// From when on it is refused, whatever becomes of its key.
    expires_at: Instant,
    /// The origin from which alone it may be used; empty: those of its key.
    origins: OriginSet,
    /// Which things of the API it reaches; null: all that its key reaches.
    resources: Option<TokenResources>,
    /// What it may do in units of a contact centre; null: what its key may.
    limits: Option<TokenLimits>,
}

impl From<&CheckedToken> for SentToken {
    fn from(token: &CheckedToken) -> Self {
        Self {
            id: token.id(),
            expires_at: token.expires_at(),
            origins: token.origins().clone(),
            resources: token.resources().cloned(),
            limits: token.limits().cloned(),
        }
    }
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
    let mut key = app.keydesk.whoami(&caller).await?;
    if caller.token().is_some() {
        key.settings.scopes = caller.scopes().clone();
    }
    let installation = app.keydesk.installation_name(caller.installation()).ok_or(KeyError::NoInstallation)?;
    let keydesk = &app.keydesk;
    let states = keydesk.verifier().limits_of_key(caller.installation(), caller.key_id(), keydesk.now()).await?;
    let limits = Limits { rate_limits: RateLimitStates(&states), quotas: QuotaStates(&states) };
    Ok(respond::json(
        StatusCode::OK,
        &CallingKey { key, installation, limits, token: caller.token().map(SentToken::from) },
    ))
}
