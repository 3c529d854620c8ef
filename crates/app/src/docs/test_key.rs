//! A test key for whoever reads: made with one click, shown once, and kept by their page alone.

use axum::{
    Json,
    extract::{Form as Posted, State},
    http::request::Parts,
    response::{IntoResponse, Response},
};
use domain::NewKey;
use model::{Environment, KeyError, Preset, Scope, SettingsPatch};
use serde::Serialize;
use serde_json::json;

use super::state::Docs;
use crate::{
    ApiError,
    ui::key_settings::Form,
    web::{form_token::once, session::signed_in},
};

pub(super) const PATH: &str = "/docs/test-key";
/// How long it works.
const LIFE_MS: i64 = 24 * 60 * 60 * 1_000;
/// The access of a key that may do everything in the contact centre.
const ALL: &str = "all";

/// What the page gets.
#[derive(Serialize)]
struct Made {
    key: String,
    scopes: Vec<String>,
    expires_at: Option<String>,
}

/// Makes it. Only scripts of our own pages ask for it: the answer is no page.
pub(super) async fn make(
    State(docs): State<Docs>,
    parts: Parts,
    Posted(fields): Posted<Vec<(String, String)>>,
) -> Response {
    match made(&docs, &parts, &fields).await {
        Ok(made) => Json(made).into_response(),
        Err(error) => (error.status(), Json(json!({ "detail": error.to_string() }))).into_response(),
    }
}

async fn made(docs: &Docs, parts: &Parts, fields: &[(String, String)]) -> Result<Made, ApiError> {
    let keydesk = &docs.web.keydesk;
    let session = signed_in(&docs.web, parts).await?;
    let caller = session.caller().once(Some(once(keydesk, PATH, fields)));
    let access = Form(fields).text("access");
    let expires_at = keydesk.now().plus_millis(LIFE_MS);
    let common = SettingsPatch { expires_at: Some(Some(expires_at)), ..SettingsPatch::default() };
    let settings = if access == ALL {
        let reference = docs.reference().await;
        // What the deployment does not offer can't be given.
        let is_known = |wanted: &&str| keydesk.catalogue().iter().any(|(scope, _)| scope == *wanted);
        let scopes = reference.scopes().filter(is_known).filter_map(|scope| Scope::parse(scope).ok()).collect();
        SettingsPatch { scopes: Some(scopes), client_name: Some("Documentation".to_owned()), ..common }
    } else {
        let preset: Preset = access.parse().map_err(|_| ApiError::Malformed)?;
        let client_name = Some(format!("Documentation, {}", preset.title()));
        SettingsPatch { preset: Some(preset), client_name, ..common }
    };
    let new = NewKey { environment: Some(Environment::Test), ..NewKey::of(settings) };
    let answered = keydesk.issue_once(&caller, new, None).await?;
    // The same click that came twice is answered the same, but where the installation keeps no copies.
    let secret = answered.secret.map_err(|_| ApiError::Key(KeyError::NotFound))?;
    Ok(Made {
        key: secret.expose().to_owned(),
        scopes: answered.key.settings.scopes.iter().map(ToString::to_string).collect(),
        expires_at: answered.key.settings.expires_at.map(|at| at.to_string()),
    })
}
