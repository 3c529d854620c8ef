//! `/invite#CODE` and `/reset#CODE`: a person sets a password. Plain documents.

use axum::{
    Router,
    extract::{Form, State},
    http::{StatusCode, request::Parts},
    response::Response,
    routing::get,
};
use domain::SigningIn;
use model::{AccountLinkKind, AdminError, PlainSecret};
use serde::Deserialize;

use super::{
    account_link_page::{Typed, code_page, over_page, password_page},
    forms::welcome,
    sign_on_page::invited_page,
};
use crate::{
    ApiError,
    frame::{bare, code_of, failed_bare, second_step::second_step_page},
    web::{Password, START, WebState, session},
};

const TITLE: &str = "Your account";

pub(crate) fn routes<S: Clone + Send + Sync + 'static>(web: WebState) -> Router<S> {
    let of = |kind: AccountLinkKind| {
        let ask = move |State(web): State<WebState>, parts: Parts| async move {
            bare(&web, parts, StatusCode::OK, TITLE, move || code_page(kind)).await
        };
        let posted =
            move |State(web): State<WebState>, parts: Parts, Form(form): Form<Posted>| posted(kind, web, parts, form);
        Router::new().route(kind.path(), get(ask).post(posted))
    };
    of(AccountLinkKind::Invitation).merge(of(AccountLinkKind::Reset)).with_state(web)
}

/// What `link.js` and the page's own form post: the link's code, and then with it the password.
#[derive(Deserialize)]
struct Posted {
    code: String,
    name: Option<String>,
    password: Option<Password>,
}

async fn posted(kind: AccountLinkKind, web: WebState, parts: Parts, form: Posted) -> Response {
    let code = code_of(&form.code).to_owned();
    // Asking uses nothing up: previews that run scripts get no further than the form.
    let mut link = match web.keydesk.account_link(&code, session::via(&parts.extensions)).await {
        Ok(Some(link)) => link,
        Ok(None) => return over(&web, parts, kind).await,
        Err(error) => return failed_bare(&web, parts, &error.into()).await,
    };
    let ways = web.keydesk.sign_in_ways();
    if kind == AccountLinkKind::Invitation && !ways.passwords {
        let button = ways.button.unwrap_or_default();
        return bare(&web, parts, StatusCode::OK, TITLE, move || invited_page(&link, button.clone())).await;
    }
    let Some(password) = form.password else {
        return form_page(&web, parts, StatusCode::OK, Typed { code, link, problem: None }).await;
    };
    let signed_in: Result<_, ApiError> = async {
        session::require_private(&web.access, &parts.headers, &parts.extensions)?;
        let token = PlainSecret::new(code.clone());
        let via = session::via(&parts.extensions);
        let brought = session::brought(&web.keydesk, &web.access, &parts.headers).await?;
        Ok(web.keydesk.accept_account_link(token, form.name.clone(), password.into(), brought, via).await?)
    }
    .await;
    match signed_in {
        Ok(SigningIn::In(signed_in)) => welcome(&web, &parts.headers, &signed_in, START),
        // The password is set; of the code nothing is left.
        Ok(SigningIn::Second(step)) => second_step_page(&web, parts, step, START.to_owned(), None).await,
        Err(ApiError::Admin(AdminError::LinkOver)) => over(&web, parts, kind).await,
        Err(error) => {
            link.name = form.name.unwrap_or(link.name);
            let status = error.status();
            form_page(&web, parts, status, Typed { code, link, problem: Some(error) }).await
        }
    }
}

async fn form_page(web: &WebState, parts: Parts, status: StatusCode, typed: Typed) -> Response {
    bare(web, parts, status, TITLE, move || password_page(&typed)).await
}

async fn over(web: &WebState, parts: Parts, kind: AccountLinkKind) -> Response {
    bare(web, parts, StatusCode::GONE, "Link over", move || over_page(kind)).await
}
