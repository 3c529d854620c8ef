//! What is told though nothing is written in the log: how queues stand, and that agents still do what they do.

use std::collections::HashMap;

use model::Instant;
use serde::Serialize;

use super::{
    Encoded, Facts,
    live_queue::{LiveQueue, Shape},
};
use crate::{
    event::{EventType, Subject},
    id::QueueId,
    log::Epoch,
    objects::AgentState,
    view::{AgentView, SubjectView},
    world::World,
};

/// Beats in a second.
pub(super) const A_SECOND: u64 = 4;
/// A queue is told again after so many, though it has not changed.
const QUEUE_AGAIN: u64 = 15 * A_SECOND;
/// An agent is told again after so many.
const AGENT_AGAIN: u64 = 120 * A_SECOND;

#[derive(Debug, Default)]
pub(super) struct Beat {
    count: u64,
    queues: HashMap<QueueId, (Shape, u64)>,
}

/// It has no id and no place of its own: it moves no reader on, and the next one replaces it.
#[derive(Serialize)]
struct Told<'a, T> {
    epoch: &'a Epoch,
    /// The last event that it knows of.
    seq: u64,
    r#type: EventType,
    timestamp: Instant,
    subject: SubjectView,
    data: T,
}

impl Beat {
    /// What is to be told, where anybody follows.
    pub(super) fn next(&mut self, world: &World, seq: u64, agents: bool, queues: bool) -> Vec<(Facts, Encoded)> {
        self.count += 1;
        let mut told = Vec::new();
        if agents {
            self.agents(world, seq, &mut told);
        }
        if queues {
            self.queues(world, seq, &mut told);
        } else {
            self.queues.clear();
        }
        told
    }

    /// Whether a second is over.
    pub(super) fn is_second(&self) -> bool {
        self.count.is_multiple_of(A_SECOND)
    }

    /// Each agent who is there, spread over the time between two times.
    fn agents(&self, world: &World, seq: u64, told: &mut Vec<(Facts, Encoded)>) {
        let kind = EventType::AgentHeartbeat;
        for (agent, n) in world.state().agents().zip(0..) {
            let due = (self.count + n * A_SECOND).is_multiple_of(AGENT_AGAIN);
            if !due || agent.status.state() == AgentState::Offline {
                continue;
            }
            let status = (agent.status, agent.state_since);
            let data = AgentView::after(agent, status, (agent.seq, agent.updated_at));
            let facts = Facts::of_agent(world.state(), agent.id, kind);
            told.push((facts, encoded(world, seq, kind, Subject::Agent(agent.id), data)));
        }
    }

    /// Each queue that has changed, once a second at most, and each now and then.
    fn queues(&mut self, world: &World, seq: u64, told: &mut Vec<(Facts, Encoded)>) {
        let kind = EventType::QueueLive;
        for queue in world.state().queues() {
            let shape = Shape::of(world, queue);
            let due = self.queues.get(&queue.id).is_none_or(|(last, at)| {
                let passed = self.count - at;
                passed >= QUEUE_AGAIN || (passed >= A_SECOND && *last != shape)
            });
            if due {
                self.queues.insert(queue.id, (shape, self.count));
                let data = LiveQueue::of(world, queue);
                let facts = Facts::of_queue(queue.id, kind);
                told.push((facts, encoded(world, seq, kind, Subject::Queue(queue.id), data)));
            }
        }
    }
}

fn encoded(world: &World, seq: u64, kind: EventType, subject: Subject, data: impl Serialize) -> Encoded {
    let told = Told {
        epoch: world.epoch(),
        seq,
        r#type: kind,
        timestamp: world.now(),
        subject: SubjectView::of(subject),
        data,
    };
    Encoded::told(kind.as_str(), None, &told)
}
