use std::str::FromStr;

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use domain::{Caller, Redelivery};
use edge::{
    FieldError, Problem,
    query::{self, wrong},
};
use http::{StatusCode, Uri};
use model::{
    Bounded, DeliveryCursor, DeliveryPage, DeliveryState, EventId, Instant, PAGE_DEFAULT, PAGE_MAX, WebhookId,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::webhooks::webhook_id;
use crate::{App, body, respond};

/// Most events that one request names.
const IDS_MOST: usize = 1_000;

/// Send a test event
///
/// An event of the type `webhook.test` for this webhook alone, whatever types it wants. How it went stands among its deliveries.
#[utoipa::path(
    post,
    path = "/api/v1/webhooks/{id}/test",
    tag = "Webhooks",
    params(("id" = WebhookId, Path, description = "The webhook.")),
    responses(
        (status = 202, description = "It is on its way."),
        (status = 422, description = "`invalid_setting`: the webhook is switched off."),
    )
)]
pub(crate) async fn send_test_event(app: App, caller: Caller, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    query::none(&parts.uri)?;
    let id = webhook_id(&parts)?;
    body::none(body).await?;
    app.keydesk.send_test_event(&caller, id).await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

/// List a webhook's deliveries
///
/// Of the last 7 days, the newest event first, a page at a time; those that are still tried or are parked are there for longer.
#[utoipa::path(
    get,
    path = "/api/v1/webhooks/{id}/deliveries",
    tag = "Webhooks",
    params(
        ("id" = WebhookId, Path, description = "The webhook."),
        ("state" = Option<DeliveryState>, Query, description = "Only those that stand so."),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "Deliveries on the page; 50 when not given."),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses((status = 200, description = "A page of deliveries.", body = DeliveryPage))
)]
pub(crate) async fn list_deliveries(app: App, caller: Caller, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let id = webhook_id(&parts)?;
    let (state, limit, cursor) = delivery_query(&parts.uri)?;
    let page = app.keydesk.deliveries(&caller, id, state, limit, cursor).await?;
    Ok(respond::json(StatusCode::OK, &page))
}

fn delivery_query(uri: &Uri) -> Result<(Option<DeliveryState>, u32, Option<DeliveryCursor>), Problem> {
    let (mut state, mut limit, mut cursor, mut errors) = (None, PAGE_DEFAULT, None, Vec::new());
    // A parameter without a value counts as not given: an empty form field sends that.
    let given = query::read(uri, &["state", "limit", "cursor"])?;
    for (name, value) in given.into_iter().filter(|(_, value)| !value.is_empty()) {
        match name {
            "state" => state = parsed(name, &value, &mut errors),
            "cursor" => cursor = parsed(name, &value, &mut errors),
            _ => match value.parse().ok().filter(|limit| (1..=PAGE_MAX).contains(limit) && !value.starts_with('+')) {
                Some(given) => limit = given,
                None => errors.push(wrong(name, "must be a whole number from 1 to 200")),
            },
        }
    }
    if errors.is_empty() { Ok((state, limit, cursor)) } else { Err(query::refuse(errors)) }
}

fn parsed<T: FromStr<Err: std::fmt::Display>>(name: &str, text: &str, errors: &mut Vec<FieldError>) -> Option<T> {
    text.parse().map_err(|error: T::Err| errors.push(wrong(name, error.to_string()))).ok()
}

/// Which events to deliver again: those of a span of time, or those that are named.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RedeliverBody {
    /// Those that happened from this instant on.
    from: Option<Instant>,
    /// Those that happened before this instant.
    to: Option<Instant>,
    /// These events.
    #[schema(value_type = Option<Vec<EventId>>, min_items = 1, max_items = 1000)]
    ids: Option<Bounded<EventId, 1, IDS_MOST>>,
}

/// How much is delivered again.
#[derive(Serialize, ToSchema)]
pub(crate) struct Redelivered {
    /// Deliveries that are tried from now on.
    events: u64,
}

/// Deliver events again
///
/// Events of the last 7 days, and those that are parked; whether they were delivered before or not, as far as the webhook wants
/// their types. Each keeps its id, by which a receiver knows it.
#[utoipa::path(
    post,
    path = "/api/v1/webhooks/{id}/redeliver",
    tag = "Webhooks",
    params(("id" = WebhookId, Path, description = "The webhook.")),
    request_body(content = RedeliverBody, example = json!({"from": "2026-11-20T00:00:00Z", "to": "2026-11-22T00:00:00Z"})),
    responses(
        (status = 202, description = "How many are on their way.", body = Redelivered),
        (status = 422, description = "`invalid_setting`: there are more than 10,000."),
    )
)]
pub(crate) async fn redeliver(app: App, caller: Caller, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    query::none(&parts.uri)?;
    let id = webhook_id(&parts)?;
    let body = body::json(&parts.headers, body).await?;
    let wanted = match body::parse(&body)? {
        RedeliverBody { from: Some(from), to: Some(to), ids: None } => Redelivery::Between(from, to),
        RedeliverBody { from: None, to: None, ids: Some(ids) } => Redelivery::Events(ids.into()),
        _ => return Err(Problem::invalid("Give either from and to, or ids.")),
    };
    let events = app.keydesk.redeliver(&caller, id, wanted).await?;
    Ok(respond::json(StatusCode::ACCEPTED, &Redelivered { events }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_or_refused() {
        let read = |query: &str| delivery_query(&format!("/api/v1/webhooks/x/deliveries?{query}").parse().unwrap());
        let (state, limit, cursor) = read("state=parked&limit=200&cursor=1.7").unwrap();
        assert_eq!((state, limit, cursor), (Some(DeliveryState::Parked), 200, Some(DeliveryCursor(7))));
        assert!(read("state=&limit=&cursor=").is_ok());
        for bad in ["state=gone", "limit=0", "limit=201", "limit=+5", "cursor=7", "cursor=1.-7", "page=1"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
