//! The one layer around everything: request ids, deadlines, panics, errors, metrics and the access log.
//!
//! One layer, because each boxed one of a stack would cost as much as verifying a key does.

use std::{
    any::Any,
    future::{Future, poll_fn},
    net::SocketAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
    time::{Duration, Instant},
};

use axum::{Router, body::Body, extract::ConnectInfo, response::Response};
use bytes::Bytes;
use domain::Keydesk;
use http::{HeaderMap, HeaderValue, Method, Request, header};
use tower::Service;
use uuid::Uuid;

use crate::{
    app_state::RequestId,
    authz::{self, Gateway},
    client_address,
    metrics::{Metrics, Route},
    problem::{self, MEDIA_TYPE, Problem, X_REQUEST_ID},
};

/// How long a request may take until its answer begins.
const DEADLINE: Duration = Duration::from_secs(30);

/// The router with its outermost layer.
#[derive(Clone)]
pub struct Edge(Arc<Inner>);

struct Inner {
    router: Router,
    keydesk: Keydesk,
    metrics: Arc<Metrics>,
    gateway: Gateway,
    /// Whether it is here that proxies ask.
    answers_proxies: bool,
}

enum Failure {
    Late,
    Panicked,
}

impl Edge {
    pub(crate) fn new(router: Router, keydesk: Keydesk, gateway: Gateway) -> Self {
        Self(Arc::new(Inner { router, keydesk, metrics: Arc::default(), gateway, answers_proxies: true }))
    }

    /// The same counters behind another router.
    pub(crate) fn with_router(&self, router: Router) -> Self {
        let Inner { keydesk, metrics, .. } = &*self.0;
        let (keydesk, metrics) = (keydesk.clone(), Arc::clone(metrics));
        Self(Arc::new(Inner { router, keydesk, metrics, gateway: Gateway::default(), answers_proxies: false }))
    }

    pub(crate) fn keydesk(&self) -> &Keydesk {
        &self.0.keydesk
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// Answers a request, which names who is connected in its extensions.
    pub async fn answer<B>(&self, mut request: Request<B>) -> Response
    where
        B: axum::body::HttpBody<Data = Bytes, Error: Into<axum::BoxError>> + Send + 'static,
    {
        let peer = request.extensions_mut().remove::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer);
        self.answer_to(peer, request).await
    }

    /// Answers the request of who is connected.
    pub(crate) async fn answer_to<B>(&self, peer: Option<SocketAddr>, request: Request<B>) -> Response
    where
        B: axum::body::HttpBody<Data = Bytes, Error: Into<axum::BoxError>> + Send + 'static,
    {
        let started = Instant::now();
        let id = self.0.keydesk.request_id();
        let route = Route::of(request.uri().path());
        let head = request.method() == Method::HEAD;
        // Built only if somebody listens: neither path nor query goes into a log, since a careless caller may have put a
        // key there.
        let logged = tracing::enabled!(target: "keydesk::access", tracing::Level::DEBUG);
        let method = logged.then(|| request.method().clone());
        let (mut parts, body) = request.into_parts();
        let client = client_address::find(&self.0.gateway.trusted_proxies, peer, &parts.headers);
        let asked = route == Route::Authz && self.0.answers_proxies;
        let for_nginx = asked && authz::is_for_nginx(&parts.uri);
        let answer = if asked {
            guarded(DEADLINE, authz::answer(&self.0.gateway, &self.0.keydesk, &parts, client)).await
        } else {
            client_address::name(client, peer, &mut parts.extensions);
            parts.extensions.insert(RequestId(id));
            let mut router = self.0.router.clone();
            guarded(DEADLINE, router.call(Request::from_parts(parts, body))).await.map(|Ok(response)| response)
        };
        let mut response = answer.unwrap_or_else(|failure| failed(&failure, id, route));
        if response.status().as_u16() >= 400 {
            finish_error(&mut response, id, route, head);
        }
        if for_nginx {
            authz::for_nginx(&mut response);
        }
        response.headers_mut().insert(X_REQUEST_ID.clone(), header_of(id));
        let spent = started.elapsed();
        self.0.metrics.record(route, response.status(), spent);
        if let Some(method) = method {
            let (route, status) = (route.template(), response.status().as_u16());
            let micros = u64::try_from(spent.as_micros()).unwrap_or(u64::MAX);
            tracing::debug!(target: "keydesk::access", request_id = %id, %method, route, status, micros, "answered");
        }
        response
    }
}

/// Waits for `future`, but not longer than `limit`. Nothing is spent on a timer for what is ready at once.
pub(crate) async fn within<F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut timer: Option<Pin<Box<tokio::time::Sleep>>> = None;
    poll_fn(move |cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => {
            let timer = timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
            timer.as_mut().poll(cx).map(|()| None)
        }
    })
    .await
}

async fn guarded<F: Future>(limit: Duration, future: F) -> Result<F::Output, Failure> {
    let mut future = pin!(future);
    // After a panic the future is never polled again, so nothing half-changed in it is ever seen.
    let caught = poll_fn(move |cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
        Err(panic) => {
            drop_quietly(panic);
            Poll::Ready(Err(Failure::Panicked))
        }
    });
    within(limit, caught).await.unwrap_or(Err(Failure::Late))
}

/// The payload of a panic may itself panic when it is dropped.
fn drop_quietly(panic: Box<dyn Any + Send>) {
    let _ = catch_unwind(AssertUnwindSafe(move || drop(panic)));
}

#[cold]
fn failed(failure: &Failure, id: Uuid, route: Route) -> Response {
    let route = route.template();
    let problem = match failure {
        Failure::Late => {
            tracing::warn!(request_id = %id, route, "no answer within {} s", DEADLINE.as_secs());
            Problem::new(&problem::TIMEOUT).detail("There was no answer within 30 seconds. Please try again.")
        }
        Failure::Panicked => {
            tracing::error!(request_id = %id, route, "a handler panicked");
            Problem::new(&problem::INTERNAL_ERROR)
        }
    };
    axum::response::IntoResponse::into_response(problem)
}

/// Gives every error of the API its document. Errors of pages keep theirs, which people read.
#[cold]
fn finish_error(response: &mut Response, id: Uuid, route: Route, head: bool) {
    let problem = response.extensions_mut().remove::<Problem>();
    let problem = match problem {
        Some(problem) => problem,
        None if is_bare(response.headers()) || (route.is_api() && !is_problem(response.headers())) => {
            Problem::of_status(response.status())
        }
        None => return,
    };
    problem.render(id, response, head);
}

fn is_bare(headers: &HeaderMap) -> bool {
    !headers.contains_key(header::CONTENT_TYPE)
}

fn is_problem(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(MEDIA_TYPE.as_bytes()))
}

fn header_of(id: Uuid) -> HeaderValue {
    let mut text = Uuid::encode_buffer();
    HeaderValue::from_str(id.hyphenated().encode_lower(&mut text)).unwrap_or(HeaderValue::from_static(""))
}

impl Service<Request<Body>> for Edge {
    type Response = Response;
    type Error = std::convert::Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let edge = self.clone();
        Box::pin(async move { Ok(edge.answer(request).await) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_ready_in_time_is_answered_and_what_is_not_is_given_up() {
        let limit = Duration::from_secs(30);
        assert_eq!(within(limit, async { 1 }).await, Some(1));
        let slow = |seconds| tokio::time::sleep(Duration::from_secs(seconds));
        assert_eq!(within(limit, slow(29)).await, Some(()));
        assert_eq!(within(limit, slow(31)).await, None);
    }

    #[tokio::test]
    async fn a_panic_is_caught_wherever_it_happens() {
        let limit = Duration::from_secs(30);
        let at_once = guarded(limit, async { panic!("at once") }).await;
        assert!(matches!(at_once, Err::<(), _>(Failure::Panicked)));
        let later = guarded(limit, async {
            tokio::task::yield_now().await;
            panic!("later")
        });
        assert!(matches!(later.await, Err::<(), _>(Failure::Panicked)));
    }
}
