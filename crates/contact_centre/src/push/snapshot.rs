use std::collections::HashMap;

use model::Instant;
use serde::Serialize;

use super::{Audience, Facts, Feed, Filter, encoded::cursor, facts::agents_of, live_queue::LiveQueue};
use crate::{
    event::{EventType, Subject},
    id::AgentId,
    log::{Epoch, Unreadable},
    view::{AgentView, CallView},
    world::{AsOf, World},
};

/// What holds at one place of the log: every agent, every leg that is not closed, or every queue.
#[derive(Debug, Serialize)]
pub struct Snapshot<'a> {
    epoch: &'a Epoch,
    /// The place after which a reader goes on.
    cursor: String,
    as_of: AsOf,
    items: Vec<Item<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Item<'a> {
    Agent(Box<AgentView<'a>>),
    Call(Box<CallView<'a>>),
    Queue(Box<LiveQueue<'a>>),
}

impl Snapshot<'_> {
    /// The last event that is in it.
    pub fn seq(&self) -> u64 {
        self.as_of.seq
    }

    /// How many things are in it.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

/// What holds after event `seq`; without one, after the last that may be told of. Queues are as they are now.
///
/// # Errors
/// [`Unreadable`] if the log does not reach back so far.
pub fn snapshot<T>(
    world: &World,
    audience: &Audience,
    filter: &Filter,
    seq: Option<u64>,
    take: impl FnOnce(&Snapshot<'_>) -> T,
) -> Result<T, Unreadable> {
    let seq = seq.unwrap_or(world.told());
    let calls = match audience.feed {
        Feed::Calls => world.live_calls_at(seq)?,
        Feed::AgentStates | Feed::Queues => Vec::new(),
    };
    let items = match audience.feed {
        Feed::Calls => calls
            .iter()
            .filter(|call| {
                let (agents, queues): (Vec<_>, Vec<_>) =
                    (agents_of(call).collect(), call.queue_id.into_iter().collect());
                audience.sees_queues(&queues) && filter.wants_things(&agents, &queues)
            })
            .map(|call| Item::Call(Box::new(CallView::without_comments(world.state(), call, audience.rights))))
            .collect(),
        Feed::AgentStates => agents(world, audience, filter, seq)?,
        Feed::Queues => queues(world, audience, filter),
    };
    let as_of = AsOf { seq, at: instant(world, seq)? };
    Ok(take(&Snapshot { epoch: world.epoch(), cursor: cursor(world.epoch(), seq), as_of, items }))
}

/// When an event happened.
fn instant(world: &World, seq: u64) -> Result<Instant, Unreadable> {
    if seq == world.state().seq() {
        return Ok(world.state().at());
    }
    world.window().reaches(seq)?;
    world.window().event(seq).map(|event| event.at).ok_or(Unreadable::TooOld)
}

fn agents<'a>(world: &'a World, audience: &Audience, filter: &Filter, seq: u64) -> Result<Vec<Item<'a>>, Unreadable> {
    let wanted = |id: AgentId| {
        let facts = Facts::of_agent(world.state(), id, EventType::AgentHeartbeat);
        audience.sees_queues(&facts.queues) && filter.wants_things(&facts.agents, &facts.queues)
    };
    let held: Vec<_> = world.agents_at(seq)?.into_iter().filter(|(id, ..)| wanted(*id)).collect();
    let last = last_events(world, held.iter().map(|(id, ..)| *id), seq);
    let item = |(id, status, since): (AgentId, _, Instant)| {
        let last = last.get(&id).copied().unwrap_or((world.window().oldest(), since));
        Some(Item::Agent(Box::new(AgentView::after(world.state().agent(id)?, (status, since), last))))
    };
    Ok(held.into_iter().filter_map(item).collect())
}

/// The last event until `seq` about each agent, and when it happened; none if it lies before the log.
fn last_events(world: &World, ids: impl Iterator<Item = AgentId>, seq: u64) -> HashMap<AgentId, (u64, Instant)> {
    let mut last = HashMap::new();
    let mut later = Vec::new();
    for agent in ids.filter_map(|id| world.state().agent(id)) {
        if agent.seq <= seq {
            last.insert(agent.id, (agent.seq, agent.updated_at));
        } else {
            later.push(agent.id);
        }
    }
    // Most agents do something every few minutes, so this does not look far back.
    for event in world.window().events().rev().skip_while(|event| event.seq > seq) {
        if later.is_empty() {
            break;
        }
        if let Subject::Agent(id) = event.subject
            && let Some(place) = later.iter().position(|other| *other == id)
        {
            later.swap_remove(place);
            last.insert(id, (event.seq, event.at));
        }
    }
    last
}

fn queues<'a>(world: &'a World, audience: &Audience, filter: &Filter) -> Vec<Item<'a>> {
    let wanted = |queue: &&crate::objects::Queue| {
        audience.sees_queues(&[queue.id]) && filter.queues.as_deref().is_none_or(|ids| ids.contains(&queue.id))
    };
    world.state().queues().filter(wanted).map(|queue| Item::Queue(Box::new(LiveQueue::of(world, queue)))).collect()
}
