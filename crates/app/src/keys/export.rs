//! `/keys.csv`: the list as a table, for whoever is signed in. The page's link has no `download` attribute: with one, browsers save
//! whatever comes, a page that says why there is no table included.

use axum::{
    Router,
    body::Body,
    extract::{Query, State},
    http::request::Parts,
    response::Response,
    routing::get,
};
use futures::stream;
use model::{KeyStatus, ListQuery};

use super::{
    export_name::disposition,
    filter::{EXPIRING, Filter, attention},
};
use crate::{
    ApiError,
    frame::{FileKind, attachment},
    ui::{key_settings::Form, labels::SOON_MS},
    web::{Reader, WebState, session::signed_in},
};

const PATH: &str = "/keys.csv";

pub(crate) fn routes<S>(web: WebState) -> Router<S> {
    Router::new().route(PATH, get(export)).with_state(web)
}

async fn export(State(web): State<WebState>, Query(fields): Query<Vec<(String, String)>>, parts: Parts) -> Response {
    let filter = filter(Form(&fields));
    let table = table(&web, &filter, &parts).await;
    let today = Reader::of(&web.keydesk, &parts);
    let name = disposition(&filter, today.zone.day(today.now));
    attachment(&web, parts, (FileKind::Csv, name), table, &page(filter)).await
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

/// The list that shows what the table would have, and has the link to it.
fn page(mut filter: Filter) -> String {
    if model::looks_like_key(&filter.search) {
        filter.search.clear();
    }
    filter.address()
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
    let export = if filter.expiring || filter.attention.is_some() { export.to_owners() } else { export };
    let parts = stream::try_unfold(export, async |mut export| Ok(export.next().await?.map(|part| (part, export))));
    FileKind::Csv.text(parts).await
}
