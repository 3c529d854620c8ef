use std::sync::Arc;

use model::Instant;
use serde::{Deserialize, Serialize};

use super::{Offer, PhoneNumber, Wrap};
use crate::{
    id::{AgentId, CallId, CampaignId, ContactId, LeadId, QueueId, RecordingId},
    millis,
    words::words,
};

words! {
    /// Why a leg exists.
    Relation {
        /// It began the interaction.
        None = "none",
        /// Another leg was transferred.
        Transfer = "transfer",
        /// An agent asks a colleague while the customer waits.
        Consult = "consult",
        /// A customer who left the queue is called back.
        Callback = "callback",
    }
}

words! {
    /// From where a leg goes to where.
    Direction {
        /// A customer calls.
        Inbound = "inbound",
        /// A customer is called.
        Outbound = "outbound",
        /// Colleagues speak with each other.
        Internal = "internal",
    }
}

words! {
    /// The state of a leg.
    LegState {
        /// The caller hears the menu.
        Ivr = "ivr",
        /// The caller waits in a queue.
        Queued = "queued",
        /// It rings at an agent.
        Offered = "offered",
        /// It was asked for and is not dialled yet.
        Requested = "requested",
        /// The number was dialled.
        Dialing = "dialing",
        /// It rings at the callee.
        Alerting = "alerting",
        /// Both speak.
        Connected = "connected",
        /// The customer is on hold.
        Held = "held",
        /// The call is over and the agent notes what it came to.
        Wrapping = "wrapping",
        /// All is done.
        Closed = "closed",
    }
}

impl LegState {
    /// Whether an agent and the other side are joined.
    pub const fn is_joined(self) -> bool {
        matches!(self, Self::Connected | Self::Held)
    }

    /// Whether the other side is still there.
    pub const fn is_live(self) -> bool {
        !matches!(self, Self::Wrapping | Self::Closed)
    }
}

words! {
    /// What a leg came to. It is set once, when the leg leaves its last talking state or ends without one.
    Outcome {
        /// It was answered and ended by one of the two.
        Completed = "completed",
        /// It was answered and went on as another leg.
        Transferred = "transferred",
        /// The caller hung up before anybody answered.
        Abandoned = "abandoned",
        /// The caller was sent elsewhere before anybody answered.
        FlowedOut = "flowed_out",
        /// The callee spoke with somebody else.
        Busy = "busy",
        /// The callee did not answer.
        NoAnswer = "no_answer",
        /// The callee refused.
        Rejected = "rejected",
        /// There is no such number.
        InvalidNumber = "invalid_number",
        /// A machine answered.
        Machine = "machine",
        /// The network failed.
        Failed = "failed",
        /// The agent hung up before anybody answered.
        Cancelled = "cancelled",
        /// It may not be dialled.
        Blocked = "blocked",
    }
}

words! {
    /// Where a caller was sent who left a queue without an agent.
    FlowedOutTo {
        /// Leaves a message.
        Voicemail = "voicemail",
        /// Is called back.
        Callback = "callback",
        /// Waited too long.
        Overflow = "overflow",
        /// Nobody works there now.
        Closed = "closed",
        /// Went to a number outside.
        External = "external",
    }
}

words! {
    /// Who ended a leg.
    DisconnectedBy {
        /// The customer.
        Customer = "customer",
        /// The agent.
        Agent = "agent",
        /// Neither.
        System = "system",
    }
}

/// A span in which the customer was on hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Since when.
    #[serde(with = "millis")]
    pub held_at: Instant,
    /// Until when; none while it goes on.
    #[serde(with = "millis::optional")]
    pub resumed_at: Option<Instant>,
}

/// When what happened to a leg; none for what has not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Instants {
    /// The leg began. Outbound: it was asked for.
    #[serde(with = "millis")]
    pub started_at: Instant,
    /// The menu was over.
    #[serde(with = "millis::optional", skip_serializing_if = "Option::is_none")]
    pub ivr_ended_at: Option<Instant>,
    /// The caller entered the queue.
    #[serde(with = "millis::optional", skip_serializing_if = "Option::is_none")]
    pub enqueued_at: Option<Instant>,
    /// The caller left the queue: answered, abandoned or sent elsewhere.
    #[serde(with = "millis::optional", skip_serializing_if = "Option::is_none")]
    pub dequeued_at: Option<Instant>,
    /// It rang at an agent, the last time.
    #[serde(with = "millis::optional", skip_serializing_if = "Option::is_none")]
    pub offered_at: Option<Instant>,
    /// It was answered: by the agent, outbound by the callee.
    #[serde(with = "millis::optional", skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Instant>,
    /// The other side was gone.
    #[serde(with = "millis::optional", skip_serializing_if = "Option::is_none")]
    pub disconnected_at: Option<Instant>,
    /// The agent was done with it.
    #[serde(with = "millis::optional", skip_serializing_if = "Option::is_none")]
    pub wrap_ended_at: Option<Instant>,
}

/// How long what took, in milliseconds; none for what has not ended or never was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Durations {
    /// The menu.
    pub ivr_ms: Option<i64>,
    /// In the queue, ringing included.
    pub wait_ms: Option<i64>,
    /// Ringing at the agent who answered.
    pub ring_ms: Option<i64>,
    /// Outbound: from the request until it was answered or failed.
    pub dial_ms: Option<i64>,
    /// Speaking.
    pub talk_ms: Option<i64>,
    /// On hold.
    pub hold_ms: Option<i64>,
    /// Wrapping.
    pub wrap_ms: Option<i64>,
    /// All that it took the agent.
    pub handle_ms: Option<i64>,
}

/// One leg: at most one visit to a queue and one agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// Its id.
    pub id: CallId,
    /// The first leg of the interaction; its own id if it is the first.
    pub root_id: CallId,
    /// The leg that it came from.
    pub parent_id: Option<CallId>,
    /// Why it exists.
    pub relation: Relation,
    /// From where to where.
    pub direction: Direction,
    /// The calling side.
    pub from: Arc<PhoneNumber>,
    /// The called side.
    pub to: Arc<PhoneNumber>,
    /// The queue that it visits, or for which it is made.
    pub queue_id: Option<QueueId>,
    /// Who speaks, spoke or is rung now.
    pub agent_id: Option<AgentId>,
    /// The customer.
    pub contact_id: Option<ContactId>,
    /// The campaign that it is made for.
    pub campaign_id: Option<CampaignId>,
    /// The lead that it is made for.
    pub lead_id: Option<LeadId>,
    /// Its state.
    pub state: LegState,
    /// What it came to.
    pub outcome: Option<Outcome>,
    /// In which state the caller gave up.
    pub abandoned_in: Option<LegState>,
    /// Where the caller was sent.
    pub flowed_out_to: Option<FlowedOutTo>,
    /// Who ended it.
    pub disconnected_by: Option<DisconnectedBy>,
    /// Why it ended, as ITU-T Q.850 counts: 16 is a normal end.
    pub cause_q850: Option<u8>,
    /// When what happened.
    pub instants: Instants,
    /// Spans on hold, in order.
    pub holds: Vec<Hold>,
    /// Offers to agents, in order.
    pub offers: Vec<Offer>,
    /// The consultation that goes on about it.
    pub consult_id: Option<CallId>,
    /// Consultations so far.
    pub consults: u16,
    /// Its recording.
    pub recording_id: Option<RecordingId>,
    /// What was noted of it.
    pub wrap: Option<Box<Wrap>>,
    /// How often it was corrected after it was closed, late wraps included.
    pub revision: u32,
    /// For how long the caller waits at most, where whoever made the call said so.
    pub patience_ms: Option<i64>,
    /// Whether a program leads it, so that the simulated agent leaves it alone.
    pub led: bool,
    /// When `call.closed` said that no transition follows.
    #[serde(with = "millis::optional")]
    pub closed_at: Option<Instant>,
    /// `seq` of its last event.
    pub seq: u64,
    /// Events about it so far.
    pub subject_seq: u32,
    /// When it last changed.
    #[serde(with = "millis")]
    pub updated_at: Instant,
}

impl Call {
    /// Offers of one leg that are remembered; it is sent elsewhere when nobody took it after so many.
    pub const OFFERS_MAX: usize = 50;
    /// Spans on hold of one leg. All stand in each of its events, which have at most 16 KiB.
    pub const HOLDS_MAX: usize = 40;

    /// How long what took. Each is the exact difference of two instants that are published.
    pub fn durations(&self) -> Durations {
        let of = &self.instants;
        let hold_ms = of
            .answered_at
            .and(of.disconnected_at)
            .map(|_| self.holds.iter().filter_map(|hold| Some(between(hold.held_at, hold.resumed_at?))).sum::<i64>());
        let joined_ms = span(of.answered_at, of.disconnected_at);
        let outbound = self.direction == Direction::Outbound;
        let dial_ms = if outbound { span(Some(of.started_at), of.answered_at.or(of.disconnected_at)) } else { None };
        let wrap_ms = span(of.disconnected_at, of.wrap_ended_at);
        Durations {
            ivr_ms: span(Some(of.started_at), of.ivr_ended_at),
            wait_ms: span(of.enqueued_at, of.dequeued_at),
            ring_ms: if outbound { None } else { span(of.offered_at, of.answered_at) },
            dial_ms,
            talk_ms: joined_ms.zip(hold_ms).map(|(joined, hold)| joined - hold),
            hold_ms,
            wrap_ms,
            handle_ms: joined_ms.zip(wrap_ms).map(|(joined, wrap)| dial_ms.unwrap_or_default() + joined + wrap),
        }
    }

    /// The offer that rings now.
    pub fn ringing(&self) -> Option<&Offer> {
        self.offers.last().filter(|offer| offer.ended_at.is_none())
    }

    /// Whether the leg has a wrap: those with a customer and an agent, and no consultation.
    pub fn has_wrap(&self) -> bool {
        self.relation != Relation::Consult && self.agent_id.is_some()
    }

    /// What was noted of it.
    pub fn noted(&self) -> Option<&Wrap> {
        self.wrap.as_deref()
    }

    /// The number of the customer's side.
    pub fn customer_number(&self) -> &Arc<PhoneNumber> {
        if self.direction == Direction::Outbound { &self.to } else { &self.from }
    }
}

fn span(from: Option<Instant>, to: Option<Instant>) -> Option<i64> {
    Some(between(from?, to?))
}

fn between(from: Instant, to: Instant) -> i64 {
    to.as_millis() - from.as_millis()
}
