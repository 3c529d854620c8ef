//! What a handler is told: who asks, of which world, and for whom.

use std::{collections::BTreeSet, ops::ControlFlow, str::FromStr, sync::Arc};

use axum::extract::{FromRequestParts, Path};
use contact_centre::{
    event::Actor,
    id::{AgentId, CallId, QueueId},
    objects::{Agent, Call},
    shared::Shared,
    view::Rights,
    world::World,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, request::Parts};
use model::{Environment, Instant};
use serde::Serialize;
use serde_json::Value;

use crate::{
    caller::Caller,
    centre::Centre,
    kept::{Begun, Mine, Session, mark},
    narrowed,
    operation::Operation,
    protocol::{Answer, Problem, Query, Sent, kinds},
};

/// A request, and everything that it is about.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) centre: Centre,
    pub(crate) caller: Caller,
    pub(crate) world: Arc<Shared>,
    pub(crate) session: Option<Session>,
    /// The machine's time.
    pub(crate) now: Instant,
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    operation: &'static Operation,
}

/// A request that is about no world that is there.
#[derive(Clone, Debug)]
pub(crate) struct Bare {
    pub(crate) centre: Centre,
    pub(crate) caller: Caller,
    /// The machine's time.
    pub(crate) now: Instant,
    /// What makes a request that is sent again the same, its body aside.
    about: String,
    headers: HeaderMap,
}

impl Bare {
    /// As [`Asked::once_later`].
    pub(crate) async fn once_later(
        &self,
        sent: &Sent,
        act: impl Future<Output = Result<Answer, Problem>> + Send + 'static,
    ) -> Result<Answer, Problem> {
        let request = mark(&self.about, &sent.0);
        once_later(&self.centre, (self.caller.key_id, self.now), &self.headers, request, act).await
    }
}

impl FromRequestParts<Centre> for Bare {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, centre: &Centre) -> Result<Self, Problem> {
        let (caller, operation) = admitted(parts)?;
        Query::of(&parts.uri, operation.query).end()?;
        let about = about(&parts.method, &parts.uri, &caller, None);
        Ok(Self { centre: centre.clone(), caller, now: centre.now(), about, headers: parts.headers.clone() })
    }
}

/// Who asks for what, if they may.
fn admitted(parts: &Parts) -> Result<(Caller, &'static Operation), Problem> {
    // The layer around everything has put it there.
    let caller = parts.extensions.get::<Caller>().cloned().ok_or(Problem::new(&kinds::NOT_THE_GATEWAY))?;
    let operation = parts.extensions.get::<&'static Operation>().copied();
    let operation = operation.ok_or(Problem::new(&kinds::NOT_FOUND))?;
    // The gateway asks for the same right. Whoever puts another in its place gets no more.
    if !caller.may(operation.scope) {
        return Err(Problem::new(&kinds::INSUFFICIENT_SCOPE)
            .detail(format!("This call needs {}.", operation.scope))
            .with("scope", operation.scope));
    }
    if operation.sandbox && caller.environment != Environment::Test {
        return Err(Problem::new(&kinds::NOT_FOUND));
    }
    if caller.queues.as_ref().is_some_and(BTreeSet::is_empty) {
        return Err(Problem::new(&kinds::RESOURCE_NOT_ALLOWED).detail("The token is for no queue that there is."));
    }
    if caller.queues.is_some() && !narrowed::reaches(operation) {
        return Err(Problem::new(&kinds::RESOURCE_NOT_ALLOWED)
            .detail("The token is for some queues, and this is about more than those: use its key."));
    }
    Ok((caller, operation))
}

static SESSION: HeaderName = HeaderName::from_static("x-proxy-session");
static IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
static REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

impl FromRequestParts<Centre> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, centre: &Centre) -> Result<Self, Problem> {
        let (caller, operation) = admitted(parts)?;
        let now = centre.now();
        let name = caller.world.as_deref().unwrap_or(contact_centre::worlds::MAIN);
        let world = centre.worlds().get(name, now).ok_or_else(|| {
            Problem::not_found("world")
                .detail("The world of this key does not exist, or has ended. POST /v1/sandbox/worlds makes one.")
        })?;
        let session = match once(&parts.headers, &SESSION)? {
            None => None,
            Some(token) => {
                let session = centre.sessions().of(token, caller.key_id, caller.world.as_deref(), now);
                let session = session.ok_or(Problem::new(&kinds::INVALID_SESSION))?;
                // What a key may do can have been narrowed since.
                if !caller.may_act_for(session.agent_id) {
                    return Err(Problem::new(&kinds::AGENT_NOT_ALLOWED));
                }
                Some(session)
            }
        };
        let (method, uri, headers) = (parts.method.clone(), parts.uri.clone(), parts.headers.clone());
        Ok(Self { centre: centre.clone(), caller, world, session, now, method, uri, headers, operation })
    }
}

/// The value of a header that may come once.
fn once<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value
        .to_str()
        .ok()
        .filter(|text| (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()));
    match text {
        Some(text) if values.next().is_none() => Ok(Some(text)),
        _ => Err(Problem::invalid(format!("{name} is given once, and has 1 to 255 visible ASCII characters."))),
    }
}

/// An id in the path. A text that is none names nothing that is there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Id<T>(pub(crate) T);

impl<T: FromStr + Send> FromRequestParts<Centre> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, centre: &Centre) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, centre).await;
        let id = path.ok().and_then(|Path(text)| text.parse().ok());
        id.map(Self).ok_or(Problem::new(&kinds::NOT_FOUND))
    }
}

impl Asked {
    /// Which fields the caller sees.
    pub(crate) fn rights(&self) -> Rights {
        self.caller.rights()
    }

    /// In whose name something is done.
    pub(crate) fn actor(&self) -> Actor {
        Actor::key(self.caller.key_id, self.session.as_ref().map(|session| session.agent_id))
    }

    /// In whose name something is done for an agent, by a key that says so.
    pub(crate) fn actor_for(&self, agent: AgentId) -> Actor {
        Actor::key(self.caller.key_id, Some(agent))
    }

    /// The parameters, of which only those of the operation may come.
    pub(crate) fn query(&self) -> Query {
        Query::of(&self.uri, self.operation.query)
    }

    /// For a call that takes no parameters, or none that matter.
    ///
    /// # Errors
    /// 400 if one comes.
    pub(crate) fn no_query(&self) -> Result<(), Problem> {
        self.query().end()
    }

    /// Does what takes its time where it holds nobody up.
    ///
    /// # Errors
    /// Those of `act`.
    pub(crate) async fn aside<T: Send + 'static>(
        self,
        act: impl FnOnce(&Self) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        tokio::task::spawn_blocking(move || act(&self)).await.map_err(|_| Problem::new(&kinds::INTERNAL_ERROR))?
    }

    /// Asks the world, or has it do something, where it holds nobody up: of those who ask one world one has a thread, and the others wait in
    /// the order in which they came. Whatever is answered is true at one `seq`.
    ///
    /// # Errors
    /// Those of `ask`, and 503 while the world catches up.
    pub(crate) async fn ask<T: Send + 'static>(
        self,
        ask: impl FnOnce(&Self, &mut World) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let turn = self.world.turn().await;
        self.aside(move |asked| {
            let _turn = turn;
            asked.world(|world| ask(asked, world))
        })
        .await
    }

    /// As [`Self::ask`], on the thread that calls: for those whom that holds up alone. Never call it in an `async` function.
    pub(crate) fn world<T>(&self, ask: impl FnOnce(&mut World) -> Result<T, Problem>) -> Result<T, Problem> {
        self.world.with(self.now, ask)?
    }

    /// What was asked for, and in whose name, where the request did something.
    ///
    /// # Errors
    /// 500 if it is no JSON.
    pub(crate) fn written<T: Serialize>(&self, view: &T) -> Result<Value, Problem> {
        self.written_by(&self.actor(), view)
    }

    /// [`Self::written`], in this name.
    pub(crate) fn written_by<T: Serialize>(&self, actor: &Actor, view: &T) -> Result<Value, Problem> {
        let mut value = serde_json::to_value(view).map_err(|_| Problem::new(&kinds::INTERNAL_ERROR))?;
        if let Value::Object(fields) = &mut value
            && !self.method.is_safe()
        {
            let actor = serde_json::to_value(actor).map_err(|_| Problem::new(&kinds::INTERNAL_ERROR))?;
            fields.insert("actor".to_owned(), actor);
        }
        Ok(value)
    }

    /// Refuses what is about a queue that the caller's token is not for.
    pub(crate) fn may_see(&self, queue: QueueId) -> Result<(), Problem> {
        if self.caller.may_see(queue) {
            return Ok(());
        }
        Err(Problem::new(&kinds::RESOURCE_NOT_ALLOWED))
    }

    /// A leg, which the caller's token is for.
    ///
    /// # Errors
    /// 404 if there is none, 403 if the token is for other queues.
    pub(crate) fn call<'a>(&self, world: &'a World, id: CallId) -> Result<&'a Call, Problem> {
        let call = world.state().call(id).ok_or(Problem::not_found("call"))?;
        if self.caller.may_see_call(call) { Ok(call) } else { Err(Problem::new(&kinds::RESOURCE_NOT_ALLOWED)) }
    }

    /// An agent, whose queues the caller's token is for.
    ///
    /// # Errors
    /// 404 if there is none, 403 if the token is for other queues.
    pub(crate) fn agent<'a>(&self, world: &'a World, id: AgentId) -> Result<&'a Agent, Problem> {
        let agent = world.state().agent(id).ok_or(Problem::not_found("agent"))?;
        if self.caller.may_see_agent(agent) { Ok(agent) } else { Err(Problem::new(&kinds::RESOURCE_NOT_ALLOWED)) }
    }

    /// Refuses to act for an agent whom the key may not act for, or who is not the session's.
    pub(crate) fn may_act_for(&self, agent: AgentId) -> Result<(), Problem> {
        let others = self.session.as_ref().is_some_and(|session| session.agent_id != agent);
        if others || !self.caller.may_act_for(agent) {
            return Err(Problem::new(&kinds::AGENT_NOT_ALLOWED));
        }
        Ok(())
    }

    /// Does something once, however often the request is sent under its `Idempotency-Key`; each time where it has none. Whoever waits for another
    /// that does the same holds no thread.
    ///
    /// # Errors
    /// Those of `act`.
    pub(crate) async fn once(
        self,
        sent: &Sent,
        act: impl FnOnce(&Self) -> Result<Answer, Problem> + Send + 'static,
    ) -> Result<Answer, Problem> {
        let mine = match self.begin(sent).await? {
            ControlFlow::Break(known) => return Ok(known),
            ControlFlow::Continue(mine) => mine,
        };
        self.aside(move |asked| Ok(asked.done(mine, act(asked)?))).await
    }

    /// [`Self::once`] of what is done in the world, as by [`Self::ask`].
    ///
    /// # Errors
    /// Those of `act`, and those of [`Self::ask`].
    pub(crate) async fn once_in_world(
        self,
        sent: &Sent,
        act: impl FnOnce(&Self, &mut World) -> Result<Answer, Problem> + Send + 'static,
    ) -> Result<Answer, Problem> {
        let mine = match self.begin(sent).await? {
            ControlFlow::Break(known) => return Ok(known),
            ControlFlow::Continue(mine) => mine,
        };
        self.ask(move |asked, world| Ok(asked.done(mine, act(asked, world)?))).await
    }

    /// [`Self::once`] of what has to wait for somebody else. It is done to its end, also if the client hangs up.
    pub(crate) async fn once_later(
        &self,
        sent: &Sent,
        act: impl Future<Output = Result<Answer, Problem>> + Send + 'static,
    ) -> Result<Answer, Problem> {
        once_later(&self.centre, (self.caller.key_id, self.now), &self.headers, self.mark(sent), act).await
    }

    /// What was answered before, or what is begun under its name, if it has one.
    async fn begin(&self, sent: &Sent) -> Result<ControlFlow<Answer, Option<Mine>>, Problem> {
        begin(&self.centre, (self.caller.key_id, self.now), &self.headers, self.mark(sent)).await
    }

    /// Keeps the answer to what was done, if it has a name.
    fn done(&self, mine: Option<Mine>, answer: Answer) -> Answer {
        if let Some(mine) = mine {
            self.centre.answers().keep(mine, &answer);
        }
        answer
    }

    /// What makes two requests the same.
    fn mark(&self, sent: &Sent) -> [u8; 32] {
        let agent = self.session.as_ref().map(|session| session.agent_id);
        mark(&about(&self.method, &self.uri, &self.caller, agent), &sent.0)
    }
}

/// What a request is about, its body aside. One key may have several worlds, one after the other, act for several agents, and lend some of its
/// queues to tokens.
fn about(method: &Method, uri: &Uri, caller: &Caller, agent: Option<AgentId>) -> String {
    format!("{method} {:?} {agent:?} {:?} {:?} {uri}", caller.world, caller.queues, caller.rights())
}

/// Begins something that is done once under its name.
async fn begin(
    centre: &Centre,
    (key, now): (uuid::Uuid, Instant),
    headers: &HeaderMap,
    request: [u8; 32],
) -> Result<ControlFlow<Answer, Option<Mine>>, Problem> {
    let Some(name) = once(headers, &IDEMPOTENCY_KEY)? else { return Ok(ControlFlow::Continue(None)) };
    Ok(match centre.answers().begin(key, name, request, now).await? {
        // It says so where an answer was given before.
        Begun::Again(answer) => ControlFlow::Break(answer.with(REPLAYED.clone(), HeaderValue::from_static("true"))),
        Begun::First(mine) => ControlFlow::Continue(Some(mine)),
    })
}

/// Does something once that has to wait, and to its end.
async fn once_later(
    centre: &Centre,
    caller: (uuid::Uuid, Instant),
    headers: &HeaderMap,
    request: [u8; 32],
    act: impl Future<Output = Result<Answer, Problem>> + Send + 'static,
) -> Result<Answer, Problem> {
    if !headers.contains_key(&IDEMPOTENCY_KEY) {
        return act.await;
    }
    let turn = centre.answers().turn_of(caller.0).await;
    let mine = match begin(centre, caller, headers, request).await? {
        ControlFlow::Break(known) => return Ok(known),
        ControlFlow::Continue(mine) => mine,
    };
    let centre = centre.clone();
    let done = tokio::spawn(async move {
        let _turn = turn;
        let answer = act.await?;
        if let Some(mine) = mine {
            centre.answers().keep(mine, &answer);
        }
        Ok::<_, Problem>(answer)
    });
    done.await.map_err(|_| Problem::new(&kinds::INTERNAL_ERROR))?
}
