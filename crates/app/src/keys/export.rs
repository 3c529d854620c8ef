//! `/keys.csv`: the list as a table, for whoever is signed in. The page's link has no `download` attribute: with one, browsers save
//! whatever comes, a page that says why there is no table included.

use std::io;

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Query, State},
    http::{
        HeaderName, HeaderValue,
        header::{CONTENT_DISPOSITION, CONTENT_TYPE},
        request::Parts,
    },
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use futures::{StreamExt as _, stream};
use model::{KeyStatus, ListQuery};
use percent_encoding::utf8_percent_encode;

use super::{
    export_name::disposition,
    filter::{EXPIRING, Filter, attention},
};
use crate::{
    ApiError,
    frame::failed,
    ui::{key_settings::Form, labels::SOON_MS},
    web::{Reader, WebState, guard::QUERY, session::signed_in},
};

const PATH: &str = "/keys.csv";
/// By this spreadsheets know that the text is UTF-8, and not what their country wrote before.
const BYTE_ORDER_MARK: &str = "\u{feff}";
const CSV: HeaderValue = HeaderValue::from_static("text/csv; charset=utf-8; header=present");

pub(crate) fn routes<S>(web: WebState) -> Router<S> {
    Router::new().route(PATH, get(export)).with_state(web)
}

async fn export(State(web): State<WebState>, Query(fields): Query<Vec<(String, String)>>, parts: Parts) -> Response {
    let filter = filter(Form(&fields));
    match table(&web, &filter, &parts).await {
        Ok(body) => {
            let today = Reader::of(&web.keydesk, &parts);
            let name = disposition(&filter, today.zone.day(today.now));
            let headers: [(HeaderName, HeaderValue); 2] = [(CONTENT_TYPE, CSV), (CONTENT_DISPOSITION, name)];
            (headers, body).into_response()
        }
        Err(ApiError::SignedOut) => Redirect::to(&sign_in(filter)).into_response(),
        Err(error) => failed(&web, parts, error).await,
    }
}

fn filter(form: Form<'_>) -> Filter {
    Filter {
        search: form.text("search").to_owned(),
        sort: form.text("sort").parse().unwrap_or_default(),
        status: form.text("status").parse().ok(),
        environment: form.text("environment").parse().ok(),
        preset: form.text("preset").parse().ok(),
        expiring: form.text("status") == EXPIRING,
        attention: attention(form.text("status")),
    }
}

/// The sign-in, which leads to the list: that shows what the table would have, and has the link to it.
fn sign_in(mut filter: Filter) -> String {
    if model::looks_like_key(&filter.search) {
        filter.search.clear();
    }
    format!("/login?next={}", utf8_percent_encode(&filter.address(), QUERY))
}

async fn table(web: &WebState, filter: &Filter, parts: &Parts) -> Result<Body, ApiError> {
    let session = signed_in(web, parts).await?;
    let query = ListQuery {
        search: filter.search.clone(),
        sort: filter.sort,
        status: if filter.expiring { Some(KeyStatus::Active) } else { filter.status },
        environment: filter.environment,
        preset: filter.preset,
        expiring_before: filter.expiring.then(|| web.keydesk.now().plus_millis(SOON_MS)),
        attention: filter.attention,
        ..ListQuery::default()
    };
    let export = web.keydesk.export(&session.caller(), query);
    // A list of keys that want attention is there to write to their owners.
    let mut export = if filter.expiring || filter.attention.is_some() { export.to_owners() } else { export };
    // The first part is read before the answer begins, so that a failure at once is answered with a page.
    let first = [BYTE_ORDER_MARK.as_bytes(), &export.next().await?.unwrap_or_default()].concat();
    let rest = stream::try_unfold(export, |mut export| async move {
        // The connection is cut, so that half a table does not pass for a whole one.
        let part = export.next().await.map_err(|error| io::Error::other(error.to_string()))?;
        Ok::<_, io::Error>(part.map(|part| (Bytes::from(part), export)))
    });
    Ok(Body::from_stream(stream::iter([Ok(Bytes::from(first))]).chain(rest)))
}
