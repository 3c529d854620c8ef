use std::sync::Arc;

use axum::{extract::Request, response::Response};
use domain::MadeToken;
use edge::{Problem, RequestId, problem, query};
use http::StatusCode;
use model::{Instant, KeyError, OriginPattern, ScopeSet, TokenLife, TokenLimits, TokenResources, TokenWish};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use verify::Record;

use crate::{App, body, respond};

/// What a derived token is to be. What is not given is as the key has it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTokenBody {
    /// What it may do: no more than the key may. When not given, what the key may.
    scopes: Option<ScopeSet>,
    /// The web origin from which alone it may be used: one of those of the key, if the key has any.
    #[schema(value_type = Option<String>, examples("https://shop.example"))]
    origin: Option<OriginPattern>,
    /// How long it works, in seconds: 900 when not given.
    expires_in: Option<TokenLife>,
    /// Which things of the API it reaches. The API is told them, and enforces it. When not given, all that the key reaches.
    resources: Option<TokenResources>,
    /// What it may do in units of a contact centre: no more than the key may. When not given, what the key may.
    limits: Option<TokenLimits>,
}

/// A derived token. It is shown here only.
#[derive(Serialize, ToSchema)]
pub struct NewToken<'a> {
    /// The token: it is sent wherever a key is.
    #[schema(value_type = String, examples("eyJhbGciOiJFZERTQSIsImtpZCI6InQxIiwidHlwIjoia2V5ZGVzaytqd3QifQ..."))]
    token: &'a str,
    /// From when on it is refused. It is refused before that when its key is.
    expires_at: Instant,
}

impl<'a> From<&'a MadeToken> for NewToken<'a> {
    fn from(made: &'a MadeToken) -> Self {
        Self { token: made.token.expose(), expires_at: made.claims.expires_at() }
    }
}

/// Make a derived token
///
/// A short-lived stand-in for the calling key, for where the key must not be: a web page, a browser's WebSocket, a job. It is a JWT
/// (EdDSA, `typ: keydesk+jwt`) that others can check offline by `GET /.well-known/jwks.json`. It is accepted wherever a key is, and does
/// no more than its key may do at the time of a call: it ends with the key, and with the secret that made it. Its calls count for the
/// key. It can't manage keys and makes no further tokens. Any valid key may ask, for itself.
#[utoipa::path(
    post,
    path = "/api/v1/tokens",
    tag = "Verification",
    request_body(content = NewTokenBody, example = json!({"scopes": ["live:read"], "origin": "https://shop.example", "expires_in": 900})),
    responses((status = 201, description = "The token.", body = NewToken))
)]
pub(crate) async fn make_token(app: App, caller: Arc<Record>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    query::none(&parts.uri)?;
    if caller.token().is_some() {
        let detail = "A derived token makes no further tokens: make them with its API key.";
        return Err(Problem::new(&problem::TOKEN_NOT_ALLOWED).detail(detail));
    }
    let body = body::json(&parts.headers, body).await?;
    let NewTokenBody { scopes, origin, expires_in, resources, limits } = body::parse(&body)?;
    let wish = TokenWish { scopes, origin, expires_in: expires_in.unwrap_or_default(), resources, limits };
    let keydesk = &app.keydesk;
    let installation = keydesk.installation_name(caller.installation()).ok_or(KeyError::NoInstallation)?;
    let made = keydesk.verifier().make_token(&caller, &installation, wish, RequestId::of(&parts), keydesk.now())?;
    keydesk.verifier().tell_origin_of(&made.claims).await;
    Ok(respond::json(StatusCode::CREATED, &NewToken::from(&made)))
}
