use std::{
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Instant,
};

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use model::Occupancy;
use tracing::Span;
use uuid::Uuid;

use crate::{
    guard::{DEADLINE, Failure},
    metrics::{self, Metrics},
    places::Places,
    problem::{self, ErrorKind, MEDIA_TYPE, Problem, X_REQUEST_ID},
    refusals::Refusals,
    routes::{Route, Routes},
    traces::{self, Trace, Traces},
};

/// The one layer around everything: request ids, errors, metrics and the access log. Cheap to clone; clones count together.
///
/// It is called, and not stacked: each boxed layer of a stack would cost as much as verifying a key does.
#[derive(Clone)]
pub struct Edge(Arc<Inner>);

struct Inner {
    source: Box<dyn Source>,
    routes: Routes,
    metrics: Metrics,
    refusals: Refusals,
    /// One for each listener.
    places: Mutex<Vec<Places>>,
    /// What else tells how full it is.
    rooms: Mutex<Vec<Room>>,
    /// Set where spans are sent to a collector.
    traces: OnceLock<Traces>,
    started: Instant,
}

/// Tells how full something is.
type Room = Box<dyn Fn() -> Occupancy + Send + Sync>;

/// Where the time and the ids of requests come from.
pub trait Source: Send + Sync + 'static {
    /// The time.
    fn now(&self) -> model::Instant;
    /// An id for a request that comes in now: version 7, without a system call.
    fn request_id(&self, now: model::Instant) -> Uuid;
}

/// The facts about a request that are known before its answer and needed after it.
#[derive(Debug)]
pub struct RequestContext {
    started: Instant,
    now: model::Instant,
    id: Uuid,
    route: Route,
    head: bool,
    /// Kept only if the log is on: neither path nor query goes into a log, since a careless caller may have put a key
    /// there.
    logged: Option<Method>,
    /// Where it is sampled.
    trace: Option<Arc<Trace>>,
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
    pub fn new(source: impl Source, routes: Routes) -> Self {
        let (metrics, refusals) = (Metrics::new(&routes), Refusals::new(routes.iter().count()));
        Self(Arc::new(Inner {
            source: Box::new(source),
            routes,
            metrics,
            refusals,
            places: Mutex::default(),
            rooms: Mutex::default(),
            traces: OnceLock::new(),
            started: Instant::now(),
        }))
    }

    /// The time by which requests are counted and decided.
    pub fn now(&self) -> model::Instant {
        self.0.source.now()
    }

    /// The routes of this process.
    pub fn routes(&self) -> &Routes {
        &self.0.routes
    }

    /// Writes the counts of answers in the text format of Prometheus.
    pub fn write_metrics(&self, text: &mut String) {
        self.0.metrics.render(&self.0.routes, text);
        metrics::write_refusals(&self.0.refusals, &self.0.routes, text);
        let places = self.0.places.lock().unwrap_or_else(PoisonError::into_inner);
        metrics::write_places(&places, text);
    }

    /// Counts the connections of one more listener among the metrics.
    pub fn watch(&self, places: Places) {
        self.0.places.lock().unwrap_or_else(PoisonError::into_inner).push(places);
    }

    /// Tells among the metrics how full something is that only runs where it is configured.
    pub fn watch_room(&self, room: impl Fn() -> Occupancy + Send + Sync + 'static) {
        self.0.rooms.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(room));
    }

    /// How full those are.
    pub fn occupancy(&self) -> Vec<Occupancy> {
        self.0.rooms.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|room| room()).collect()
    }

    /// Samples requests from now on.
    pub fn trace(&self, traces: Traces) {
        drop(self.0.traces.set(traces));
    }

    /// What samples requests.
    pub fn traces(&self) -> Option<&Traces> {
        self.0.traces.get()
    }

    /// Begins a request. `headers`: as far as they could be read.
    pub fn begin(&self, route: Route, method: &Method, headers: Option<&HeaderMap>) -> RequestContext {
        let now = self.0.source.now();
        let id = self.0.source.request_id(now);
        let logged = tracing::enabled!(target: "keydesk::access", tracing::Level::DEBUG);
        RequestContext {
            started: Instant::now(),
            now,
            id,
            route,
            head: method == Method::HEAD,
            logged: logged.then(|| method.clone()),
            trace: self.0.traces.get().and_then(|traces| traces.begin(id, now, method, headers)),
        }
    }

    /// The span for log lines that are written on behalf of the request. It exists at every level at which anything is
    /// logged.
    pub fn span(&self, context: &RequestContext) -> Span {
        let route = self.0.routes.template(context.route);
        let span = tracing::error_span!(target: "keydesk::request", "request", request_id = %context.id, route);
        if let Some(trace) = &context.trace {
            traces::attach(trace, &span);
        }
        span
    }

    /// Turns a handler's result into an answer: an error into its document.
    pub fn render(&self, context: &RequestContext, answer: Result<Response, Failure>) -> Response {
        let mut response = answer.unwrap_or_else(|failure| self.failed(failure, context));
        if response.status().as_u16() >= 400 {
            self.finish_error(&mut response, context);
        }
        response
    }

    /// Gives an answer its request id, and counts it.
    pub fn finish(&self, context: RequestContext, mut response: Response) -> Response {
        let RequestContext { started, id, route, logged, trace, .. } = context;
        response.headers_mut().insert(X_REQUEST_ID.clone(), header_of(id));
        let spent = started.elapsed();
        self.0.metrics.record(route, response.status(), spent);
        if let Some(trace) = trace {
            trace.finish(id, route, response.status().as_u16());
        }
        if let Some(method) = logged {
            let (route, status) = (self.0.routes.template(route), response.status().as_u16());
            let micros = u64::try_from(spent.as_micros()).unwrap_or(u64::MAX);
            tracing::debug!(target: "keydesk::access", request_id = %id, %method, route, status, micros, "answered");
        }
        response
    }

    /// Writes a refusal or a failure into the log, unless there have been many like it in this second.
    fn tell(&self, context: &RequestContext, status: StatusCode, kind: Option<&ErrorKind>) {
        let since = context.started.saturating_duration_since(self.0.started);
        let Some(left_out) = self.0.refusals.admit(context.route, kind, since) else { return };
        let (request_id, route, status_code) = (context.id, self.0.routes.template(context.route), status.as_u16());
        let code = kind.map(|kind| kind.code);
        if left_out > 0 {
            tracing::info!(target: "keydesk::refusals", route, code, left_out, "similar lines were left out before the next one");
        }
        if status.is_server_error() {
            tracing::warn!(target: "keydesk::refusals", %request_id, route, status = status_code, code, "failed");
        } else {
            tracing::info!(target: "keydesk::refusals", %request_id, route, status = status_code, code, "refused");
        }
    }

    #[cold]
    fn failed(&self, failure: Failure, context: &RequestContext) -> Response {
        let (id, route) = (context.id, self.0.routes.template(context.route));
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
    fn finish_error(&self, response: &mut Response, context: &RequestContext) {
        let problem = response.extensions_mut().remove::<Problem>().or_else(|| {
            let headers = response.headers();
            let of_api = self.0.routes.is_for_programs(context.route) && !is_problem(headers);
            (is_bare(headers) || of_api).then(|| Problem::of_status(response.status()))
        });
        self.tell(context, response.status(), problem.as_ref().map(Problem::kind));
        if let (Some(trace), Some(problem)) = (&context.trace, &problem) {
            trace.refused(problem.kind().code);
        }
        let Some(problem) = problem else { return };
        problem.render(context.id, response, context.head);
    }
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
