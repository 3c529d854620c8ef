use axum::response::IntoResponse;
use contact_centre::{
    id::AgentId,
    objects::{Agent, Reason, RoutingState},
    view::{AgentView, StayView},
    world::{AsOf, World},
};
use http::header;
use model::Instant;
use serde::{Deserialize, Serialize};

use crate::{
    asked::{Asked, Id},
    protocol::{Answer, Paging, Problem, Sent, etag, expected, json, page_of},
};

const DAY_MS: i64 = 86_400_000;

/// Agents by id, or those that changed. A token for some queues sees who serves one of them.
pub(crate) async fn list(asked: Asked) -> Result<impl IntoResponse, Problem> {
    let query = asked.query();
    let paging = Paging::of(&query);
    query.end()?;
    let page = asked.ask(move |asked, world| {
        let of = |agent: &&Agent| (agent.id.0, agent.seq);
        let write = |agent| serde_json::to_value(AgentView::of(agent));
        let agents = world.state().agents().filter(|agent| asked.caller.may_see_agent(agent));
        json(&page_of(world, &paging, agents, of, write)?)
    });
    page.await
}

/// One agent.
pub(crate) async fn get(asked: Asked, Id(id): Id<AgentId>) -> Result<impl IntoResponse, Problem> {
    asked.no_query()?;
    asked.ask(move |asked, world| shown(asked, world, id)).await
}

fn shown(asked: &Asked, world: &World, id: AgentId) -> Result<Answer, Problem> {
    let agent = asked.agent(world, id)?;
    Ok(json(&asked.written_by(&asked.actor_for(id), &AgentView::of(agent))?)?.with(header::ETAG, etag(agent.seq)))
}

#[derive(Serialize)]
struct States {
    items: Vec<StayView>,
    /// From when the next page goes on.
    next_cursor: Option<Instant>,
    as_of: AsOf,
}

/// What an agent did, the last day if nothing else is said.
pub(crate) async fn states(asked: Asked, Id(id): Id<AgentId>) -> Result<impl IntoResponse, Problem> {
    let query = asked.query();
    let (from, to, after) = (query.get::<Instant>("from"), query.get::<Instant>("to"), query.get::<Instant>("cursor"));
    let limit = query.get::<usize>("limit").unwrap_or(500);
    if !(1..=500).contains(&limit) {
        query.refuse("limit".to_owned(), "must be between 1 and 500");
    }
    query.end()?;
    let page = asked.ask(move |asked, world| {
        let agent = asked.agent(world, id)?;
        let now = world.now();
        let to = to.unwrap_or(now.plus_millis(1));
        let from = after.or(from).unwrap_or(to.plus_millis(-DAY_MS));
        let mut items: Vec<_> = StayView::between(&agent.stays, from, to).take(limit + 1).collect();
        let next_cursor = items.get(limit).map(StayView::started_at);
        items.truncate(limit);
        json(&States { items, next_cursor, as_of: world.as_of() })
    });
    page.await
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StateForm {
    routing_state: String,
    #[serde(default)]
    reason: Option<Reason>,
    #[serde(default)]
    on_behalf_of: Option<AgentId>,
}

impl StateForm {
    fn wish(&self) -> Result<RoutingState, Problem> {
        match (&*self.routing_state, self.reason) {
            ("offline", None) => Ok(RoutingState::Offline),
            ("ready", None) => Ok(RoutingState::Ready),
            ("not_ready", Some(reason)) => Ok(RoutingState::NotReady(reason)),
            ("not_ready", None) => Err(Problem::field("reason", "is required with not_ready")),
            ("offline" | "ready", Some(_)) => Err(Problem::field("reason", "goes with not_ready alone")),
            _ => Err(Problem::field("routing_state", "must be offline, not_ready or ready")),
        }
    }
}

/// Has an agent want something. The key says for whom it acts: by a proxy session, or by `on_behalf_of`.
pub(crate) async fn put_state(asked: Asked, Id(id): Id<AgentId>, sent: Sent) -> Result<Answer, Problem> {
    asked.no_query()?;
    let form = sent.read::<StateForm>()?;
    let wish = form.wish()?;
    asked.may_act_for(id)?;
    let acts_for = form.on_behalf_of.or(asked.session.as_ref().map(|session| session.agent_id));
    if acts_for != Some(id) {
        let message = "is required without a proxy session, and is the agent of the path";
        return Err(Problem::field("on_behalf_of", message));
    }
    let wished = asked.ask(move |asked, world| {
        let agent = world.state().agent(id).ok_or(Problem::not_found("agent"))?;
        expected(&asked.headers, Some(agent.seq))?;
        world.set_agent_state(&asked.actor_for(id), id, wish)?;
        shown(asked, world, id)
    });
    wished.await
}
