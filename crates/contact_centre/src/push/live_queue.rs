use model::Instant;
use serde::Serialize;

use crate::{
    id::QueueId,
    metrics::{ExpectedWait, History, Leg, Live, expected_wait},
    objects::Queue,
    world::World,
};

/// Legs that are looked at for how long handling takes, over all queues. Those of some hours.
const LEGS_MAX: usize = 5_000;

/// A queue at this moment, and how long whoever calls now is going to wait.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LiveQueue<'a> {
    id: QueueId,
    name: &'a str,
    open: bool,
    #[serde(flatten)]
    wait: ExpectedWait,
}

/// What is told at once when it changes. How long somebody has waited always does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shape {
    open: bool,
    waiting: u64,
    working: u64,
    idle: u64,
    first_since: Option<Instant>,
}

impl Shape {
    /// Of a queue as it is.
    pub(super) fn of(world: &World, queue: &Queue) -> Self {
        let live = live(world, queue);
        let first_since = live.longest_waiting_ms.map(|ms| world.now().plus_millis(-ms));
        Self {
            open: live.open,
            waiting: live.waiting,
            working: live.agents_working,
            idle: live.agents_idle,
            first_since,
        }
    }
}

impl<'a> LiveQueue<'a> {
    /// A queue as it is.
    pub fn of(world: &'a World, queue: &'a Queue) -> Self {
        let state = world.state();
        let legs = state.calls().rev().take(LEGS_MAX).map(|call| Leg::new(call, |id| state.call(id)));
        let history = History::of(queue, legs, world.now());
        let wait = expected_wait(&live(world, queue), &history, None, world.now());
        Self { id: queue.id, name: &queue.name, open: queue.open, wait }
    }
}

fn live(world: &World, queue: &Queue) -> Live {
    let state = world.state();
    let legs = state.live_calls().map(|call| Leg::new(call, |id| state.call(id)));
    Live::of(queue, legs, state.agents(), world.now())
}
