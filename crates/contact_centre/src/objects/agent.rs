use model::{Instant, TimeZone};
use serde::{Deserialize, Serialize};

use crate::{
    id::{AgentId, CallId, QueueId},
    millis,
    words::words,
};

words! {
    /// Why an agent takes no calls.
    Reason {
        /// A short rest.
        Break = "break",
        /// A meal.
        Meal = "meal",
        /// Learning.
        Training = "training",
        /// A talk with colleagues.
        Meeting = "meeting",
        /// Work that is no call.
        Admin = "admin",
        /// An offered call was not answered.
        AutoNoAnswer = "auto_no_answer",
        /// The system decided so.
        System = "system",
    }
}

words! {
    /// What the system has an agent do.
    Activity {
        /// Nothing.
        Idle = "idle",
        /// A call rings.
        Offered = "offered",
        /// Speaks with a customer.
        Talking = "talking",
        /// Has put the customer on hold.
        Held = "held",
        /// Waits for a callee to answer.
        Dialing = "dialing",
        /// Speaks with a colleague about a call.
        Consulting = "consulting",
        /// Notes what a call came to.
        Wrapping = "wrapping",
    }
}

words! {
    /// What an agent does, in the one word that workforce management shows.
    AgentState {
        /// Is not there.
        Offline = "offline",
        /// Notes what a call came to.
        Wrapping = "wrapping",
        /// Has put the customer on hold.
        Held = "held",
        /// Speaks with a customer.
        Talking = "talking",
        /// Speaks with a colleague.
        Consulting = "consulting",
        /// Waits for a callee to answer.
        Dialing = "dialing",
        /// A call rings.
        Offered = "offered",
        /// Takes no calls.
        NotReady = "not_ready",
        /// Waits for a call.
        Ready = "ready",
    }
}

/// What an agent wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RoutingState {
    /// Not to be there.
    #[serde(rename = "offline")]
    Offline,
    /// To take no calls, and why.
    #[serde(rename = "not_ready")]
    NotReady(Reason),
    /// To take calls.
    #[serde(rename = "ready")]
    Ready,
}

impl RoutingState {
    /// The word on the wire, without the reason.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::NotReady(_) => "not_ready",
            Self::Ready => "ready",
        }
    }

    /// Why not.
    pub const fn reason(self) -> Option<Reason> {
        match self {
            Self::NotReady(reason) => Some(reason),
            Self::Offline | Self::Ready => None,
        }
    }
}

/// Both axes of an agent, and what waits for the end of the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AgentStatus {
    /// What the agent wants.
    pub routing: RoutingState,
    /// What the system has the agent do.
    pub activity: Activity,
    /// What the agent wants when the call is over.
    pub pending: Option<RoutingState>,
}

impl AgentStatus {
    /// Not there.
    pub const OFFLINE: Self = Self { routing: RoutingState::Offline, activity: Activity::Idle, pending: None };

    /// The one word.
    pub const fn state(self) -> AgentState {
        match (self.routing, self.activity) {
            (RoutingState::Offline, Activity::Idle) => AgentState::Offline,
            (_, Activity::Wrapping) => AgentState::Wrapping,
            (_, Activity::Held) => AgentState::Held,
            (_, Activity::Talking) => AgentState::Talking,
            (_, Activity::Consulting) => AgentState::Consulting,
            (_, Activity::Dialing) => AgentState::Dialing,
            (_, Activity::Offered) => AgentState::Offered,
            (RoutingState::NotReady(_), Activity::Idle) => AgentState::NotReady,
            (RoutingState::Ready, Activity::Idle) => AgentState::Ready,
        }
    }

    /// Whether the next call may be offered.
    pub const fn is_free(self) -> bool {
        matches!((self.routing, self.activity), (RoutingState::Ready, Activity::Idle))
    }
}

/// A queue that an agent serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skill {
    /// The queue.
    pub queue_id: QueueId,
    /// How well, 1 to 10; the higher is offered calls first.
    pub level: u8,
}

/// One state of an agent's day. It lasts until the next begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stay {
    /// Since when.
    #[serde(with = "millis", rename = "at")]
    pub since: Instant,
    /// What held.
    #[serde(flatten)]
    pub status: AgentStatus,
}

/// A person who takes calls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Agent {
    /// Their id.
    pub id: AgentId,
    /// Their name.
    pub display_name: Box<str>,
    /// Their extension, unique among agents.
    pub extension: Box<str>,
    /// Their address, unique among agents.
    pub email: Box<str>,
    /// Whose days are theirs.
    pub timezone: TimeZone,
    /// Their team.
    pub team: Box<str>,
    /// Queues that they serve.
    pub skills: Vec<Skill>,
    /// What they do.
    pub status: AgentStatus,
    /// Since when `state` and `reason` are what they are.
    #[serde(with = "millis")]
    pub state_since: Instant,
    /// The legs they are part of, the newest last: at most one with a customer and one with a colleague.
    pub calls: Vec<CallId>,
    /// Since when they have had no call; who has waited longest is offered the next.
    #[serde(with = "millis")]
    pub idle_since: Instant,
    /// What they did, in order, as far back as the world remembers. The last is what they do.
    #[serde(skip)]
    pub stays: Vec<Stay>,
    /// Events about them so far.
    pub subject_seq: u32,
    /// `seq` of the last.
    pub seq: u64,
    /// When they were entered.
    #[serde(with = "millis")]
    pub created_at: Instant,
    /// When they last changed.
    #[serde(with = "millis")]
    pub updated_at: Instant,
}

impl Agent {
    /// How well they serve a queue; none if they don't.
    pub fn level(&self, queue: QueueId) -> Option<u8> {
        self.skills.iter().find(|skill| skill.queue_id == queue).map(|skill| skill.level)
    }
}
