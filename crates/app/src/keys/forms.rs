//! The forms of the list are posted here when no script runs.

use axum::{
    Router,
    extract::{Form as Body, State},
    http::{Method, Request, StatusCode, Uri, request::Parts},
    response::{IntoResponse, Redirect, Response},
    routing::post,
};
use domain::{Answered, Caller, Session};
use leptos::prelude::*;
use leptos_axum::render_app_async_with_context;
use model::{KeyError, KeyId};

use super::{created::Fields, posted::Posted};
use crate::{
    ApiError,
    frame::{
        framed,
        result::Gives,
        resume::{self, Resumed, resume},
    },
    ui::{
        FirstCall, NewKeyDialog,
        key_settings::{Form, SettingsForm, differences_view, new_key, refusal, save},
    },
    web::{Assets, Reader, WebState, form_token::once, origin, reached_at, session::signed_in},
};

const PAGE: &str = "/keys";

pub(crate) fn routes<S>(web: WebState) -> Router<S> {
    Router::new().route(PAGE, post(posted)).with_state(web)
}

/// Carries out a form. What was done leads to a page that can be loaded again; only what was refused is answered with the
/// form as it was filled in, which posted again is refused again.
async fn posted(State(web): State<WebState>, mut parts: Parts, Body(fields): Body<Fields>) -> Response {
    let (fields, begun) = match resume(&web, &mut parts, fields).await {
        Resumed::No(fields) => (fields, None),
        Resumed::Yes(fields, cookies) => (fields, Some(cookies)),
        Resumed::Refused(response) => return response,
    };
    let form = Form(&fields);
    let query = match form.text("intent") {
        "create" => "new".to_owned(),
        "save" => format!("edit={}", form.text("id")),
        _ => format!("delete={}", form.text("id")),
    };
    if let Some(cookies) = begun {
        // Whoever has just signed in sees the form as they filled it in, and presses its button again.
        let mut response = page(&web, parts, &query, Posted { fields: fields.clone(), ..Posted::default() }).await;
        resume::give(&mut response, cookies);
        return response;
    }
    match carry_out(&web, &parts, &fields).await {
        Ok(Outcome::Done) => Redirect::to(PAGE).into_response(),
        // The page of the key says so, and has the way back.
        Ok(Outcome::Deleted(id)) => Redirect::to(&format!("{PAGE}/{id}?done=deleted-in-list")).into_response(),
        Ok(Outcome::Created { answered, session, token }) => created(&web, parts, *answered, &session, &token).await,
        Err(error @ (ApiError::SignedOut | ApiError::SomebodyElse { .. })) => {
            resume::ask(&web, parts, error, &fields).await
        }
        Err(error) => {
            let differences = match error {
                ApiError::Key(KeyError::VersionMoved { .. }) => differences(&web, &parts, form).await.ok(),
                _ => None,
            };
            page(&web, parts, &query, Posted { error: Some(error), differences, fields: fields.clone() }).await
        }
    }
}

enum Outcome {
    Done,
    Deleted(KeyId),
    Created { answered: Box<Answered>, session: Box<Session>, token: String },
}

async fn carry_out(web: &WebState, parts: &Parts, fields: &Fields) -> Result<Outcome, ApiError> {
    let (keydesk, session, form) = (&web.keydesk, signed_in(web, parts).await?, Form(fields));
    let once = once(keydesk, "", fields);
    let token = once.key.clone();
    let caller: Caller = session.caller().once(Some(once));
    match form.text("intent") {
        "create" => {
            let new = new_key(form, keydesk.now(), &session.installation.time_zone)?;
            let answered = keydesk.issue_once(&caller, new, None).await.map_err(refusal)?;
            Ok(Outcome::Created { answered: Box::new(answered), session: Box::new(session), token })
        }
        "save" => {
            save(keydesk, &caller, &session.installation.time_zone, form.id()?, form).await?;
            Ok(Outcome::Done)
        }
        "delete" => {
            let id = form.id()?;
            keydesk.delete(&caller, id, None).await?;
            Ok(Outcome::Deleted(id))
        }
        _ => Err(ApiError::Malformed),
    }
}

/// A new key is shown by a page of its own. Where the installation keeps no copy of it, nothing could show it there: so this
/// answer does, once, and the same form sent again makes no other key and shows none.
async fn created(web: &WebState, parts: Parts, answered: Answered, session: &Session, token: &str) -> Response {
    let (key, recoverable) = (answered.key, session.installation.recoverable);
    let Ok(secret) = answered.secret else {
        return Gives::Created.redirect(web, &parts.headers, key.id, token);
    };
    if recoverable {
        return Gives::Created.redirect(web, &parts.headers, key.id, token);
    }
    let title = key.settings.client_name.as_str().to_owned();
    let reached = reached_at(&web.access, &parts.headers);
    let call = FirstCall::of(&key, session.installation.id, &web.documentation, &reached);
    framed(web, parts, StatusCode::OK, title.clone(), move || {
        let secret = secret.expose().to_owned();
        view! {
            <div class="key-page" data-address=format!("/keys/{}", key.id)>
                <h1>
                    <bdi translate="no">{title.clone()}</bdi>
                </h1>
                {NewKeyDialog { key: &key, secret, recoverable, call: &call, opener: "" }.view()}
            </div>
        }
        .into_any()
    })
    .await
}

async fn differences(web: &WebState, parts: &Parts, form: Form<'_>) -> Result<String, ApiError> {
    let session = signed_in(web, parts).await?;
    let key = web.keydesk.get(&session.caller(), form.id()?).await?;
    let reader = Reader::of(&web.keydesk, parts);
    let differences = SettingsForm::of_key(&key).differences(&SettingsForm::of_form(form, Some(&key)), &reader);
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
