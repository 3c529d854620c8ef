//! Where the forms of the keys' page are posted when no script runs.

use axum::{
    Router,
    body::Body,
    extract::{Form, State},
    http::{Method, Request, Uri, request::Parts},
    response::{IntoResponse, Redirect, Response},
    routing::post,
};
use leptos::prelude::provide_context;
use leptos_axum::render_app_async_with_context;
use model::{Environment, KeyError, KeyId, Preset};

use super::{Desk, origin, session};
use crate::{
    ApiError, Assets,
    api::{Draft, Made},
    pages::Posted,
    shell::shell,
};

const PAGE: &str = "/keys";
const SIGN_IN: &str = "/login?next=/keys";

pub(super) fn routes<S>(desk: Desk) -> Router<S> {
    Router::new().route(PAGE, post(posted)).with_state(desk)
}

type Fields = Vec<(String, String)>;

fn text<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str()).unwrap_or_default()
}

fn id(fields: &Fields) -> Result<KeyId, ApiError> {
    text(fields, "id").parse().map_err(|_| ApiError::Malformed)
}

/// Carries out one form, and answers with the page: anew when it is done, or with what was made or went wrong in it.
async fn posted(State(desk): State<Desk>, parts: Parts, Form(fields): Form<Fields>) -> Response {
    let intent = text(&fields, "intent").to_owned();
    let (query, mut shown) = match intent.as_str() {
        "create" => ("new".to_owned(), Posted::default()),
        "rename" => (format!("edit={}", text(&fields, "id")), Posted::default()),
        _ => (format!("delete={}", text(&fields, "id")), Posted::default()),
    };
    shown.name = text(&fields, "client_name").to_owned();
    shown.preset = text(&fields, "preset").parse().unwrap_or(Preset::Crm);
    match carry_out(&desk, &parts, &intent, &fields).await {
        Ok(None) => return Redirect::to(PAGE).into_response(),
        Ok(made) => shown.made = made,
        Err(ApiError::SignedOut) => return Redirect::to(SIGN_IN).into_response(),
        Err(error) => {
            shown.moved = matches!(error, ApiError::Key(KeyError::VersionMoved { .. }));
            shown.error = Some(error);
        }
    }
    page(&desk, parts, &query, shown).await
}

async fn carry_out(desk: &Desk, parts: &Parts, intent: &str, fields: &Fields) -> Result<Option<Made>, ApiError> {
    let session = session::of(&desk.keydesk, &desk.settings, &parts.headers, &parts.extensions).await?;
    let caller = session.ok_or(ApiError::SignedOut)?.caller();
    match intent {
        "create" => {
            let scopes = fields.iter().filter(|(field, _)| field == "scope");
            let draft = Draft {
                client_name: text(fields, "client_name").to_owned(),
                preset: text(fields, "preset").parse().ok(),
                environment: text(fields, "environment").parse().unwrap_or(Environment::Live),
                scopes: scopes.filter_map(|(_, scope)| scope.parse().ok()).collect(),
                token: text(fields, "token").to_owned(),
            };
            let issued = desk.keydesk.issue(&caller, draft.into()).await?;
            Ok(Some(Made { key: issued.key.into(), secret: issued.secret.expose().to_owned() }))
        }
        "rename" => {
            let version = text(fields, "version").parse().map_err(|_| ApiError::Malformed)?;
            let change = domain::KeyChange::name(text(fields, "client_name"));
            desk.keydesk.update(&caller, id(fields)?, change, Some(version)).await?;
            Ok(None)
        }
        "delete" => {
            desk.keydesk.delete(&caller, id(fields)?, None).await?;
            Ok(None)
        }
        _ => Err(ApiError::Malformed),
    }
}

/// The page as an answer to a form. It carries no scripts: what it shows is in no address, so that waking it up would
/// begin with another page than the one that is there.
async fn page(desk: &Desk, mut parts: Parts, query: &str, shown: Posted) -> Response {
    parts.method = Method::GET;
    origin::forget(&mut parts.headers);
    parts.uri = Uri::try_from(format!("{PAGE}?{query}")).unwrap_or(Uri::from_static(PAGE));
    let (keydesk, settings, assets) = (desk.keydesk.clone(), desk.settings, desk.assets.clone());
    let status = shown.error.as_ref().map(ApiError::status);
    let context = move || {
        provide_context(keydesk.clone());
        provide_context(settings);
        provide_context(Assets { js: String::new(), wasm: String::new(), ..assets.clone() });
        provide_context(shown.clone());
    };
    let mut answer = render_app_async_with_context(context, shell)(Request::from_parts(parts, Body::empty())).await;
    if let Some(status) = status {
        *answer.status_mut() = status;
    }
    answer
}
