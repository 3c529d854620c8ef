//! The forms of the list are posted here when no script runs.

use axum::{
    Router,
    extract::{Form as Body, State},
    http::{Method, Request, Uri, request::Parts},
    response::{IntoResponse, Redirect, Response},
    routing::post,
};
use leptos::prelude::{RenderHtml, provide_context};
use leptos_axum::render_app_async_with_context;
use model::KeyError;

use super::{
    created::{CreatedKey, Fields},
    posted::Posted,
};
use crate::{
    ApiError,
    frame::failed,
    ui::key_settings::{Form, SettingsForm, differences_view, save},
    web::{Assets, WebState, origin, session::signed_in},
};

const PAGE: &str = "/keys";
const SIGN_IN: &str = "/login?next=/keys";

pub(crate) fn routes<S>(web: WebState) -> Router<S> {
    Router::new().route(PAGE, post(posted)).with_state(web)
}

/// Carries out a form. It redirects to the page, or answers with the page where this shows a new key or an error.
async fn posted(State(web): State<WebState>, parts: Parts, Body(fields): Body<Fields>) -> Response {
    let form = Form(&fields);
    let query = match form.text("intent") {
        "create" => "new".to_owned(),
        "save" => format!("edit={}", form.text("id")),
        _ => format!("delete={}", form.text("id")),
    };
    let mut shown = Posted::default();
    match carry_out(&web, &parts, form).await {
        Ok(None) => return Redirect::to(PAGE).into_response(),
        Ok(created) => shown.created = created,
        Err(ApiError::SignedOut) => return Redirect::to(SIGN_IN).into_response(),
        Err(error @ ApiError::SomebodyElse { .. }) => return failed(&web, parts, error).await,
        Err(error) => {
            if matches!(error, ApiError::Key(KeyError::VersionMoved { .. })) {
                shown.differences = differences(&web, &parts, form).await.ok();
            }
            shown.error = Some(error);
            shown.fields = fields.clone();
        }
    }
    page(&web, parts, &query, shown).await
}

async fn carry_out(web: &WebState, parts: &Parts, form: Form<'_>) -> Result<Option<CreatedKey>, ApiError> {
    let (keydesk, session) = (&web.keydesk, signed_in(web, parts).await?);
    match form.text("intent") {
        "create" => Ok(Some(CreatedKey::create(keydesk, &session, form, form.text("token")).await?)),
        "save" => {
            save(keydesk, &session.caller(), form.id()?, form).await?;
            Ok(None)
        }
        "delete" => {
            keydesk.delete(&session.caller(), form.id()?, None).await?;
            Ok(None)
        }
        _ => Err(ApiError::Malformed),
    }
}

async fn differences(web: &WebState, parts: &Parts, form: Form<'_>) -> Result<String, ApiError> {
    let session = signed_in(web, parts).await?;
    let key = web.keydesk.get(&session.caller(), form.id()?).await?;
    let differences = SettingsForm::of_key(&key).differences(&SettingsForm::of_form(form, Some(&key)));
    Ok(differences_view(&differences).to_html())
}

/// The page as the answer to a form. It is not hydrated: no address leads to what it shows, so the client would render
/// another page than the server did.
async fn page(web: &WebState, mut parts: Parts, query: &str, shown: Posted) -> Response {
    parts.method = Method::GET;
    origin::forget(&mut parts.headers);
    parts.uri = Uri::try_from(format!("{PAGE}?{query}")).unwrap_or(Uri::from_static(PAGE));
    let status = shown.error.as_ref().map(ApiError::status);
    let without_client = Assets { js: String::new(), wasm: String::new(), ..web.assets.clone() };
    let (web, shell) = (WebState { assets: without_client, ..web.clone() }, web.shell);
    let context = move || {
        web.provide();
        provide_context(shown.clone());
    };
    let mut answer =
        render_app_async_with_context(context, shell)(Request::from_parts(parts, axum::body::Body::empty())).await;
    if let Some(status) = status {
        *answer.status_mut() = status;
    }
    answer
}
