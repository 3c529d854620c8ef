//! `/keys/columns`: the choice of columns as a form, for pages without scripts.

use axum::{
    Router,
    extract::{Form as Body, State},
    http::{HeaderValue, header::SET_COOKIE},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};

use super::{columns::Columns, created::Fields, filter::Filter};
use crate::{ui::key_settings::Form, web::WebState};

const PATH: &str = "/keys/columns";

pub(crate) fn routes<S>(web: WebState) -> Router<S> {
    // Whoever comes back to it by its address has nothing to choose.
    let list = || async { Redirect::to("/keys") };
    Router::new().route(PATH, get(list).post(choose)).with_state(web)
}

/// Has the browser remember the columns, and leads back to the list. They are a browser's and not a person's, so no session is asked for.
async fn choose(State(web): State<WebState>, Body(fields): Body<Fields>) -> Response {
    let form = Form(&fields);
    let filter = Filter::read(|name| form.text(name));
    let mut response = Redirect::to(&filter.address()).into_response();
    let chosen = Columns::read(form.text("columns")).map(|columns| columns.cookie(web.access.https()));
    if let Some(cookie) = chosen.and_then(|cookie| HeaderValue::try_from(cookie).ok()) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}
