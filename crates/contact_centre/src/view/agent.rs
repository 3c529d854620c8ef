use model::{Instant, TimeZone};
use serde::Serialize;

use crate::{
    id::{AgentId, CallId},
    objects::{Activity, Agent, AgentState, AgentStatus, Reason, RoutingState, Skill, Stay},
};

/// Both axes of an agent, the one word for them, and what waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct StatusView {
    state: AgentState,
    routing_state: &'static str,
    reason: Option<Reason>,
    activity: Activity,
    state_since: Instant,
    pending_state: Option<PendingView>,
}

/// What an agent wants when the call is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
struct PendingView {
    routing_state: &'static str,
    reason: Option<Reason>,
}

impl StatusView {
    /// A status, and since when its state and reason hold.
    pub fn of(status: AgentStatus, state_since: Instant) -> Self {
        let pending = |wish: RoutingState| PendingView { routing_state: wish.as_str(), reason: wish.reason() };
        Self {
            state: status.state(),
            routing_state: status.routing.as_str(),
            reason: status.routing.reason(),
            activity: status.activity,
            state_since,
            pending_state: status.pending.map(pending),
        }
    }
}

/// An agent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AgentView<'a> {
    id: AgentId,
    display_name: &'a str,
    extension: &'a str,
    email: &'a str,
    timezone: &'a TimeZone,
    team: &'a str,
    skills: &'a [Skill],
    #[serde(flatten)]
    status: StatusView,
    /// Of now alone: what an agent's past was does not name them.
    #[serde(skip_serializing_if = "Option::is_none")]
    call_ids: Option<&'a [CallId]>,
    created_at: Instant,
    updated_at: Instant,
    seq: u64,
}

impl<'a> AgentView<'a> {
    /// An agent as they are.
    pub fn of(agent: &'a Agent) -> Self {
        Self::with(agent, agent.status, agent.state_since)
    }

    /// An agent as they were when this held of them.
    pub fn with(agent: &'a Agent, status: AgentStatus, state_since: Instant) -> Self {
        Self {
            id: agent.id,
            display_name: &agent.display_name,
            extension: &agent.extension,
            email: &agent.email,
            timezone: &agent.timezone,
            team: &agent.team,
            skills: &agent.skills,
            status: StatusView::of(status, state_since),
            call_ids: Some(&agent.calls),
            created_at: agent.created_at,
            updated_at: agent.updated_at,
            seq: agent.seq,
        }
    }

    /// An agent as they were after an event: a function of the log alone, whenever it is asked for. `seq` and `updated_at` are those of
    /// the last event about them until then.
    pub fn after(
        agent: &'a Agent,
        (status, state_since): (AgentStatus, Instant),
        (seq, updated_at): (u64, Instant),
    ) -> Self {
        Self { call_ids: None, updated_at, seq, ..Self::with(agent, status, state_since) }
    }
}

/// A state of an agent's past.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct StayView {
    state: AgentState,
    routing_state: &'static str,
    reason: Option<Reason>,
    activity: Activity,
    started_at: Instant,
    ended_at: Option<Instant>,
    duration_ms: Option<i64>,
}

impl StayView {
    /// Since when.
    pub fn started_at(&self) -> Instant {
        self.started_at
    }

    /// Whether it began or ended at this instant or later.
    pub fn has_changed_since(&self, at: Instant) -> bool {
        self.started_at >= at || self.ended_at.is_some_and(|ended| ended >= at)
    }

    /// States that overlap `[from, to)`, in order. The last has no end.
    pub fn between(stays: &[Stay], from: Instant, to: Instant) -> impl Iterator<Item = Self> {
        let ends = stays.iter().skip(1).map(|next| Some(next.since)).chain([None]);
        let overlaps = move |stay: &Stay, end: Option<Instant>| stay.since < to && end.is_none_or(|end| from < end);
        stays.iter().zip(ends).filter(move |(stay, end)| overlaps(stay, *end)).map(|(stay, ended_at)| Self {
            state: stay.status.state(),
            routing_state: stay.status.routing.as_str(),
            reason: stay.status.routing.reason(),
            activity: stay.status.activity,
            started_at: stay.since,
            ended_at,
            duration_ms: ended_at.map(|end| end.as_millis() - stay.since.as_millis()),
        })
    }
}
