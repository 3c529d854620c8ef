use std::{borrow::Cow, net::SocketAddr, sync::Arc};

use axum::body::Body;
use edge::{ClientAddress, Problem, RequestContext, Timer, client_address, limits};
use http::{HeaderValue, Method, Request, Response, StatusCode, Version, header, request::Parts, uri::PathAndQuery};
use hyper::{body::Incoming, upgrade::OnUpgrade};
use model::{RawPath, RefusalCode, Route, Scheme};
use verify::{Asked, Call, Record};

use super::{
    alarm::Alarm,
    attempt, cors,
    failure::Failure,
    fields,
    link::Source,
    live_tokens,
    recordings::{Announced, Download},
    relay::{AnswerBody, Relay},
    request_body::RequestBody,
    request_head::{self, Wishes},
    screen,
    shared::Shared,
    streams::{self, Grant, Origin, Place},
    tunnel::Tunnel,
    turn::others_first,
};
use crate::{
    authz::invalid_path,
    decision::{Allowed, Question, Refused},
};

/// The connection that calls come on.
#[derive(Clone)]
pub(super) struct Connected {
    pub(super) shared: Arc<Shared>,
    pub(super) peer: SocketAddr,
    /// Whether it is TLS.
    pub(super) is_secure: bool,
    /// The thread that answers.
    pub(super) thread: usize,
}

/// What a decision takes from limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    /// Nothing, and it is not counted as a call unless it is refused: the same is decided once more.
    Nothing,
    /// What the route costs.
    Cost,
}

impl Takes {
    fn cost(self, route: Option<&Route>) -> u64 {
        match self {
            Self::Nothing => 0,
            Self::Cost => route.map_or(1, Route::cost),
        }
    }

    fn counted(self, call: Call<'_>) -> Call<'_> {
        Call { counted: self == Self::Cost, ..call }
    }
}

/// An answer, and for which page.
struct Forwarded {
    response: Response<AnswerBody>,
    origin: Option<HeaderValue>,
}

impl Connected {
    /// Answers one call: decides on it, and forwards it.
    pub(super) async fn answer(&self, timer: Arc<Timer>, request: Request<Incoming>) -> Response<AnswerBody> {
        let shared = &self.shared;
        let refused = screen::refusal(&request, shared.body_max);
        let (parts, body) = request.into_parts();
        let context = shared.edge.begin(shared.route, &parts.method, Some(&parts.headers));
        let origin = parts.headers.get(header::ORIGIN).cloned();
        let closes = refused.is_some();
        let answered = match refused {
            Some(problem) => Err(Refused::from(problem)),
            // Whatever is rare is boxed here and below: a call's future is as large as the largest that it may hold, and is moved.
            None if cors::is_preflight(&parts) => return Box::pin(self.preflight(context, &parts)).await,
            None => self.forward(&context, timer, parts, body).await,
        };
        match answered {
            Ok(Forwarded { response, origin }) => {
                let (mut parts, body) = response.into_parts();
                cors::write(origin, &mut parts.headers);
                self.finish(context, parts, body)
            }
            Err(refused) => self.refuse(context, refused, origin, closes),
        }
    }

    /// Counts an answer, and gives it its request id.
    fn finish(&self, context: RequestContext, parts: http::response::Parts, body: AnswerBody) -> Response<AnswerBody> {
        // An empty body takes no memory.
        let (parts, _) = self.shared.edge.finish(context, Response::from_parts(parts, Body::empty())).into_parts();
        Response::from_parts(parts, body)
    }

    async fn preflight(&self, context: RequestContext, parts: &Parts) -> Response<AnswerBody> {
        let cors = &self.shared.cors;
        let is_known = parts.headers.get(header::ORIGIN).is_some_and(|origin| cors.allows_anyone(origin));
        if !is_known && cors.is_due() {
            self.read_origins_of_tokens(&context).await;
        }
        let (status, headers) = self.shared.cors.preflight(parts);
        let mut response = Response::new(Body::empty());
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        let (parts, _) = response.into_parts();
        self.finish(context, parts, AnswerBody::Own(Body::empty()))
    }

    /// Another node may have made a token for the page that asks.
    async fn read_origins_of_tokens(&self, context: &RequestContext) {
        let (verifier, now) = (self.shared.verifier.clone(), context.now());
        let read = self.shared.elsewhere.spawn(async move { verifier.told_origins(now).await });
        match read.await {
            Ok(Ok(origins)) => self.shared.cors.set_of_tokens(origins),
            Ok(Err(error)) => tracing::warn!(%error, "the origins of tokens could not be read"),
            Err(error) => tracing::error!(%error, "the origins of tokens could not be read"),
        }
    }

    /// Refuses a call, in a document that a page may read if it may read answers. `closes`: what comes behind it on the connection
    /// may not be what it seems.
    fn refuse(
        &self,
        context: RequestContext,
        Refused { problem, record }: Refused,
        origin: Option<HeaderValue>,
        closes: bool,
    ) -> Response<AnswerBody> {
        let shared = &self.shared;
        let code = problem.kind().code;
        let mut response = shared.edge.render(&context, Ok(axum::response::IntoResponse::into_response(problem)));
        let headers = response.headers_mut();
        headers.insert(cors::ERROR.clone(), HeaderValue::from_static(code));
        if closes {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        let reads = origin.filter(|origin| match &record {
            Some(record) => shared.cors.allows(origin, record),
            None => shared.cors.allows_anyone(origin),
        });
        cors::write(reads, headers);
        let (parts, body) = shared.edge.finish(context, response).into_parts();
        Response::from_parts(parts, AnswerBody::Own(body))
    }

    async fn forward(
        &self,
        context: &RequestContext,
        timer: Arc<Timer>,
        mut parts: Parts,
        body: Incoming,
    ) -> Result<Forwarded, Refused> {
        let shared = &self.shared;
        let client = client_address::find(&shared.gateway.trusted_proxies, Some(self.peer), &parts.headers);
        let wishes = Wishes::of(&parts);
        let found = self.route(&parts)?;
        let is_stream = wishes.is_stream() || found.is_some_and(Route::is_stream);
        let place = if is_stream && has_body(&parts.method) {
            Some(Box::pin(self.place_before(context, &parts, client, found)).await?)
        } else {
            None
        };
        let (allowed, route, from) = self.decide(context, &parts, client, (found, Takes::Cost)).await?;
        let Allowed { record, limits: mut states } = allowed;
        let origin_of = |parts: &Parts| {
            parts.headers.get(header::ORIGIN).filter(|origin| shared.cors.allows(origin, &record)).cloned()
        };
        if live_tokens::is_asked(&parts) {
            let answered = Box::pin(live_tokens::answer(shared, &record, &parts.headers, body, context)).await;
            let refused = |problem| Refused { problem, record: Some(Arc::clone(&record)) };
            let mut response = answered.map_err(refused)?;
            limits::write(&states, response.headers_mut());
            return Ok(Forwarded { response, origin: origin_of(&parts) });
        }
        let fails = |failure: Failure| Refused { problem: failure.into(), record: Some(Arc::clone(&record)) };
        let upstream = shared.upstreams.find(record.environment(), route.upstream());
        let upstream = upstream.ok_or_else(|| fails(Failure::NoUpstream))?;
        let download = Download::of(shared, &record, route, &parts, client.ip, context);
        let origin = origin_of(&parts);
        let grant = Grant {
            record: Arc::clone(&record),
            wanted: route.shared_scopes(),
            environment: route.environment().unwrap_or(shared.accepted.environment),
            ip: client.ip,
            origin: from,
        };
        let trusted = &shared.gateway.trusted_proxies;
        let came = client_address::scheme(trusted, Some(self.peer), &parts.headers);
        let is_secure = came.map_or(self.is_secure, |scheme| scheme == Scheme::Https);
        let upgrade = wishes.upgrade.then(|| parts.extensions.remove::<OnUpgrade>()).flatten();
        parts.extensions.clear();
        let caller = request_head::Caller { record: &record, accepted: &shared.accepted, client, is_secure, context };
        request_head::rewrite(&mut parts, wishes, &caller);
        let asked = (parts.method.clone(), parts.uri.path_and_query().cloned());
        let body = RequestBody::new(body, shared.body_max);
        let how = attempt::How { alarm: Alarm::new(timer), is_retried: route.is_retried() };
        let answered = attempt::send(shared, self.thread, upstream, parts, body, how).await;
        let answered = answered.map_err(&fails)?;
        others_first().await;
        let place = match place {
            // Whoever asked for no stream, and is answered with one, has one all the same.
            None if has_body(&asked.0) && fields::is_of_events(answered.response.headers()) => {
                let path = asked.1.as_ref().map_or("", PathAndQuery::path);
                Some(self.place(context, (asked.0.as_str(), path), client, &record)?)
            }
            place => place,
        };
        if answered.response.status() == StatusCode::SWITCHING_PROTOCOLS {
            let response = self.switch(answered, upgrade, grant, place).map_err(&fails)?;
            return Ok(Forwarded { response, origin });
        }
        let metering = match download {
            Some(download) => {
                let announced = Announced::by(answered.response.status(), &answered.source.size_hint());
                let begun = Box::pin(download.begin(announced)).await;
                let (more, metering) =
                    begun.map_err(|problem| Refused { problem, record: Some(Arc::clone(&record)) })?;
                states.extend(more);
                metering
            }
            None => None,
        };
        let (mut head, relay) = Relay::of(answered, shared, self.thread, grant, place, metering);
        fields::clean_answer(&mut head.headers);
        limits::write(&states, &mut head.headers);
        head.extensions.clear();
        head.version = Version::HTTP_11;
        Ok(Forwarded { response: Response::from_parts(head, AnswerBody::Relayed(relay)), origin })
    }

    /// The route of a call; `None`: there is none.
    fn route(&self, parts: &Parts) -> Result<Option<&Route>, Problem> {
        let path = RawPath::parse(parts.uri.path().as_bytes()).map_err(invalid_path)?;
        self.shared.gateway.routes.resolve(parts.method.as_str(), path).map_err(invalid_path)
    }

    /// A place for a stream that is known before the API is asked. One that finds none takes nothing from limits: whose it is, is
    /// looked at first.
    async fn place_before(
        &self,
        context: &RequestContext,
        parts: &Parts,
        client: ClientAddress,
        route: Option<&Route>,
    ) -> Result<Place, Refused> {
        let (Allowed { record, .. }, ..) = self.decide(context, parts, client, (route, Takes::Nothing)).await?;
        self.place(context, (parts.method.as_str(), parts.uri.path()), client, &record)
    }

    /// A place for a stream, unless its key has as many as it may have.
    fn place(
        &self,
        context: &RequestContext,
        (method, path): (&str, &str),
        client: ClientAddress,
        record: &Arc<Record>,
    ) -> Result<Place, Refused> {
        let Shared { streams, verifier, .. } = &*self.shared;
        let place = streams.place(record.key_id(), streams::share(record, verifier.nodes()));
        place.ok_or_else(|| {
            let asked = Asked { method, path, no_route: false };
            let call = Call { ip: client.ip, request_id: Some(context.id()), asked, ..Call::with("") };
            verifier.note_refused(record, RefusalCode::TooManyStreams, &call, None, context.now());
            Refused { problem: Failure::TooManyStreams.into(), record: Some(Arc::clone(record)) }
        })
    }

    /// Whether a call may go on, by which route, and from which page it comes.
    async fn decide<'a>(
        &'a self,
        context: &RequestContext,
        parts: &Parts,
        client: ClientAddress,
        (route, takes): (Option<&'a Route>, Takes),
    ) -> Result<(Allowed, &'a Route, Origin), Refused> {
        let shared = &*self.shared;
        let question = Question {
            headers: &parts.headers,
            client,
            accepted: &shared.accepted,
            environment: route.and_then(Route::environment).unwrap_or(shared.accepted.environment),
            wanted: route.map(|route| Cow::Borrowed(route.scopes())),
            bearers: route.map(Route::bearers).unwrap_or_default(),
            cost: takes.cost(route),
            asked: (parts.method.as_str(), parts.uri.path()),
        };
        let call = takes.counted(question.call(context.id())?);
        let from = Origin::from(call.origin);
        let allowed = match shared.verifier.verify_from_memory(call, context.now()) {
            Some(verdict) => question.settle(verdict, call.origin)?,
            None => Box::pin(self.decide_elsewhere(context, parts, client, (route, takes))).await?,
        };
        let Some(route) = route else {
            // A call without a route was refused above.
            return Err(Problem::new(&edge::problem::NO_ROUTE).into());
        };
        Ok((allowed, route, from))
    }

    /// The same where the database has to be asked: not on the thread that answers.
    async fn decide_elsewhere(
        &self,
        context: &RequestContext,
        parts: &Parts,
        client: ClientAddress,
        (route, takes): (Option<&Route>, Takes),
    ) -> Result<Allowed, Refused> {
        let shared = Arc::clone(&self.shared);
        let (id, now) = (context.id(), context.now());
        let (method, headers, path) = (parts.method.clone(), parts.headers.clone(), parts.uri.path().to_owned());
        let wanted = route.map(Route::shared_scopes);
        let environment = route.and_then(Route::environment).unwrap_or(shared.accepted.environment);
        let bearers = route.map(Route::bearers).unwrap_or_default();
        let cost = takes.cost(route);
        let decided = self.shared.elsewhere.spawn(async move {
            let question = Question {
                headers: &headers,
                client,
                accepted: &shared.accepted,
                environment,
                wanted: wanted.as_deref().map(Cow::Borrowed),
                bearers,
                cost,
                asked: (method.as_str(), &path),
            };
            let call = takes.counted(question.call(id)?);
            let verdict = shared.verifier.verify(call, now).await?;
            question.settle(verdict, call.origin)
        });
        decided.await.unwrap_or_else(|_| Err(Problem::new(&edge::problem::INTERNAL_ERROR).into()))
    }

    /// Goes on in the protocol that the client asked for, and the API agreed to.
    fn switch(
        &self,
        answered: attempt::Answered,
        client: Option<OnUpgrade>,
        grant: Grant,
        place: Option<Place>,
    ) -> Result<Response<AnswerBody>, Failure> {
        let agreed = fields::has_token(answered.response.headers(), &header::UPGRADE, "websocket");
        // Nobody asked for this.
        let client = client.filter(|_| agreed).ok_or(Failure::Invalid)?;
        let attempt::Answered { response, source, outstanding, watch } = answered;
        let Source::One(upstream) = source else { return Err(Failure::Invalid) };
        let open = self.shared.streams.open(grant, place.as_ref());
        tokio::spawn(Tunnel { client, upstream, watch, open, outstanding, place }.run());
        let (mut head, _) = response.into_parts();
        fields::clean_answer(&mut head.headers);
        head.headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        head.headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        head.extensions.clear();
        Ok(Response::from_parts(head, AnswerBody::Own(Body::empty())))
    }
}

/// Whether an answer to this method has a body, which may be a stream.
fn has_body(method: &Method) -> bool {
    *method != Method::HEAD
}
