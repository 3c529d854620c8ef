//! `/usage.csv`: the numbers that the page shows.

use axum::{
    body::Body,
    extract::{Query, State},
    http::{
        HeaderValue,
        header::{CONTENT_DISPOSITION, CONTENT_TYPE},
        request::Parts,
    },
    response::{IntoResponse, Redirect, Response},
};
use domain::{UsageAsked, UsageFormat};
use percent_encoding::utf8_percent_encode;

use super::filter::Filter;
use crate::{
    ApiError,
    frame::failed,
    ui::key_settings::Form,
    web::{Reader, WebState, guard::QUERY, session::signed_in},
};

/// By this spreadsheets know that the text is UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

pub(super) async fn export(
    State(web): State<WebState>,
    Query(fields): Query<Vec<(String, String)>>,
    parts: Parts,
) -> Response {
    let filter = Filter::of(Form(&fields));
    let reader = Reader::of(&web.keydesk, &parts);
    match text(&web, &filter, &reader, &parts).await {
        Ok(text) => {
            let name = format!("attachment; filename=\"usage-{}.csv\"", reader.zone.day(reader.now));
            let name = HeaderValue::try_from(name).unwrap_or(HeaderValue::from_static("attachment"));
            let kind = HeaderValue::from_static("text/csv; charset=utf-8; header=present");
            ([(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, name)], Body::from(text)).into_response()
        }
        Err(ApiError::SignedOut) => Redirect::to(&sign_in(&filter)).into_response(),
        Err(error) => failed(&web, parts, error).await,
    }
}

/// The sign-in, which leads to the page: that has the link to the file.
pub(super) fn sign_in(filter: &Filter) -> String {
    format!("/login?next={}", utf8_percent_encode(&filter.address(), QUERY))
}

/// All of it at once: a range has a few thousand points at most.
async fn text(web: &WebState, filter: &Filter, reader: &Reader, parts: &Parts) -> Result<Vec<u8>, ApiError> {
    let session = signed_in(web, parts).await?;
    let asked = filter.asked(&reader.zone, reader.now, web.keydesk.quarter_days()).map_err(|_| ApiError::Malformed)?;
    let asked = UsageAsked { range: asked.range, filter: asked.filter, zone: reader.zone.clone(), group: None };
    let mut export = web.keydesk.export_usage(&session.caller(), asked, UsageFormat::Csv);
    let mut text = BYTE_ORDER_MARK.to_vec();
    while let Some(part) = export.next().await? {
        text.extend(part);
    }
    Ok(text)
}
