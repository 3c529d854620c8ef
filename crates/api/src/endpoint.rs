//! An endpoint: its description, and whom it answers. Router, metrics and access log are derived from it.

use std::{future::Future, sync::Arc};

use axum::{
    extract::{Request, State},
    handler::Handler,
    response::Response,
    routing::{MethodFilter, MethodRouter, on},
};
use domain::{Caller, Refused};
use edge::{Problem, limits, problem::ErrorKind};
use utoipa::openapi::{HttpMethod, OpenApi, PathItem};
use verify::Record;

use crate::{
    App,
    auth::{self, CallingRecord, Cost, RequiredScope},
    deprecation::Deprecation,
};

/// Whom an endpoint answers.
#[derive(Clone, Copy, Debug)]
pub enum Access {
    /// Everyone.
    Anyone,
    /// Whoever signs the body with a key of the configuration.
    Reporter,
    /// Every key that is known, whatever its state.
    RecognisedKey,
    /// Every valid key.
    AnyKey,
    /// A key with this scope.
    Key(&'static RequiredScope),
    /// A key with this scope, and no derived token, in an installation that has the API Keys module.
    Manager(&'static RequiredScope),
}

impl Access {
    /// The scope that it requires.
    pub fn scope(self) -> Option<&'static str> {
        match self {
            Self::Anyone | Self::Reporter | Self::RecognisedKey | Self::AnyKey => None,
            Self::Key(scope) | Self::Manager(scope) => Some(scope[0].as_str()),
        }
    }
}

/// Refusals of callers that ask for more than they hold: an operator is told whose they are.
const ESCALATIONS: [&str; 3] = ["scope_escalation", "bounds_escalation", "environment_escalation"];

/// One endpoint: a method of a path.
pub struct Endpoint {
    /// Its path and its schemas, and nothing else.
    described: OpenApi,
    access: Access,
    /// Its kinds of refusal, besides those that follow from its access and its parameters.
    refusals: Vec<&'static ErrorKind>,
    /// `None`: it is answered before the router.
    handler: Option<MethodRouter<App>>,
    /// That it will go.
    deprecation: Option<Deprecation>,
}

impl Endpoint {
    /// One that is answered before the router.
    pub fn before_router(described: OpenApi, access: Access) -> Self {
        Self { described, access, refusals: Vec::new(), handler: None, deprecation: None }
    }

    /// One that needs no key.
    pub(crate) fn open<H: Handler<T, App>, T: 'static>(described: OpenApi, handler: H) -> Self {
        Self::routed(described, Access::Anyone, handler)
    }

    /// One that asks for a signature, which it checks itself.
    pub(crate) fn for_reporter<H: Handler<T, App>, T: 'static>(described: OpenApi, handler: H) -> Self {
        Self::routed(described, Access::Reporter, handler)
    }

    /// One that any known key may ask, also one that is refused everywhere else.
    pub(crate) fn for_recognised_key<F, A>(described: OpenApi, answer: F) -> Self
    where
        F: Fn(App, Arc<Record>, Request) -> A + Copy + Send + Sync + 'static,
        A: Future<Output = Result<Response, Problem>> + Send,
    {
        let handler = move |State(app): State<App>, request: Request| async move {
            let (parts, body) = request.into_parts();
            let caller = auth::recognised(&app.keydesk, &parts).await?;
            answer(app, caller, Request::from_parts(parts, body)).await
        };
        Self::routed(described, Access::RecognisedKey, handler)
    }

    /// One that any valid key may ask.
    pub(crate) fn for_any_key<F, A>(described: OpenApi, answer: F) -> Self
    where
        F: Fn(App, Arc<Record>, Request) -> A + Copy + Send + Sync + 'static,
        A: Future<Output = Result<Response, Problem>> + Send,
    {
        Self::with_key(described, Access::AnyKey, &[], Cost::Nothing, answer)
    }

    /// The same for one that takes 1 from the limits of the key, as any call.
    pub(crate) fn for_any_key_that_pays<F, A>(described: OpenApi, answer: F) -> Self
    where
        F: Fn(App, Arc<Record>, Request) -> A + Copy + Send + Sync + 'static,
        A: Future<Output = Result<Response, Problem>> + Send,
    {
        Self::with_key(described, Access::AnyKey, &[], Cost::Calls(1), answer)
    }

    /// One that requires a scope, and says itself what a call takes from limits.
    pub(crate) fn for_key_costing<F, A>(described: OpenApi, scope: &'static RequiredScope, answer: F) -> Self
    where
        F: Fn(App, Arc<Record>, Request) -> A + Copy + Send + Sync + 'static,
        A: Future<Output = Result<Response, Problem>> + Send,
    {
        Self::with_key(described, Access::Key(scope), &**scope, Cost::Later, answer)
    }

    /// One that manages keys.
    pub(crate) fn for_manager<F, A>(described: OpenApi, scope: &'static RequiredScope, answer: F) -> Self
    where
        F: Fn(App, Caller, Request) -> A + Copy + Send + Sync + 'static,
        A: Future<Output = Result<Response, Problem>> + Send,
    {
        let handler = move |State(app): State<App>, request: Request| async move {
            let (parts, body) = request.into_parts();
            let (caller, states) = auth::manager(&app.keydesk, &parts, scope).await?;
            let (keydesk, actor, via) = (app.keydesk.clone(), caller.actor, caller.via.clone());
            let mut answered = answer(app, caller, Request::from_parts(parts, body)).await;
            if let Ok(answer) = &mut answered {
                limits::write(&states, answer.headers_mut());
            }
            if let Err(problem) = &answered
                && ESCALATIONS.contains(&problem.kind().code)
            {
                keydesk.tell_refused(Refused::Escalation, Some(actor), problem.kind().code, &via);
            }
            answered
        };
        Self::routed(described, Access::Manager(scope), handler)
    }

    /// Adds kinds of refusal.
    pub(crate) fn refusing(mut self, kinds: &[&'static ErrorKind]) -> Self {
        self.refusals.extend(kinds);
        self
    }

    /// One that is deprecated from a day on (`2026-12-01`, in UTC), and is not gone before another, twelve months later or more.
    /// `instead`: what to call in its place, as a sentence. One that is answered before the router can't say it.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "no route is deprecated yet; docs/compatibility.md says when one is")
    )]
    pub(crate) fn deprecated(mut self, since: &str, sunset: &str, instead: &'static str) -> Self {
        self.deprecation = self.handler.is_some().then(|| Deprecation::new(since, sunset, instead));
        self
    }

    /// That it will go, if it will.
    pub(crate) fn deprecation(&self) -> Option<&Deprecation> {
        self.deprecation.as_ref()
    }

    fn with_key<F, A>(
        described: OpenApi,
        access: Access,
        wanted: &'static [model::Scope],
        cost: Cost,
        answer: F,
    ) -> Self
    where
        F: Fn(App, Arc<Record>, Request) -> A + Copy + Send + Sync + 'static,
        A: Future<Output = Result<Response, Problem>> + Send,
    {
        let handler = move |State(app): State<App>, request: Request| async move {
            let (parts, body) = request.into_parts();
            let CallingRecord { record, limits: states } = auth::key(&app.keydesk, &parts, wanted, cost).await?;
            let mut answer = answer(app, record, Request::from_parts(parts, body)).await?;
            if cost != Cost::Later {
                limits::write(&states, answer.headers_mut());
            }
            Ok::<_, Problem>(answer)
        };
        Self::routed(described, access, handler)
    }

    fn routed<H: Handler<T, App>, T: 'static>(described: OpenApi, access: Access, handler: H) -> Self {
        let mut endpoint = Self::before_router(described, access);
        let (_, method) = endpoint.place();
        endpoint.handler = Some(on(filter(&method), handler));
        endpoint
    }

    /// Its path and its method.
    pub fn place(&self) -> (&str, HttpMethod) {
        let described = self.described.paths.paths.iter().next();
        described.map_or(("", HttpMethod::Get), |(path, item)| (path, method(item)))
    }

    /// Whom it answers.
    pub fn access(&self) -> Access {
        self.access
    }

    pub(crate) fn described(&self) -> &OpenApi {
        &self.described
    }

    pub(crate) fn refusals(&self) -> &[&'static ErrorKind] {
        &self.refusals
    }

    /// Its handler in the router; `None`: it is answered before the router.
    pub(crate) fn into_handler(self) -> Option<MethodRouter<App>> {
        let handler = self.handler?;
        Some(match self.deprecation {
            None => handler,
            Some(deprecation) => deprecation.told_by(handler),
        })
    }
}

/// The one method that is described.
fn method(item: &PathItem) -> HttpMethod {
    match item {
        PathItem { post: Some(_), .. } => HttpMethod::Post,
        PathItem { put: Some(_), .. } => HttpMethod::Put,
        PathItem { patch: Some(_), .. } => HttpMethod::Patch,
        PathItem { delete: Some(_), .. } => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

fn filter(method: &HttpMethod) -> MethodFilter {
    match method {
        HttpMethod::Post => MethodFilter::POST,
        HttpMethod::Put => MethodFilter::PUT,
        HttpMethod::Patch => MethodFilter::PATCH,
        HttpMethod::Delete => MethodFilter::DELETE,
        _ => MethodFilter::GET,
    }
}
