//! `/audit.csv` and `/audit.ndjson`: what the page shows, and all that follows, as a file. That it was exported is an entry itself.

use axum::{
    extract::{Query, State},
    http::request::Parts,
    response::Response,
};
use domain::AuditFormat;
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
    format: AuditFormat,
) -> Response {
    let filter = Filter::of(Form(&fields));
    let reader = Reader::of(&web.keydesk, &parts);
    let kind = match format {
        AuditFormat::Csv => FileKind::Csv,
        AuditFormat::Ndjson => FileKind::Ndjson,
    };
    let text = async {
        let session = signed_in(&web, &parts).await?;
        let query = filter.query(&reader.zone).map_err(|_| ApiError::Malformed)?;
        let export = web.keydesk.export_audit(&session.caller(), &query, format);
        let parts = stream::try_unfold(export, async |mut export| Ok(export.next().await?.map(|part| (part, export))));
        kind.text(parts).await
    }
    .await;
    let name = kind.named("audit-log", reader.zone.day(reader.now));
    attachment(&web, parts, (kind, name), text, &filter.address()).await
}
