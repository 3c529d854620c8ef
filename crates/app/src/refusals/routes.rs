use axum::{
    Router,
    extract::{Query, State},
    http::{StatusCode, request::Parts},
    response::Response,
    routing::get,
};
use domain::RefusalPage;
use model::{KeyError, Permission};

use super::{
    filter::RefusalFields,
    page::{Refusals, refusals_page},
};
use crate::{
    ApiError,
    frame::{failed, framed},
    web::{WebState, session::signed_in},
};
/// Refusals on a page.
const SHOWN: u32 = 50;

pub(crate) fn routes<S>(web: WebState) -> Router<S> {
    Router::new().route(super::PATH, get(show)).with_state(web)
}

async fn show(State(web): State<WebState>, Query(pairs): Query<Vec<(String, String)>>, parts: Parts) -> Response {
    let fields = RefusalFields::read(&pairs);
    match load(&web, &parts, fields).await {
        Ok(page) => framed(&web, parts, StatusCode::OK, "Refusals".to_owned(), move || refusals_page(&page)).await,
        Err(error) => failed(&web, parts, error).await,
    }
}

async fn load(web: &WebState, parts: &Parts, fields: RefusalFields) -> Result<Refusals, ApiError> {
    let session = signed_in(web, parts).await?;
    let (keydesk, caller) = (&web.keydesk, session.caller());
    let found = match fields.query(keydesk.now()) {
        Some(query) => keydesk.refusals(&caller, &query, SHOWN).await?,
        None => RefusalPage { items: Vec::new(), next: None, not_kept: 0, guessing: Vec::new() },
    };
    let client = match fields.key {
        Some(key) => match keydesk.get(&caller, key).await {
            Ok(key) => Some(key.settings.client_name.to_string()),
            // Its refusals are shown for a day, whatever became of it.
            Err(KeyError::NotFound) => None,
            Err(error) => return Err(error.into()),
        },
        None => None,
    };
    Ok(Refusals { fields, found, client, may_change: caller.may(Permission::ManageKeys) })
}
