use axum::{extract::State, response::Response};
use domain::PublicTokenKey;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{App, respond};

/// For how long whoever checks tokens may keep the keys. A new key is published for longer than this before it signs.
static KEPT: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// The public keys by which derived tokens are checked (RFC 7517).
#[derive(Serialize, ToSchema)]
#[schema(as = JwkSet)]
pub(crate) struct KeySet {
    /// That of new tokens first.
    keys: Vec<PublicKey>,
}

/// An Ed25519 key (RFC 8037).
#[derive(Serialize, ToSchema)]
#[schema(as = Jwk)]
pub(crate) struct PublicKey {
    /// `OKP`.
    kty: &'static str,
    /// `Ed25519`.
    crv: &'static str,
    /// `EdDSA`.
    alg: &'static str,
    /// `sig`.
    r#use: &'static str,
    /// As the header of a token names it.
    kid: String,
    /// The key, in base64url.
    x: String,
}

impl From<PublicTokenKey> for PublicKey {
    fn from(PublicTokenKey { id, x }: PublicTokenKey) -> Self {
        Self { kty: "OKP", crv: "Ed25519", alg: "EdDSA", r#use: "sig", kid: id, x }
    }
}

/// Get the keys that check tokens
///
/// The public keys by which anybody can check derived tokens offline, as a JWK set. A token that is checked so may have ended with its
/// key: whoever must know asks `POST /api/v1/keys/verify`.
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    tag = "Verification",
    responses((status = 200, description = "The keys.", body = KeySet))
)]
pub(crate) async fn list_token_keys(State(app): State<App>) -> Response {
    let keys = app.keydesk.verifier().public_token_keys().into_iter().map(PublicKey::from).collect();
    let mut answer = respond::json(StatusCode::OK, &KeySet { keys });
    answer.headers_mut().insert(header::CACHE_CONTROL, KEPT.clone());
    answer
}
