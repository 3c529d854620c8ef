//! `/keys.csv`: the list as a table, for whoever is signed in.

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

use super::filter::EXPIRING;
use crate::{
    ApiError,
    frame::failed,
    ui::{key_settings::Form, labels::SOON_MS},
    web::{WebState, session::signed_in},
};

pub(crate) const PATH: &str = "/keys.csv";

const HEADERS: [(HeaderName, HeaderValue); 2] = [
    (CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8; header=present")),
    (CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"api-keys.csv\"")),
];

pub(crate) fn routes<S>(web: WebState) -> Router<S> {
    Router::new().route(PATH, get(export)).with_state(web)
}

async fn export(State(web): State<WebState>, Query(fields): Query<Vec<(String, String)>>, parts: Parts) -> Response {
    match table(&web, Form(&fields), &parts).await {
        Ok(body) => (HEADERS, body).into_response(),
        Err(ApiError::SignedOut) => Redirect::to("/login?next=/keys").into_response(),
        Err(error) => failed(&web, parts, error).await,
    }
}

async fn table(web: &WebState, form: Form<'_>, parts: &Parts) -> Result<Body, ApiError> {
    let session = signed_in(web, parts).await?;
    let expiring = form.text("status") == EXPIRING;
    let query = ListQuery {
        search: form.text("search").to_owned(),
        sort: form.text("sort").parse().unwrap_or_default(),
        status: if expiring { Some(KeyStatus::Active) } else { form.text("status").parse().ok() },
        environment: form.text("environment").parse().ok(),
        preset: form.text("preset").parse().ok(),
        expiring_before: expiring.then(|| web.keydesk.now().plus_millis(SOON_MS)),
        ..ListQuery::default()
    };
    let mut export = web.keydesk.export(&session.caller(), query);
    // The first part is read before the answer begins, so that a failure at once is answered with a page.
    let first = export.next().await?.unwrap_or_default();
    let rest = stream::try_unfold(export, |mut export| async move {
        // The connection is cut, so that half a table does not pass for a whole one.
        let part = export.next().await.map_err(|error| io::Error::other(error.to_string()))?;
        Ok::<_, io::Error>(part.map(|part| (Bytes::from(part), export)))
    });
    Ok(Body::from_stream(stream::iter([Ok(Bytes::from(first))]).chain(rest)))
}
