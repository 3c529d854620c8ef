use std::sync::Arc;

use model::Instant;
use serde::{Deserialize, Serialize};

use crate::{
    id::{AgentId, CallId, CampaignId, ContactId, LeadId, QueueId},
    millis,
    objects::{
        AgentStatus, Contact, Direction, DisconnectedBy, FlowedOutTo, Lead, LegState, OfferResult, Outcome,
        PhoneNumber, QueueSettings, Relation, Wrap,
    },
};

/// Where a transferred call goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferTarget {
    /// To an agent.
    Agent(AgentId),
    /// To a queue.
    Queue(QueueId),
}

/// What a leg is when it begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewCall {
    /// See [`Call`](crate::objects::Call).
    pub root_id: CallId,
    /// The leg that it comes from.
    pub parent_id: Option<CallId>,
    /// Why it exists.
    pub relation: Relation,
    /// From where to where.
    pub direction: Direction,
    /// The calling side.
    pub from: Arc<PhoneNumber>,
    /// The called side.
    pub to: Arc<PhoneNumber>,
    /// The queue that it is meant for.
    pub queue_id: Option<QueueId>,
    /// Who speaks, where that is known at once: outbound, consultations, attended transfers.
    pub agent_id: Option<AgentId>,
    /// The customer.
    pub contact_id: Option<ContactId>,
    /// The campaign.
    pub campaign_id: Option<CampaignId>,
    /// The lead.
    pub lead_id: Option<LeadId>,
    /// The first state: `ivr`, `requested`, `alerting`; `offered` or `connected` of a leg to which another was transferred.
    pub state: LegState,
    /// For how long the caller waits at most, where that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patience_ms: Option<i64>,
    /// Whether a program leads it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub led: bool,
}

/// How a leg ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// What it came to.
    pub outcome: Outcome,
    /// Who ended it.
    pub by: DisconnectedBy,
    /// Why, as ITU-T Q.850 counts.
    pub cause: u8,
}

/// What happened. The instant and the subject are the event's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// `call.started`: the leg exists.
    Started(Box<NewCall>),
    /// `call.queued`: the caller entered a queue.
    Queued(QueueId),
    /// `call.dialing`: the number was dialled.
    Dialing,
    /// `call.alerting`: it rings at the callee.
    Alerting,
    /// `call.offered`: it rings at an agent.
    Offered(AgentId),
    /// `call.offer_ended`: it rings there no more, and was not answered. Back in the queue, unless it was withdrawn because the
    /// caller left.
    OfferEnded(OfferResult),
    /// `call.answered`: both speak.
    Answered {
        /// Whether it is recorded.
        recorded: bool,
    },
    /// `call.held`.
    Held,
    /// `call.resumed`.
    Resumed,
    /// `call.transferred`: goes on as another leg, which begins in the same commit. `call.ended` follows.
    Transferred {
        /// Where it goes.
        to: TransferTarget,
        /// The leg that begins.
        child_id: CallId,
    },
    /// `call.abandoned`: the caller hung up before anybody answered.
    Abandoned,
    /// `call.flowed_out`: the caller was sent elsewhere before anybody answered.
    FlowedOut(FlowedOutTo),
    /// `call.ended`: the talking is over.
    Ended(Ending),
    /// `call.failed`: nobody was reached, or the agent gave up first.
    Failed(Ending),
    /// `call.wrapped`: the agent is done with it.
    Wrapped,
    /// `call.closed`: no transition follows.
    Closed,
    /// `call.corrected`: something of a closed leg was written later. `revision` has risen.
    Corrected,
    /// `wrap.written`: what it came to was noted, or noted anew.
    WrapWritten(Box<Wrap>),

    /// `recording.started`, and of which leg. It ends with `call.ended` of the leg.
    RecordingStarted(CallId),
    /// `recording.paused`, and why.
    RecordingPaused(Box<str>),
    /// `recording.resumed`.
    RecordingResumed,
    /// `recording.available`, and until when.
    RecordingAvailable(#[serde(with = "millis")] Instant),
    /// `recording.deleted`.
    RecordingDeleted,

    /// `agent.signed_in`, `agent.signed_out` or `agent.state_changed`, by what changed.
    AgentChanged {
        /// What holds now.
        now: AgentStatus,
        /// What held before.
        previous: AgentStatus,
        /// Since when `state` and `reason` had been what they were.
        #[serde(with = "millis")]
        previous_since: Instant,
        /// The leg that it is about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        call_id: Option<CallId>,
    },

    /// `queue.opened`.
    QueueOpened,
    /// `queue.closed`.
    QueueClosed,
    /// `queue.updated`: settings changed. They hold from now on and rewrite nothing.
    QueueUpdated(Box<QueueSettings>),

    /// `contact.created` or `contact.updated`, and what holds now.
    ContactWritten(Box<Contact>),
    /// `lead.updated`: it was entered or changed, or an attempt began or ended, and what holds now.
    LeadWritten(Box<Lead>),

    /// `interval.closed`: an interval of 15 minutes is over. The subject is its queue or agent.
    IntervalClosed {
        /// When the interval began.
        #[serde(with = "millis")]
        start: Instant,
        /// How often it was revised while it went on.
        revision: u32,
    },
    /// `interval.revised`: a leg that counts in the interval was corrected after it was closed. The interval may still go on.
    IntervalRevised {
        /// When the interval began.
        #[serde(with = "millis")]
        start: Instant,
        /// How often it has been revised, as its row says.
        revision: u32,
    },
}
