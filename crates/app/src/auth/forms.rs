//! The forms for signing in and out are posted here when no script runs.

use axum::{
    Router,
    extract::{Form, State},
    http::{HeaderMap, header::SET_COOKIE, request::Parts},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use domain::{SecondStep, SignedIn, SigningIn};
use model::{AdminError, PlainSecret};
use percent_encoding::utf8_percent_encode;
use serde::Deserialize;

use super::refused::refused_query;
use crate::{
    ApiError,
    frame::{
        Given, failed,
        second_step::{SECOND_PATH, second_step_page},
    },
    web::{Password, WebState, guard::QUERY, own_path, session},
};

pub(crate) fn routes<S>(web: WebState) -> Router<S> {
    Router::new()
        .route("/login", post(sign_in))
        // Whoever loads the page again begins anew.
        .route(SECOND_PATH, get(|| async { Redirect::to("/login") }).post(sign_in_second))
        .route("/signout", post(sign_out))
        .with_state(web)
}

#[derive(Deserialize)]
struct SignIn {
    email: String,
    password: Password,
    #[serde(default)]
    next: String,
}

async fn sign_in(State(web): State<WebState>, parts: Parts, Form(form): Form<SignIn>) -> Response {
    let next = own_path(&form.next);
    let signed_in = async {
        session::require_private(&web.access, &parts.headers, &parts.extensions)?;
        let visitor = session::visitor(&web.access, &parts.headers, &parts.extensions);
        let brought = session::brought(&web.keydesk, &web.access, &parts.headers).await?;
        Ok(web.keydesk.sign_in(&form.email, form.password.into(), visitor, brought).await?)
    };
    match signed_in.await {
        Ok(SigningIn::In(signed_in)) => welcome(&web, &parts.headers, &signed_in, next),
        Ok(SigningIn::Second(step)) => second_step_page(&web, parts, step, next.to_owned(), None).await,
        Err(error) => refuse("/login", "next", next, &error),
    }
}

#[derive(Deserialize)]
struct SignInSecond {
    proof_step: Password,
    #[serde(default)]
    next: String,
    #[serde(flatten)]
    given: Given,
}

async fn sign_in_second(State(web): State<WebState>, parts: Parts, Form(form): Form<SignInSecond>) -> Response {
    let next = own_path(&form.next).to_owned();
    let token = PlainSecret::from(form.proof_step);
    let signed_in = async {
        session::require_private(&web.access, &parts.headers, &parts.extensions)?;
        let proof = form.given.proof(session::origin_of(&web.access, &parts.headers))?;
        let brought = session::brought(&web.keydesk, &web.access, &parts.headers).await?;
        let via = session::via(&parts.extensions);
        Ok(web.keydesk.sign_in_second(token.expose(), proof, brought, via).await?)
    };
    let error = match signed_in.await {
        Ok(signed_in) => return welcome(&web, &parts.headers, &signed_in, &next),
        Err(error) => error,
    };
    // The same is asked again, unless that is over.
    match web.keydesk.ways_of_step(token.expose()).await {
        Ok(ways) if error != ApiError::Admin(AdminError::SignInOver) => {
            second_step_page(&web, parts, SecondStep { token, ways }, next, Some(error)).await
        }
        Ok(_) | Err(_) => refuse("/login", "next", &next, &error),
    }
}

async fn sign_out(State(web): State<WebState>, parts: Parts) -> Response {
    // A page that was drawn for somebody else ends nobody's session but its own.
    if let Err(error @ ApiError::SomebodyElse { .. }) = session::signed_in(&web, &parts).await {
        return failed(&web, parts, error).await;
    }
    for token in session::tokens(&web.access, &parts.headers) {
        if let Err(error) = web.keydesk.sign_out(token, session::via(&parts.extensions)).await {
            // The cookie stays: a session that lives on must not look ended.
            return refuse("/", "signed", "in", &error.into());
        }
    }
    ([(SET_COOKIE, session::ended(&web.access))], Redirect::to("/login")).into_response()
}

/// Gives the cookies to the browser, and leads on.
pub(super) fn welcome(web: &WebState, headers: &HeaderMap, signed_in: &SignedIn, to: &str) -> Response {
    let cookies = session::begun(&web.keydesk, &web.access, headers, signed_in);
    (AppendHeaders(cookies.map(|cookie| (SET_COOKIE, cookie))), Redirect::to(to)).into_response()
}

/// Leads back to the form, which says why. Nothing that was typed goes into the address.
pub(super) fn refuse(page: &str, name: &str, value: &str, error: &ApiError) -> Response {
    let value = utf8_percent_encode(value, QUERY);
    Redirect::to(&format!("{page}?{name}={value}&{}", refused_query(error))).into_response()
}
