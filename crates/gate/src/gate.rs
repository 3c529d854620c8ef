use std::{net::SocketAddr, sync::Arc};

use axum::{
    body::Body,
    extract::ConnectInfo,
    response::{IntoResponse as _, Response},
};
use edge::{
    Answering, DEADLINE, Edge, Failure, Problem, RequestContext, Route, Template, caught, client_address, guarded,
};
use http::{Method, Request, Uri, request::Parts};
use model::TrustedProxies;
use tracing::Instrument as _;
use verify::Verifier;

use crate::{Accepted, Gateway, authz};

/// Answers proxies, whatever protocol they ask in. Cheap to clone.
#[derive(Clone)]
pub struct Gate(Arc<Inner>);

struct Inner {
    verifier: Verifier,
    gateway: Gateway,
    accepted: Accepted,
    edge: Edge,
    route: Route,
}

/// The path at which proxies ask.
const PATH: &str = "/authz";

impl Gate {
    /// Decides with `verifier`, by the rules of `gateway`, on keys that are `accepted`.
    pub fn new(verifier: Verifier, gateway: Gateway, accepted: Accepted, edge: Edge) -> Self {
        let route = edge.routes().find(PATH);
        Self(Arc::new(Inner { verifier, gateway, accepted, edge, route }))
    }

    /// The same for a listener that accepts other keys.
    pub fn accepting(&self, accepted: Accepted) -> Self {
        let Inner { verifier, gateway, edge, .. } = &*self.0;
        Self::new(verifier.clone(), gateway.clone(), accepted, edge.clone())
    }

    /// Where it answers, for metrics and the access log.
    pub fn template() -> Template {
        Template::tree(PATH)
    }

    /// Where its answers are counted.
    pub fn edge(&self) -> &Edge {
        &self.0.edge
    }

    /// The proxies whose `X-Forwarded-For` is believed.
    pub fn trusted_proxies(&self) -> &TrustedProxies {
        &self.0.gateway.trusted_proxies
    }

    /// Whether a path is that of a proxy's question.
    pub fn is_asked(path: &str) -> bool {
        path.strip_prefix(PATH).is_some_and(|below| below.is_empty() || below.starts_with('/'))
    }

    /// Answers a question that came over HTTP: at once, where memory knows the key.
    pub fn answer(&self, peer: Option<SocketAddr>, parts: Parts) -> Answering {
        let Inner { verifier, gateway, accepted, edge, route } = &*self.0;
        let context = edge.begin(*route, &parts.method, Some(&parts.headers));
        let client = client_address::find(&gateway.trusted_proxies, peer, &parts.headers);
        let for_nginx = authz::is_for_nginx(&parts.uri);
        let decided = caught(|| authz::from_memory(gateway, accepted, verifier, &parts, client, &context));
        if let Some(answer) = decided.transpose() {
            return Answering::Now(Some(finish(edge, context, answer, for_nginx)));
        }
        let this = Arc::clone(&self.0);
        let span = edge.span(&context);
        Answering::Later(Box::pin(async move {
            let answer = authz::answer(&this.gateway, &this.accepted, &this.verifier, &parts, client, &context);
            let answer = guarded(DEADLINE, answer).instrument(span).await;
            finish(&this.edge, context, answer, for_nginx)
        }))
    }

    /// Refuses a question that could not be read.
    pub fn refuse_unread(&self, target: &Uri, problem: Problem) -> Response {
        let Inner { edge, route, .. } = &*self.0;
        let context = edge.begin(*route, &Method::GET, None);
        finish(edge, context, Ok(problem.into_response()), authz::is_for_nginx(target))
    }

    /// Answers a question that came in another protocol.
    pub(crate) async fn ask(&self, question: Request<Body>) -> Response {
        let (mut parts, _) = question.into_parts();
        let peer = parts.extensions.remove::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer);
        let Ok(response) = self.answer(peer, parts).await;
        response
    }
}

fn finish(edge: &Edge, context: RequestContext, answer: Result<Response, Failure>, for_nginx: bool) -> Response {
    let mut response = edge.render(&context, answer);
    if for_nginx {
        authz::for_nginx(&mut response);
    }
    edge.finish(context, response)
}
