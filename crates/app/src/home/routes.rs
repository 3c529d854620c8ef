use axum::{
    Router,
    extract::State,
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use domain::Session;
use model::KeyError;

use super::page::{not_set_up_page, off_page, overview_page};
use crate::{
    ApiError,
    frame::{bare, failed, failed_bare, framed},
    web::{WebState, guard::sign_in, session::signed_in},
};

const PATH: &str = "/";

pub(crate) fn routes<S>(web: WebState) -> Router<S> {
    Router::new().route(PATH, get(show)).with_state(web)
}

async fn show(State(web): State<WebState>, parts: Parts) -> Response {
    match signed_in(&web, &parts).await {
        Ok(session) => overview(&web, parts, &session).await,
        Err(ApiError::SignedOut) => guest(&web, parts).await,
        Err(error) => failed(&web, parts, error).await,
    }
}

async fn overview(web: &WebState, parts: Parts, session: &Session) -> Response {
    const TITLE: &str = "Overview";
    match web.keydesk.overview(&session.caller()).await {
        Ok(found) => framed(web, parts, StatusCode::OK, TITLE.to_owned(), move || overview_page(&found)).await,
        Err(error @ KeyError::ModuleUnavailable { .. }) => {
            let status = ApiError::from(error.clone()).status();
            framed(web, parts, status, TITLE.to_owned(), move || off_page(&error)).await
        }
        Err(error) => failed(web, parts, error.into()).await,
    }
}

/// Somebody who is not signed in.
async fn guest(web: &WebState, parts: Parts) -> Response {
    match web.keydesk.is_set_up().await {
        Ok(true) => Redirect::to(&sign_in(PATH)).into_response(),
        Ok(false) => {
            let elsewhere = web.keydesk.sign_in_ways().button.is_some();
            bare(web, parts, StatusCode::OK, "Not set up yet", move || not_set_up_page(elsewhere)).await
        }
        Err(error) => failed_bare(web, parts, &error.into()).await,
    }
}
