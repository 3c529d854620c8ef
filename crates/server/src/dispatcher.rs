use std::{
    convert::Infallible,
    future::Future,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use api::verify_key;
use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    response::{IntoResponse, Response},
};
use domain::{Keydesk, UserAgent, Via};
use edge::{
    Answer, Answering, ClientAddress, DEADLINE, Edge, Failure, Payload, Problem, RequestContext, RequestId, Route,
    client_address, guarded, within_span_once_waiting,
};
use gate::Gate;
use http::{Method, Request, Uri, header::USER_AGENT};
use hyper::body::Incoming;
use tower::Service;
use tracing::Instrument as _;

/// How long the upload of a file may take, with the answer.
const UPLOAD_DEADLINE: Duration = Duration::from_secs(10 * 60);

/// Sends each request where it is answered: a proxy's question to the gate, the verification of a key to its handler,
/// all others to the router.
///
/// The first two precede every other call, and a router in front of them would cost as much as answering them.
#[derive(Clone)]
pub struct Dispatcher(Arc<Inner>);

struct Inner {
    router: Router,
    keydesk: Keydesk,
    edge: Edge,
    gate: Gate,
    /// Whether it answers questions about keys.
    is_public: bool,
    /// The path on which keys are verified.
    verify: (String, Route),
}

impl Dispatcher {
    pub(crate) fn new(router: Router, keydesk: Keydesk, gate: Gate) -> Self {
        let edge = gate.edge().clone();
        let path = api::verify_path();
        let verify = (path.clone(), edge.routes().find(&path));
        Self(Arc::new(Inner { router, keydesk, edge, gate, is_public: true, verify }))
    }

    /// The same counters behind another router.
    pub(crate) fn with_router(&self, router: Router) -> Self {
        let (keydesk, edge) = (self.0.keydesk.clone(), self.0.edge.clone());
        // It is not asked: the router is not public.
        let gate = self.0.gate.clone();
        Self(Arc::new(Inner { router, keydesk, edge, gate, is_public: false, verify: self.0.verify.clone() }))
    }

    pub(crate) fn keydesk(&self) -> &Keydesk {
        &self.0.keydesk
    }

    pub(crate) fn edge(&self) -> &Edge {
        &self.0.edge
    }

    pub(crate) fn gate(&self) -> &Gate {
        &self.0.gate
    }

    /// Answers a request whose extensions name its peer.
    pub async fn answer<B: Payload>(&self, mut request: Request<B>) -> Response {
        let peer = request.extensions_mut().remove::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer);
        let Ok(response) = self.answer_to(peer, request).await;
        response
    }

    /// Answers a request of `peer`: at once where memory has all that a proxy's question needs.
    pub(crate) fn answer_to<B: Payload>(&self, peer: Option<SocketAddr>, request: Request<B>) -> Answering {
        let inner = &*self.0;
        if inner.is_public && Gate::is_asked(request.uri().path()) {
            let (parts, _) = request.into_parts();
            return inner.gate.answer(peer, parts);
        }
        let context = inner.edge.begin(inner.find(request.uri().path()), request.method(), Some(request.headers()));
        let client = client_address::find(inner.gate.trusted_proxies(), peer, request.headers());
        let this = Arc::clone(&self.0);
        // Two futures, since one for both would be as large as the larger.
        if inner.is_verification(&context, request.method()) {
            Answering::Soon(Box::pin(async move { this.verify(context, request, client).await }))
        } else {
            Answering::Later(Box::pin(async move { this.route(context, request, client, peer).await }))
        }
    }
}

impl Inner {
    fn find(&self, path: &str) -> Route {
        let (verify, route) = &self.verify;
        if path == verify { *route } else { self.edge.routes().find(path) }
    }

    fn is_verification(&self, context: &RequestContext, method: &Method) -> bool {
        self.is_public && context.route() == self.verify.1 && method == Method::POST
    }

    async fn verify<B: Payload>(
        &self,
        context: RequestContext,
        request: Request<B>,
        client: ClientAddress,
    ) -> Response {
        let (parts, body) = request.into_parts();
        let verified = guarded(DEADLINE, verify_key(&self.keydesk, context.id(), client, &parts, body));
        let verified = within_span_once_waiting(|| self.edge.span(&context), verified).await;
        self.finish(context, verified.map(IntoResponse::into_response))
    }

    async fn route<B: Payload>(
        &self,
        context: RequestContext,
        mut request: Request<B>,
        client: ClientAddress,
        peer: Option<SocketAddr>,
    ) -> Response {
        if let Some(scheme) = client_address::scheme(self.gate.trusted_proxies(), peer, request.headers()) {
            request.extensions_mut().insert(scheme);
        }
        client_address::name(client, peer, request.extensions_mut());
        request.extensions_mut().insert(RequestId(context.id()));
        let agent = request.headers().get(USER_AGENT).and_then(|agent| UserAgent::of(agent.as_bytes()));
        let via = Via { address: client.ip, request_id: Some(context.id()), user_agent: agent };
        request.extensions_mut().insert(via);
        // A file may take long to arrive, and what becomes of its rows is in the answer.
        let is_upload = app::longest_upload(request.method(), request.uri().path()).is_some();
        let deadline = if is_upload { UPLOAD_DEADLINE } else { DEADLINE };
        let mut router = self.router.clone();
        let routed = guarded(deadline, router.call(request)).instrument(self.edge.span(&context)).await;
        self.finish(context, routed.map(|Ok(response)| response))
    }

    fn finish(&self, context: RequestContext, answer: Result<Response, Failure>) -> Response {
        let response = self.edge.render(&context, answer);
        self.edge.finish(context, response)
    }
}

impl Answer for Dispatcher {
    fn answer_to(&self, peer: Option<SocketAddr>, request: Request<Incoming>) -> Answering {
        self.answer_to(peer, request)
    }

    fn refuse_unread(&self, target: &str, problem: Problem) -> Response {
        let inner = &*self.0;
        let target = target.parse::<Uri>().unwrap_or_default();
        if inner.is_public && Gate::is_asked(target.path()) {
            return inner.gate.refuse_unread(&target, problem);
        }
        // Whatever the method was, it has a document: of a request for a head alone nothing is known.
        let context = inner.edge.begin(inner.find(target.path()), &Method::GET, None);
        inner.finish(context, Ok(problem.into_response()))
    }
}

impl Service<Request<Body>> for Dispatcher {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let this = self.clone();
        Box::pin(async move { Ok(this.answer(request).await) })
    }
}
