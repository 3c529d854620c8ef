use std::ops::Range;

use contact_centre::{
    event::{Actor, Event},
    id::{AgentId, CallId, QueueId},
    objects::{Call, LegState, PhoneNumber, RoutingState},
    sim::Config,
    view::Rights,
    world::{Dialled, World},
};
use model::Instant;
use uuid::Uuid;

/// A Wednesday, 13:00 in Sydney.
pub(crate) const NOW: &str = "2026-03-04T02:00:00.000Z";
pub(crate) const HOUR_MS: i64 = 3_600_000;

pub(crate) fn now() -> Instant {
    NOW.parse().unwrap()
}

/// 20 agents and 900 calls a day; everything that happened can be read again.
pub(crate) fn small(seed: u64) -> Config {
    let mut config = Config::new(seed);
    config.agents = 20;
    config.contacts = 300;
    config.leads = 200;
    config.calls_per_day = 900;
    config.history_days = 1;
    config.bounds.events_max = 10_000_000;
    config.bounds.events_ms = 400 * 24 * HOUR_MS;
    config
}

/// A world of this seed.
pub(crate) fn world(seed: u64) -> World {
    World::ephemeral(small(seed), now())
}

pub(crate) fn key() -> Actor {
    Actor::key(Uuid::from_u128(7), None)
}

/// Lets the machine's time pass until something is so, and answers what; at most a day, in steps of a second.
pub(crate) fn until<T>(world: &mut World, real: &mut Instant, found: impl Fn(&World) -> Option<T>) -> T {
    for _ in 0..86_400 {
        if let Some(found) = found(world) {
            return found;
        }
        pass(world, real, 1000);
    }
    panic!("it was not so for a day");
}

/// Lets some of the machine's time pass.
pub(crate) fn pass(world: &mut World, real: &mut Instant, ms: i64) {
    *real = real.plus_millis(ms);
    assert!(world.advance(*real, usize::MAX).unwrap());
}

/// An agent who is free.
pub(crate) fn free_agent(world: &World) -> Option<AgentId> {
    world.state().agents().find(|agent| agent.status.is_free()).map(|agent| agent.id)
}

/// A leg as it is.
pub(crate) fn call(world: &World, id: CallId) -> &Call {
    world.state().call(id).unwrap()
}

/// The first queue that is open.
pub(crate) fn open_queue(world: &World) -> QueueId {
    world.state().queues().find(|queue| queue.open).unwrap().id
}

/// An agent calls somebody, again and again until somebody answers.
pub(crate) fn connected(world: &mut World, real: &mut Instant) -> (AgentId, CallId) {
    for _ in 0..200 {
        let agent = until(world, real, free_agent);
        let dialled = Dialled {
            agent_id: agent,
            to: PhoneNumber::valid("+61491570006"),
            from: None,
            campaign_id: None,
            lead_id: None,
        };
        let id = world.make_call(&key(), dialled).unwrap();
        let over = until(world, real, |world| {
            let state = call(world, id).state;
            (state == LegState::Connected || state == LegState::Closed).then_some(state)
        });
        if over == LegState::Connected {
            return (agent, id);
        }
    }
    panic!("nobody ever answers");
}

/// A world in which an agent has somebody on the line and a colleague is free.
pub(crate) struct Beside {
    pub(crate) world: World,
    pub(crate) real: Instant,
    pub(crate) agent: AgentId,
    pub(crate) id: CallId,
    pub(crate) colleague: AgentId,
}

/// Those of these seeds in which the first customer who answers finds a colleague free.
pub(crate) fn beside_a_colleague(seeds: Range<u64>) -> impl Iterator<Item = Beside> {
    seeds.filter_map(|seed| {
        let (mut world, mut real) = (world(seed), now());
        let (agent, id) = connected(&mut world, &mut real);
        let colleague = free_agent(&world)?;
        Some(Beside { world, real, agent, id, colleague })
    })
}

/// Puts an agent out of the way of calls, or back.
pub(crate) fn want(world: &mut World, agent: AgentId, wish: RoutingState) {
    world.set_agent_state(&key(), agent, wish).unwrap();
}

/// Everything that can be read again, in the form of the wire.
pub(crate) fn wire(world: &World) -> String {
    let mut text = String::new();
    for event in world.window().events() {
        text.push_str(&on_the_wire(world, event).to_string());
        text.push('\n');
    }
    text
}

/// An event in the form of the wire.
pub(crate) fn on_the_wire(world: &World, event: &Event) -> serde_json::Value {
    world.write_event(event, Rights::ALL, serde_json::value::Serializer).unwrap()
}
