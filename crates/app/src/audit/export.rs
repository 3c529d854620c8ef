//! `/audit.csv` and `/audit.ndjson`: what the page shows, and all that follows, as a file. That it was exported is an entry itself.

use std::io;

use axum::{
    body::{Body, Bytes},
    extract::{Query, State},
    http::{
        HeaderValue,
        header::{CONTENT_DISPOSITION, CONTENT_TYPE},
        request::Parts,
    },
    response::{IntoResponse, Redirect, Response},
};
use domain::AuditFormat;
use futures::{StreamExt as _, stream};
use percent_encoding::utf8_percent_encode;

use super::filter::Filter;
use crate::{
    ApiError,
    frame::failed,
    ui::key_settings::Form,
    web::{Reader, WebState, guard::QUERY, session::signed_in},
};

/// By this spreadsheets know that the text is UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";

pub(super) async fn export(
    State(web): State<WebState>,
    Query(fields): Query<Vec<(String, String)>>,
    parts: Parts,
    format: AuditFormat,
) -> Response {
    let filter = Filter::of(Form(&fields));
    let today = Reader::of(&web.keydesk, &parts);
    let (kind, ending) = match format {
        AuditFormat::Csv => ("text/csv; charset=utf-8; header=present", "csv"),
        AuditFormat::Ndjson => ("application/x-ndjson", "ndjson"),
    };
    let name = format!("attachment; filename=\"audit-log-{}.{ending}\"", today.zone.day(today.now));
    match text(&web, &filter, &today, &parts, format).await {
        Ok(body) => {
            let name = HeaderValue::try_from(name).unwrap_or(HeaderValue::from_static("attachment"));
            ([(CONTENT_TYPE, HeaderValue::from_static(kind)), (CONTENT_DISPOSITION, name)], body).into_response()
        }
        Err(ApiError::SignedOut) => Redirect::to(&sign_in(&filter)).into_response(),
        Err(error) => failed(&web, parts, error).await,
    }
}

/// The sign-in, which leads to the page: that shows what the file would have, and has the links to it.
pub(super) fn sign_in(filter: &Filter) -> String {
    format!("/login?next={}", utf8_percent_encode(&filter.address(), QUERY))
}

async fn text(
    web: &WebState,
    filter: &Filter,
    reader: &Reader,
    parts: &Parts,
    format: AuditFormat,
) -> Result<Body, ApiError> {
    let session = signed_in(web, parts).await?;
    let query = filter.query(&reader.zone).map_err(|_| ApiError::Malformed)?;
    let mut export = web.keydesk.export_audit(&session.caller(), &query, format);
    // The first part is read before the answer begins, so that a failure at once is answered with a page.
    let mark = if format == AuditFormat::Csv { BYTE_ORDER_MARK } else { "" };
    let first = format!("{mark}{}", export.next().await?.unwrap_or_default());
    let rest = stream::try_unfold(export, |mut export| async move {
        // The connection is cut, so that half a log does not pass for a whole one.
        let part = export.next().await.map_err(|error| io::Error::other(error.to_string()))?;
        Ok::<_, io::Error>(part.map(|part| (Bytes::from(part), export)))
    });
    Ok(Body::from_stream(stream::iter([Ok(Bytes::from(first))]).chain(rest)))
}
