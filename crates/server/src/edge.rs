//! The one layer around everything: request ids, deadlines, panics, errors, metrics and the access log.
//!
//! One layer, because each boxed one of a stack would cost as much as verifying a key does.

use std::{
    any::Any,
    convert::Infallible,
    future::{Future, poll_fn},
    net::SocketAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use domain::Keydesk;
use http::{HeaderMap, HeaderValue, Method, Request, header, request::Parts};
use tower::Service;
use uuid::Uuid;

use crate::{
    app_state::RequestId,
    authz::{self, Gateway},
    client_address::{self, ClientAddress},
    metrics::{Metrics, Route},
    problem::{self, MEDIA_TYPE, Problem, X_REQUEST_ID},
    rest::verify,
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
    /// Whether it is here that keys are asked about.
    is_public: bool,
}

enum Failure {
    Late,
    Panicked,
}

impl Edge {
    pub(crate) fn new(router: Router, keydesk: Keydesk, gateway: Gateway) -> Self {
        Self(Arc::new(Inner { router, keydesk, metrics: Arc::default(), gateway, is_public: true }))
    }

    /// The same counters behind another router.
    pub(crate) fn with_router(&self, router: Router) -> Self {
        let Inner { keydesk, metrics, .. } = &*self.0;
        let (keydesk, metrics) = (keydesk.clone(), Arc::clone(metrics));
        Self(Arc::new(Inner { router, keydesk, metrics, gateway: Gateway::default(), is_public: false }))
    }

    pub(crate) fn keydesk(&self) -> &Keydesk {
        &self.0.keydesk
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// Answers a request, which names who is connected in its extensions.
    pub async fn answer<B: Payload>(&self, mut request: Request<B>) -> Response {
        let peer = request.extensions_mut().remove::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer);
        match self.answer_to(peer, request) {
            Answering::Now(response) => response,
            Answering::Soon(later) | Answering::Later(later) => later.await,
        }
    }

    /// Answers the request of who is connected: at once where memory knows all that a proxy asks.
    pub(crate) fn answer_to<B: Payload>(&self, peer: Option<SocketAddr>, request: Request<B>) -> Answering {
        let inner = &*self.0;
        let visit = inner.visit(&request);
        let (parts, body) = request.into_parts();
        let client = client_address::find(&inner.gateway.trusted_proxies, peer, &parts.headers);
        if visit.is_question {
            let decided = caught(|| authz::from_memory(&inner.gateway, &inner.keydesk, &parts, client, visit.now));
            if let Some(answer) = decided.transpose() {
                return Answering::Now(inner.finish(visit, answer));
            }
        }
        let is_soon = visit.is_question || inner.is_verification(&visit, &parts);
        let edge = self.clone();
        let later: Later = Box::pin(async move {
            let answer = edge.0.answer(&visit, parts, body, client, peer).await;
            edge.0.finish(visit, answer)
        });
        if is_soon { Answering::Soon(later) } else { Answering::Later(later) }
    }
}

/// The body of a request.
pub trait Payload: axum::body::HttpBody<Data = Bytes, Error: Into<axum::BoxError>> + Send + Unpin + 'static {}

impl<B> Payload for B where B: axum::body::HttpBody<Data = Bytes, Error: Into<axum::BoxError>> + Send + Unpin + 'static {}

/// An answer, or what waits for it.
pub(crate) enum Answering {
    Now(Response),
    /// Most often it has to wait for nothing.
    Soon(Later),
    /// It may take its time, with the processor too.
    Later(Later),
}

/// An answer on its way.
pub(crate) type Later = Pin<Box<dyn Future<Output = Response> + Send>>;

/// What is known of a request before it is answered, and needed after.
struct Visit {
    started: Instant,
    now: model::Instant,
    id: Uuid,
    route: Route,
    head: bool,
    /// Whether a proxy asks.
    is_question: bool,
    for_nginx: bool,
    /// Kept only if somebody listens: neither path nor query goes into a log, since a careless caller may have put a key
    /// there.
    logged: Option<Method>,
}

impl Inner {
    fn visit<B>(&self, request: &Request<B>) -> Visit {
        let now = self.keydesk.now();
        let route = Route::of(request.uri().path());
        let is_question = route == Route::Authz && self.is_public;
        let logged = tracing::enabled!(target: "keydesk::access", tracing::Level::DEBUG);
        Visit {
            started: Instant::now(),
            now,
            id: self.keydesk.request_id(now),
            route,
            head: request.method() == Method::HEAD,
            is_question,
            for_nginx: is_question && authz::is_for_nginx(request.uri()),
            logged: logged.then(|| request.method().clone()),
        }
    }

    fn is_verification(&self, visit: &Visit, parts: &Parts) -> bool {
        visit.route == Route::Verify && parts.method == Method::POST && self.is_public
    }

    async fn answer<B: Payload>(
        &self,
        visit: &Visit,
        mut parts: Parts,
        body: B,
        client: ClientAddress,
        peer: Option<SocketAddr>,
    ) -> Result<Response, Failure> {
        if visit.is_question {
            return guarded(DEADLINE, authz::answer(&self.gateway, &self.keydesk, &parts, client)).await;
        }
        // The two questions that are asked for every other call don't go through the router.
        if self.is_verification(visit, &parts) {
            let verified = guarded(DEADLINE, verify::verify_key(&self.keydesk, visit.id, client, &parts, body)).await;
            return verified.map(IntoResponse::into_response);
        }
        client_address::name(client, peer, &mut parts.extensions);
        parts.extensions.insert(RequestId(visit.id));
        let mut router = self.router.clone();
        guarded(DEADLINE, router.call(Request::from_parts(parts, body))).await.map(|Ok(response)| response)
    }

    fn finish(&self, visit: Visit, answer: Result<Response, Failure>) -> Response {
        let Visit { id, route, .. } = visit;
        let mut response = answer.unwrap_or_else(|failure| failed(&failure, id, route));
        if response.status().as_u16() >= 400 {
            finish_error(&mut response, id, route, visit.head);
        }
        if visit.for_nginx {
            authz::for_nginx(&mut response);
        }
        response.headers_mut().insert(X_REQUEST_ID.clone(), header_of(id));
        let spent = visit.started.elapsed();
        self.metrics.record(route, response.status(), spent);
        if let Some(method) = visit.logged {
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
    let polled = poll_fn(move |cx| match caught(|| future.as_mut().poll(cx)) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
        Err(panicked) => Poll::Ready(Err(panicked)),
    });
    within(limit, polled).await.unwrap_or(Err(Failure::Late))
}

/// Does work of which nothing half-done is seen again after a panic.
fn caught<T>(work: impl FnOnce() -> T) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        drop_quietly(panic);
        Failure::Panicked
    })
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
    problem.into_response()
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
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
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
