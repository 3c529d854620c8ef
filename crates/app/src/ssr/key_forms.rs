//! Where the forms of the keys' page are posted when no script runs.

use axum::{
    Router,
    body::Body,
    extract::{Form as Posted, State},
    http::{Method, Request, Uri, request::Parts},
    response::{IntoResponse, Redirect, Response},
    routing::post,
};
use domain::Session;
use leptos::prelude::{RenderHtml, provide_context};
use leptos_axum::render_app_async_with_context;
use model::KeyError;

use super::{
    Desk, origin, session,
    settings::{self, Form},
};
use crate::{
    ApiError, Assets,
    api::{Fields, KeyRow, Made},
    documents::{Shown, compared},
    pages,
    shell::shell,
};

const PAGE: &str = "/keys";
const SIGN_IN: &str = "/login?next=/keys";

pub(super) fn routes<S>(desk: Desk) -> Router<S> {
    Router::new().route(PAGE, post(posted)).with_state(desk)
}

/// Carries out one form, and answers with the page: anew when it is done, or with what was made or went wrong in it.
async fn posted(State(desk): State<Desk>, parts: Parts, Posted(fields): Posted<Fields>) -> Response {
    let form = Form(&fields);
    let query = match form.text("intent") {
        "create" => "new".to_owned(),
        "save" => format!("edit={}", form.text("id")),
        _ => format!("delete={}", form.text("id")),
    };
    let mut shown = pages::Posted::default();
    match carry_out(&desk, &parts, form).await {
        Ok(None) => return Redirect::to(PAGE).into_response(),
        Ok(made) => shown.made = made,
        Err(ApiError::SignedOut) => return Redirect::to(SIGN_IN).into_response(),
        Err(error) => {
            if matches!(error, ApiError::Key(KeyError::VersionMoved { .. })) {
                shown.differences = differences(&desk, &parts, form).await.ok();
            }
            shown.error = Some(error);
            shown.fields = fields.clone();
        }
    }
    page(&desk, parts, &query, shown).await
}

async fn carry_out(desk: &Desk, parts: &Parts, form: Form<'_>) -> Result<Option<Made>, ApiError> {
    let (keydesk, session) = (&desk.keydesk, signed_in(desk, parts).await?);
    match form.text("intent") {
        "create" => {
            let issued = settings::create(keydesk, &session, form, form.text("token")).await?;
            let key = KeyRow::of(issued.key, keydesk.now());
            Ok(Some(Made { key, secret: issued.secret.expose().to_owned() }))
        }
        "save" => {
            settings::save(keydesk, &session, form.id()?, form).await?;
            Ok(None)
        }
        "delete" => {
            keydesk.delete(&session.caller(), form.id()?, None).await?;
            Ok(None)
        }
        _ => Err(ApiError::Malformed),
    }
}

async fn differences(desk: &Desk, parts: &Parts, form: Form<'_>) -> Result<String, ApiError> {
    let session = signed_in(desk, parts).await?;
    let key = desk.keydesk.get(&session.caller(), form.id()?).await?;
    let differences = Shown::of_key(&key).differences(&Shown::of_form(form, Some(&key)));
    Ok(compared(&differences).to_html())
}

/// Who has sent a form.
pub(super) async fn signed_in(desk: &Desk, parts: &Parts) -> Result<Session, ApiError> {
    let session = session::of(&desk.keydesk, &desk.settings, &parts.headers, &parts.extensions).await?;
    session.ok_or(ApiError::SignedOut)
}

/// The page as an answer to a form. It carries no scripts: what it shows is in no address, so that waking it up would
/// begin with another page than the one that is there.
async fn page(desk: &Desk, mut parts: Parts, query: &str, shown: pages::Posted) -> Response {
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
