//! Whether an API's addresses work, asked from time to time where its configuration says for what.

use std::{sync::Arc, time::Duration};

use http::{HeaderValue, Request, StatusCode, Uri, header};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::{
    dial::dial,
    link::Link,
    request_body::RequestBody,
    upstream::{Address, Upstream},
};

/// How often.
const EVERY: Duration = Duration::from_secs(5);
/// So many failures in a row, and an address gets no calls until one check succeeds.
const FAILURES: u32 = 2;

/// Checks an address until nobody waits for it any more.
pub(super) async fn watch(upstream: Arc<Upstream>, place: usize) {
    let Some(address) = upstream.addresses.iter().find(|address| address.place == place) else { return };
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failures = 0;
    loop {
        ticks.tick().await;
        let works = timeout(EVERY, works(&upstream, address)).await.unwrap_or(false);
        failures = if works { 0 } else { failures + 1 };
        let is_sick = failures >= FAILURES;
        if is_sick != address.breaker.is_sick() {
            address.breaker.set_sick(is_sick);
            let (upstream, host, port) = (&upstream.name, &address.host, address.port);
            if is_sick {
                tracing::warn!(%upstream, %host, port, "health checks fail: it gets no calls");
            } else {
                tracing::info!(%upstream, %host, port, "health checks succeed again");
            }
        }
    }
}

/// Whether it answers with success, on a connection of its own.
async fn works(upstream: &Upstream, address: &Address) -> bool {
    let Some(target) = upstream.health.clone() else { return true };
    let Ok(mut link) = dial(upstream, address).await else { return false };
    let mut request = Request::new(RequestBody::empty());
    *request.uri_mut() = Uri::from(target);
    request.headers_mut().insert(header::USER_AGENT, HeaderValue::from_static("keydesk-health"));
    if matches!(link, Link::Two(_)) {
        let Some(target) = address.absolute(std::mem::take(request.uri_mut())) else { return false };
        *request.uri_mut() = target;
    } else {
        request.headers_mut().insert(header::HOST, address.authority.clone());
    }
    let answered = link.send(request).await;
    answered.is_ok_and(|answer| answer.status().is_success() || answer.status() == StatusCode::NOT_MODIFIED)
}
