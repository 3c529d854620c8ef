//! `/usage.csv`: the numbers that the page shows.

use axum::{
    body::Body,
    extract::{Query, State},
    http::request::Parts,
    response::Response,
};
use domain::{UsageAsked, UsageFormat};
use futures::stream;

use super::filter::Filter;
use crate::{
    ApiError,
    frame::{FileKind, attachment},
    ui::key_settings::Form,
    web::{Reader, WebState, session::signed_in},
};

pub(super) async fn export(
    State(web): State<WebState>,
    Query(fields): Query<Vec<(String, String)>>,
    parts: Parts,
) -> Response {
    let filter = Filter::of(Form(&fields));
    let reader = Reader::of(&web.keydesk, &parts);
    let text = text(&web, &filter, &reader, &parts).await;
    let name = FileKind::Csv.named("usage", reader.zone.day(reader.now));
    attachment(&web, parts, (FileKind::Csv, name), text, &filter.address()).await
}

async fn text(web: &WebState, filter: &Filter, reader: &Reader, parts: &Parts) -> Result<Body, ApiError> {
    let session = signed_in(web, parts).await?;
    let asked = filter.asked(&reader.zone, reader.now, web.keydesk.quarter_days()).map_err(|_| ApiError::Malformed)?;
    let asked = UsageAsked { range: asked.range, filter: asked.filter, zone: reader.zone.clone(), group: None };
    let export = web.keydesk.export_usage(&session.caller(), asked, UsageFormat::Csv);
    let parts = stream::try_unfold(export, async |mut export| Ok(export.next().await?.map(|part| (part, export))));
    FileKind::Csv.text(parts).await
}
