use std::{sync::Arc, time::Instant};

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, header};
use uuid::Uuid;

use crate::{
    guard::{DEADLINE, Failure},
    metrics::{Metrics, Route},
    problem::{self, MEDIA_TYPE, Problem, X_REQUEST_ID},
};

/// The one layer around everything: request ids, errors, metrics and the access log. Cheap to clone; clones count together.
///
/// It is called, and not stacked: each boxed layer of a stack would cost as much as verifying a key does.
#[derive(Clone)]
pub struct Edge(Arc<Inner>);

struct Inner {
    source: Box<dyn Source>,
    metrics: Metrics,
}

/// Where the time and the ids of requests come from.
pub trait Source: Send + Sync + 'static {
    /// The time.
    fn now(&self) -> model::Instant;
    /// An id for a request that comes in now: version 7, without a system call.
    fn request_id(&self, now: model::Instant) -> Uuid;
}

/// What is known of a request before it is answered, and needed after.
#[derive(Debug)]
pub struct RequestContext {
    started: Instant,
    now: model::Instant,
    id: Uuid,
    route: Route,
    head: bool,
    /// Kept only if somebody listens: neither path nor query goes into a log, since a careless caller may have put a key
    /// there.
    logged: Option<Method>,
}

impl RequestContext {
    /// When it came.
    pub fn now(&self) -> model::Instant {
        self.now
    }

    /// The id of the request.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// The route that it asked for.
    pub fn route(&self) -> Route {
        self.route
    }
}

impl std::fmt::Debug for Edge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Edge")
    }
}

impl Edge {
    /// Counts from now on.
    pub fn new(source: impl Source) -> Self {
        Self(Arc::new(Inner { source: Box::new(source), metrics: Metrics::default() }))
    }

    /// What has been answered.
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// Begins a request.
    pub fn begin(&self, route: Route, method: &Method) -> RequestContext {
        let now = self.0.source.now();
        let logged = tracing::enabled!(target: "keydesk::access", tracing::Level::DEBUG);
        RequestContext {
            started: Instant::now(),
            now,
            id: self.0.source.request_id(now),
            route,
            head: method == Method::HEAD,
            logged: logged.then(|| method.clone()),
        }
    }

    /// Turns what a handler came to into an answer: an error into its document.
    pub fn render(&self, context: &RequestContext, answer: Result<Response, Failure>) -> Response {
        let mut response = answer.unwrap_or_else(|failure| failed(failure, context));
        if response.status().as_u16() >= 400 {
            finish_error(&mut response, context);
        }
        response
    }

    /// Gives an answer its request id, and counts it.
    pub fn finish(&self, context: RequestContext, mut response: Response) -> Response {
        let RequestContext { started, id, route, logged, .. } = context;
        response.headers_mut().insert(X_REQUEST_ID.clone(), header_of(id));
        let spent = started.elapsed();
        self.0.metrics.record(route, response.status(), spent);
        if let Some(method) = logged {
            let (route, status) = (route.template(), response.status().as_u16());
            let micros = u64::try_from(spent.as_micros()).unwrap_or(u64::MAX);
            tracing::debug!(target: "keydesk::access", request_id = %id, %method, route, status, micros, "answered");
        }
        response
    }
}

#[cold]
fn failed(failure: Failure, context: &RequestContext) -> Response {
    let (id, route) = (context.id, context.route.template());
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
fn finish_error(response: &mut Response, context: &RequestContext) {
    let problem = response.extensions_mut().remove::<Problem>();
    let problem = match problem {
        Some(problem) => problem,
        None if is_bare(response.headers()) || (context.route.is_api() && !is_problem(response.headers())) => {
            Problem::of_status(response.status())
        }
        None => return,
    };
    problem.render(context.id, response, context.head);
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
