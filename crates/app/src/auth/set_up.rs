//! `/setup#CODE`: makes the first owner, for whoever holds the link. A plain document.

use axum::{
    Router,
    extract::{Form, State},
    http::{StatusCode, request::Parts},
    response::Response,
    routing::get,
};
use domain::NewAdministrator;
use model::{AdminError, Role};
use serde::Deserialize;

use super::{
    forms::welcome,
    set_up_page::{Typed, code_page, over_page, set_up_page},
};
use crate::{
    ApiError,
    frame::{bare, code_of, failed_bare},
    web::{Password, START, WebState, session},
};

const TITLE: &str = "Set up";

pub(crate) fn routes<S>(web: WebState) -> Router<S> {
    Router::new().route("/setup", get(ask).post(posted)).with_state(web)
}

/// What `link.js` and the page's own form post: the link's code, and then with it all that makes the owner.
#[derive(Deserialize)]
struct Posted {
    code: String,
    name: Option<String>,
    email: Option<String>,
    password: Option<Password>,
}

async fn ask(State(web): State<WebState>, parts: Parts) -> Response {
    bare(&web, parts, StatusCode::OK, TITLE, code_page).await
}

async fn posted(State(web): State<WebState>, parts: Parts, Form(form): Form<Posted>) -> Response {
    let code = code_of(&form.code).to_owned();
    let (Some(name), Some(email), Some(password)) = (form.name, form.email, form.password) else {
        return match web.keydesk.set_up_of(&code, &session::via(&parts.extensions)).await {
            Ok(Some(_)) => form_page(&web, parts, StatusCode::OK, Typed { code, ..Typed::default() }).await,
            Ok(None) => over(&web, parts).await,
            Err(error) => failed_bare(&web, parts, &error.into()).await,
        };
    };
    let signed_in: Result<_, ApiError> = async {
        session::require_private(&web.access, &parts.headers, &parts.extensions)?;
        let (email, name) = (email.clone(), name.clone());
        let owner = NewAdministrator { email, name, role: Role::Owner, password: password.into() };
        let brought = session::brought(&web.keydesk, &web.access, &parts.headers).await?;
        Ok(web.keydesk.set_up(&code, owner, brought, session::via(&parts.extensions)).await?)
    }
    .await;
    match signed_in {
        Ok(signed_in) => welcome(&web, &parts.headers, &signed_in, START),
        Err(ApiError::Admin(AdminError::SetUpOver)) => over(&web, parts).await,
        Err(error) => {
            let status = error.status();
            form_page(&web, parts, status, Typed { code, name, email, problem: Some(error) }).await
        }
    }
}

async fn form_page(web: &WebState, parts: Parts, status: StatusCode, typed: Typed) -> Response {
    bare(web, parts, status, TITLE, move || set_up_page(&typed)).await
}

async fn over(web: &WebState, parts: Parts) -> Response {
    bare(web, parts, StatusCode::GONE, "Link over", over_page).await
}
