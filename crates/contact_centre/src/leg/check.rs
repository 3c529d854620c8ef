use crate::{
    event::Body,
    objects::{Call, LegState, OfferResult, Relation},
};

/// The leg is in a state in which this can't happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the call is {0}")]
pub struct WrongState(pub LegState);

/// The state that a leg is in after an event.
///
/// # Errors
/// [`WrongState`] with the present state if the event can't happen to the leg as it is.
pub fn check(call: &Call, body: &Body) -> Result<LegState, WrongState> {
    use LegState::{Alerting, Closed, Connected, Dialing, Held, Ivr, Offered, Queued, Requested, Wrapping};

    let present = call.state;
    let undecided = call.outcome.is_none();
    let next = match (present, body) {
        (Ivr, Body::Queued(_)) => Some(Queued),
        (Queued, Body::Offered(_)) => Some(Offered),
        // A leg to which another was transferred rings at its agent without a queue, or is joined at once.
        (Ivr, Body::Offered(_)) if call.relation == Relation::Transfer => Some(Offered),
        (Ivr, Body::Answered { .. }) if call.relation == Relation::Transfer && call.agent_id.is_some() => {
            Some(Connected)
        }
        (Offered, Body::OfferEnded(OfferResult::NoAnswer | OfferResult::Rejected)) if call.ringing().is_some() => {
            Some(if call.instants.enqueued_at.is_some() { Queued } else { Ivr })
        }
        (Offered, Body::OfferEnded(OfferResult::Withdrawn)) if call.ringing().is_some() => Some(Offered),
        (Offered, Body::Answered { .. }) if call.ringing().is_some() => Some(Connected),
        (Requested, Body::Dialing) => Some(Dialing),
        (Dialing, Body::Alerting) => Some(Alerting),
        (Alerting, Body::Answered { .. }) => Some(Connected),
        (Requested | Dialing | Alerting, Body::Failed(_)) if undecided => Some(Closed),
        (Connected, Body::Held) => Some(Held),
        (Held, Body::Resumed) => Some(Connected),
        (Connected | Held, Body::Transferred { .. }) => Some(present),
        (Connected | Held, Body::Ended(_)) if undecided => Some(if call.has_wrap() { Wrapping } else { Closed }),
        // What rings is withdrawn first, so that the offer has its end.
        (Ivr | Queued | Offered, Body::Abandoned | Body::FlowedOut(_)) if undecided && call.ringing().is_none() => {
            Some(Closed)
        }
        (Wrapping, Body::Wrapped) => Some(Closed),
        (Closed, Body::Closed) if call.closed_at.is_none() => Some(Closed),
        (Connected | Held | Wrapping, Body::WrapWritten(_)) if call.has_wrap() => Some(present),
        (Closed, Body::WrapWritten(_) | Body::Corrected) if call.has_wrap() && call.closed_at.is_some() => Some(Closed),
        _ => None,
    };
    next.ok_or(WrongState(present))
}
