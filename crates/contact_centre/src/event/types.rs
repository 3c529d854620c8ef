use super::Body;
use crate::{objects::RoutingState, words::words};

words! {
    /// The published type of an event.
    EventType {
        /// An agent came.
        AgentSignedIn = "agent.signed_in",
        /// An agent went.
        AgentSignedOut = "agent.signed_out",
        /// An agent's routing state, activity, reason or pending state changed.
        AgentStateChanged = "agent.state_changed",
        /// What an agent does, told now and then though nothing has changed. In no log.
        AgentHeartbeat = "agent.heartbeat",
        /// A leg began.
        CallStarted = "call.started",
        /// A caller entered a queue.
        CallQueued = "call.queued",
        /// A number was dialled.
        CallDialing = "call.dialing",
        /// It rings at the callee.
        CallAlerting = "call.alerting",
        /// It rings at an agent.
        CallOffered = "call.offered",
        /// It rings at an agent no more, and was not answered.
        CallOfferEnded = "call.offer_ended",
        /// Both speak.
        CallAnswered = "call.answered",
        /// The customer is on hold.
        CallHeld = "call.held",
        /// The customer is on hold no more.
        CallResumed = "call.resumed",
        /// The leg goes on as another.
        CallTransferred = "call.transferred",
        /// The caller gave up.
        CallAbandoned = "call.abandoned",
        /// The caller was sent elsewhere.
        CallFlowedOut = "call.flowed_out",
        /// The talking is over.
        CallEnded = "call.ended",
        /// Nobody was reached.
        CallFailed = "call.failed",
        /// The agent is done.
        CallWrapped = "call.wrapped",
        /// All is done.
        CallClosed = "call.closed",
        /// Something was written after the end.
        CallCorrected = "call.corrected",
        /// What a call came to was noted.
        WrapWritten = "wrap.written",
        /// A recording began.
        RecordingStarted = "recording.started",
        /// A recording was paused.
        RecordingPaused = "recording.paused",
        /// A recording goes on.
        RecordingResumed = "recording.resumed",
        /// A recording can be downloaded.
        RecordingAvailable = "recording.available",
        /// A recording was deleted.
        RecordingDeleted = "recording.deleted",
        /// A queue takes calls.
        QueueOpened = "queue.opened",
        /// A queue takes no calls.
        QueueClosed = "queue.closed",
        /// A queue's settings changed.
        QueueUpdated = "queue.updated",
        /// Who waits in a queue and for how long, told when it changes and now and then. In no log.
        QueueLive = "queue.live",
        /// A contact was entered.
        ContactCreated = "contact.created",
        /// A contact changed.
        ContactUpdated = "contact.updated",
        /// A lead changed.
        LeadUpdated = "lead.updated",
        /// An interval is over.
        IntervalClosed = "interval.closed",
        /// Figures of an interval changed.
        IntervalRevised = "interval.revised",
    }
}

impl EventType {
    /// The type of what happened.
    pub(super) fn of(body: &Body) -> Self {
        match body {
            Body::Started(_) => Self::CallStarted,
            Body::Queued(_) => Self::CallQueued,
            Body::Dialing => Self::CallDialing,
            Body::Alerting => Self::CallAlerting,
            Body::Offered(_) => Self::CallOffered,
            Body::OfferEnded(_) => Self::CallOfferEnded,
            Body::Answered { .. } => Self::CallAnswered,
            Body::Held => Self::CallHeld,
            Body::Resumed => Self::CallResumed,
            Body::Transferred { .. } => Self::CallTransferred,
            Body::Abandoned => Self::CallAbandoned,
            Body::FlowedOut(_) => Self::CallFlowedOut,
            Body::Ended(_) => Self::CallEnded,
            Body::Failed(_) => Self::CallFailed,
            Body::Wrapped => Self::CallWrapped,
            Body::Closed => Self::CallClosed,
            Body::Corrected => Self::CallCorrected,
            Body::WrapWritten(_) => Self::WrapWritten,
            Body::RecordingStarted(_) => Self::RecordingStarted,
            Body::RecordingPaused(_) => Self::RecordingPaused,
            Body::RecordingResumed => Self::RecordingResumed,
            Body::RecordingAvailable(_) => Self::RecordingAvailable,
            Body::RecordingDeleted => Self::RecordingDeleted,
            Body::AgentChanged { now, previous, .. } => match (previous.routing, now.routing) {
                (RoutingState::Offline, RoutingState::Ready | RoutingState::NotReady(_)) => Self::AgentSignedIn,
                (RoutingState::Ready | RoutingState::NotReady(_), RoutingState::Offline) => Self::AgentSignedOut,
                _ => Self::AgentStateChanged,
            },
            Body::QueueOpened => Self::QueueOpened,
            Body::QueueClosed => Self::QueueClosed,
            Body::QueueUpdated(_) => Self::QueueUpdated,
            Body::ContactWritten(contact) if contact.created_at == contact.updated_at => Self::ContactCreated,
            Body::ContactWritten(_) => Self::ContactUpdated,
            Body::LeadWritten(_) => Self::LeadUpdated,
            Body::IntervalClosed { .. } => Self::IntervalClosed,
            Body::IntervalRevised { .. } => Self::IntervalRevised,
        }
    }
}
