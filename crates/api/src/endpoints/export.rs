use std::io;

use axum::{body::Body, extract::Request, response::Response};
use bytes::Bytes;
use domain::Caller;
use edge::Problem;
use futures::stream;
use http::{HeaderValue, header};
use tracing::{Instrument as _, Span};

use super::list::{FILTERS, list_query};
use crate::App;

/// Export keys
///
/// The list as a table (CSV, RFC 4180), whole and as it comes from the database. A cell that a spreadsheet would take for a
/// formula has an apostrophe in front.
#[utoipa::path(
    get,
    path = "/api/v1/keys.csv",
    tag = "Keys",
    params(
        ("search" = Option<String>, Query, max_length = 200, description = "As in the list."),
        ("environment" = Option<model::Environment>, Query, description = "Only this environment."),
        ("status" = Option<model::KeyStatus>, Query, description = "Only this status."),
        ("preset" = Option<model::Preset>, Query, description = "Only this preset."),
        ("expiring_before" = Option<model::Instant>, Query, description = "Only keys whose time is not over yet, and will be before this instant."),
        ("sort" = Option<String>, Query, pattern = "^-?(client_name|created_at|last_used_at)$", description = "As in the list."),
    ),
    responses((status = 200, description = "The table.", body = String, content_type = "text/csv"))
)]
pub(crate) async fn export_keys(app: App, caller: Caller, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let query = list_query(&parts.uri, &FILTERS)?;
    let mut export = app.keydesk.export(&caller, query);
    // Read before the answer begins, so that an early failure still gets its status.
    let first = export.next().await?.unwrap_or_default();
    // What is read later still belongs to this request.
    let span = Span::current();
    let rest = stream::try_unfold(export, move |mut export| {
        let part = async move {
            // The connection is cut, so that half a table does not pass for a whole one.
            let part = export.next().await.map_err(|error| io::Error::other(error.to_string()))?;
            Ok::<_, io::Error>(part.map(|part| (Bytes::from(part), export)))
        };
        part.instrument(span.clone())
    });
    let parts = futures::StreamExt::chain(stream::iter([Ok(Bytes::from(first))]), rest);
    let mut response = Response::new(Body::from_stream(parts));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8; header=present"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"api-keys.csv\""));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(response)
}
