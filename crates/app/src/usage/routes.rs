use axum::{
    Router,
    extract::{Query, State},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use domain::{Caller, Keydesk};
use model::{ClientName, KeyError, fold_name};

use super::{
    export::export,
    filter::{Filter, PATH},
    live::{STREAM, follow},
    page::usage_page,
    shown::{Found, Shown},
};
use crate::{
    ApiError,
    frame::{failed, framed},
    ui::key_settings::Form,
    web::{Reader, WebState, guard::sign_in, session::signed_in},
};

pub(crate) fn routes<S>(web: WebState) -> Router<S> {
    Router::new().route(PATH, get(show)).route("/usage.csv", get(export)).with_state(web)
}

/// Outside of what lets a session ask for a few things at once: a stream goes on, and has a bound of its own.
pub(crate) fn live_routes<S>(web: WebState) -> Router<S> {
    Router::new().route(STREAM, get(follow)).with_state(web)
}

async fn show(State(web): State<WebState>, Query(fields): Query<Vec<(String, String)>>, parts: Parts) -> Response {
    let filter = Filter::of(Form(&fields));
    match load(&web, &parts, filter.clone()).await {
        Ok(shown) => {
            let status = match shown.found {
                Found::Report { .. } => StatusCode::OK,
                Found::Wrong(_) => StatusCode::UNPROCESSABLE_ENTITY,
                Found::NoKey => StatusCode::NOT_FOUND,
            };
            framed(&web, parts, status, "Usage".to_owned(), move || usage_page(&shown)).await
        }
        Err(ApiError::SignedOut) => Redirect::to(&sign_in(&filter.address())).into_response(),
        Err(error) => failed(&web, parts, error).await,
    }
}

async fn load(web: &WebState, parts: &Parts, filter: Filter) -> Result<Shown, ApiError> {
    let session = signed_in(web, parts).await?;
    let (keydesk, caller, reader) = (&web.keydesk, session.caller(), Reader::of(&web.keydesk, parts));
    let (found, key_name) = match filter.asked(&reader.zone, reader.now, keydesk.quarter_days()) {
        Err(problems) => (Found::Wrong(problems), None),
        Ok(asked) => match keydesk.usage_report(&caller, asked.range, &asked.filter, &reader.zone).await {
            Err(KeyError::NotFound) => (Found::NoKey, None),
            Err(error) => return Err(error.into()),
            Ok(report) => {
                let name = match asked.filter.key {
                    Some(key) => Some(keydesk.get(&caller, key).await?.settings.client_name.to_string()),
                    None => None,
                };
                let is_nobody = match &asked.filter.client {
                    Some(client) if report.counts.calls() == 0 => !is_somebody(keydesk, &caller, client).await?,
                    _ => false,
                };
                (Found::Report { asked, report: Box::new(report), is_nobody }, name)
            }
        },
    };
    let scopes = keydesk.catalogue().iter().map(|(scope, _)| scope.to_owned()).collect();
    let counters = keydesk.verifier().counters();
    Ok(Shown {
        filter,
        found,
        scopes,
        key_name,
        zone: reader.zone,
        recorded: keydesk.records_allowed_calls(),
        lost: (counters.usage_lost, counters.usage_detail_lost),
    })
}

/// Whether a client has this name.
async fn is_somebody(keydesk: &Keydesk, caller: &Caller, client: &ClientName) -> Result<bool, ApiError> {
    let folded = fold_name(client.as_str());
    let found = keydesk.clients(caller, client.as_str(), "").await?;
    Ok(found.items.iter().any(|other| fold_name(other.client_name.as_str()) == folded))
}
