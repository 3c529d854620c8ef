use model::Instant;

use crate::{
    id::{CallId, QueueId},
    objects::{Call, FlowedOutTo, LegState, Outcome, Relation},
};

/// How far back the leg that began an interaction is looked for: nobody is transferred more often.
const ANCESTORS_MAX: usize = 100;

/// A leg as figures see it.
#[derive(Clone, Copy, Debug)]
pub struct Leg<'a> {
    call: &'a Call,
    queue_id: Option<QueueId>,
    visit_at: Instant,
}

/// What became of a visit to a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The caller waits.
    Waiting,
    /// An agent answered.
    Answered,
    /// The caller hung up, while waiting or while it rang.
    Abandoned,
    /// The caller was sent elsewhere, and where that is known.
    FlowedOut(Option<FlowedOutTo>),
}

/// A caller in a queue, once from entering to leaving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    /// When the caller entered.
    pub enqueued_at: Instant,
    /// When the caller left; none while waiting.
    pub left_at: Option<Instant>,
    /// What became of it.
    pub fate: Fate,
}

/// What it took an agent to handle a leg, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handled {
    /// When it was done.
    pub at: Instant,
    /// Dialling, outbound.
    pub dial_ms: i64,
    /// Speaking.
    pub talk_ms: i64,
    /// The customer on hold.
    pub hold_ms: i64,
    /// Wrapping.
    pub wrap_ms: i64,
    /// All together.
    pub handle_ms: i64,
}

impl<'a> Leg<'a> {
    /// A leg among others, of which `find` knows the one that it came from.
    pub fn new(call: &'a Call, find: impl Fn(CallId) -> Option<&'a Call>) -> Self {
        let (queue_id, visit_at) = belongs(call, find);
        Self { call, queue_id, visit_at }
    }

    /// The leg itself.
    pub fn call(&self) -> &'a Call {
        self.call
    }

    /// The queue in which it counts: its own, or that of the leg that was transferred to it.
    pub fn queue_id(&self) -> Option<QueueId> {
        self.queue_id
    }

    /// When the visit began that the leg belongs to: its own, or that of the leg that was transferred to it. A leg of none begins
    /// with itself.
    pub fn visit_at(&self) -> Instant {
        self.visit_at
    }

    /// Its visit to a queue, if it has one of its own.
    pub fn visit(&self) -> Option<Visit> {
        let of = &self.call.instants;
        let (left_at, fate) = if of.answered_at.is_some() {
            (of.answered_at, Fate::Answered)
        } else if of.dequeued_at.is_none() {
            (None, Fate::Waiting)
        } else if self.call.outcome == Some(Outcome::Abandoned) || self.call.abandoned_in.is_some() {
            (of.dequeued_at, Fate::Abandoned)
        } else {
            (of.dequeued_at, Fate::FlowedOut(self.call.flowed_out_to))
        };
        Some(Visit { enqueued_at: of.enqueued_at?, left_at, fate })
    }

    /// What it took its agent, once all is done. A consultation is part of the leg that it is about.
    pub fn handled(&self) -> Option<Handled> {
        if self.call.relation == Relation::Consult {
            return None;
        }
        let durations = self.call.durations();
        Some(Handled {
            at: self.call.instants.wrap_ended_at?,
            dial_ms: durations.dial_ms.unwrap_or_default(),
            talk_ms: durations.talk_ms?,
            hold_ms: durations.hold_ms?,
            wrap_ms: durations.wrap_ms?,
            handle_ms: durations.handle_ms?,
        })
    }

    /// Whether something is still to come.
    pub fn is_open(&self) -> bool {
        self.call.state != LegState::Closed
    }
}

impl Visit {
    /// How long the caller waited, in milliseconds; none while waiting.
    pub fn wait_ms(&self) -> Option<i64> {
        Some(self.left_at?.as_millis() - self.enqueued_at.as_millis())
    }

    /// Whether the caller waited just before an instant, or came into it waiting.
    pub fn waits_across(&self, at: Instant) -> bool {
        self.enqueued_at < at && self.left_at.is_none_or(|left| left >= at)
    }
}

/// The queue and the beginning of the visit that a leg belongs to. One to which another was transferred belongs where that did,
/// unless it entered a queue itself.
fn belongs<'a>(call: &'a Call, find: impl Fn(CallId) -> Option<&'a Call>) -> (Option<QueueId>, Instant) {
    let (mut leg, mut queue) = (call, call.queue_id);
    for _ in 0..ANCESTORS_MAX {
        if let Some(enqueued_at) = leg.instants.enqueued_at {
            return (queue, enqueued_at);
        }
        let parent = leg.parent_id.filter(|_| leg.relation == Relation::Transfer).and_then(&find);
        let Some(parent) = parent.filter(|parent| queue.is_none() || parent.queue_id == queue) else { break };
        (leg, queue) = (parent, queue.or(parent.queue_id));
    }
    (queue, call.instants.started_at)
}
