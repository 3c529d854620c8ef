use model::Instant;

use super::leg::{Fate, Leg};
use crate::objects::{Activity, Agent, Queue, RoutingState};

/// A queue at this moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Live {
    /// Whether it takes calls.
    pub open: bool,
    /// How many callers wait; ringing is waiting.
    pub waiting: u64,
    /// For how long the first of them has, in milliseconds; none if nobody waits.
    pub longest_waiting_ms: Option<i64>,
    /// Agents who serve the queue and take calls, or have one that is not over.
    pub agents_working: u64,
    /// Those of them who are free.
    pub agents_idle: u64,
}

impl Live {
    /// Of a queue, the legs that are open and the agents. Those of other queues don't count.
    pub fn of<'a>(
        queue: &Queue,
        legs: impl IntoIterator<Item = Leg<'a>>,
        agents: impl IntoIterator<Item = &'a Agent>,
        now: Instant,
    ) -> Self {
        let mut live = Self { open: queue.open, ..Self::default() };
        for leg in legs.into_iter().filter(|leg| leg.queue_id() == Some(queue.id) && leg.is_open()) {
            let Some(visit) = leg.visit().filter(|visit| visit.fate == Fate::Waiting) else { continue };
            live.waiting += 1;
            live.longest_waiting_ms =
                live.longest_waiting_ms.max(Some(now.as_millis() - visit.enqueued_at.as_millis()));
        }
        for agent in agents.into_iter().filter(|agent| agent.level(queue.id).is_some()) {
            let status = agent.status;
            let works = status.routing == RoutingState::Ready || status.activity != Activity::Idle;
            live.agents_working += u64::from(works);
            live.agents_idle += u64::from(status.is_free());
        }
        live
    }
}
