//! `/keys/search`: the search as a form. It is posted, since whoever pastes a key there must not find it in the address.

use axum::{
    Router,
    extract::{Form as Body, State},
    http::request::Parts,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use domain::LookedUp;
use model::looks_like_key;

use super::filter::Filter;
use crate::{
    ApiError,
    frame::failed,
    ui::key_settings::Form,
    web::{WebState, session::signed_in},
};

const PATH: &str = "/keys/search";

pub(crate) fn routes<S>(web: WebState) -> Router<S> {
    // Whoever comes back to it by its address has nothing to search for.
    let list = || async { Redirect::to("/keys") };
    Router::new().route(PATH, get(list).post(search)).with_state(web)
}

/// Leads to the list that is searched for, or, of a key, to the page of whose it is.
async fn search(State(web): State<WebState>, parts: Parts, Body(fields): Body<Vec<(String, String)>>) -> Response {
    let form = Form(&fields);
    let filter = Filter::read(|name| form.text(name));
    if !looks_like_key(form.text("search")) {
        return Redirect::to(&filter.address()).into_response();
    }
    let looked_up = async {
        let session = signed_in(&web, &parts).await?;
        Ok(web.keydesk.look_up_key(&session.caller(), form.text("search")).await?)
    };
    match looked_up.await {
        Ok(LookedUp::Found(key)) => Redirect::to(&format!("/keys/{}?done=found", key.id)).into_response(),
        Ok(LookedUp::Mistyped) => Redirect::to(&answer_address(&filter, "mistyped")).into_response(),
        Ok(LookedUp::Unknown | LookedUp::NoKey) => Redirect::to(&answer_address(&filter, "unknown")).into_response(),
        Err(ApiError::SignedOut) => Redirect::to("/login?next=/keys").into_response(),
        Err(error) => failed(&web, parts, error).await,
    }
}

/// The address of the list with an answer (`KeyLookup::of_address`).
fn answer_address(filter: &Filter, answer: &str) -> String {
    let address = filter.address();
    let more = if address.contains('?') { '&' } else { '?' };
    format!("{address}{more}lookup={answer}")
}
