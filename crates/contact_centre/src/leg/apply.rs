use model::Instant;

use super::check::check;
use crate::{
    event::{ActorKind, Body, Ending, Event},
    objects::{Call, DisconnectedBy, Hold, LegState, Offer, OfferResult, Outcome, Relation},
    seed::recording_id,
};

/// The cause of a call that ended as it should, as ITU-T Q.850 counts.
const NORMAL: u8 = 16;

/// Makes an event's change to a leg. An event that can't happen to it changes nothing but its counts.
pub fn apply(call: &mut Call, event: &Event) {
    if let Ok(next) = check(call, &event.body) {
        change(call, event);
        call.state = next;
    }
    call.seq = event.seq;
    call.subject_seq = event.subject_seq;
    call.updated_at = event.at;
}

fn change(call: &mut Call, event: &Event) {
    let at = event.at;
    let by_program = event.actor.as_ref().is_some_and(|actor| actor.kind == ActorKind::ApiKey);
    match &event.body {
        Body::Queued(queue_id) => {
            // The leg that a queue gets by a transfer never heard the menu.
            if call.relation == Relation::None {
                call.instants.ivr_ended_at = Some(at);
            }
            call.queue_id = Some(*queue_id);
            call.instants.enqueued_at = Some(at);
        }
        Body::Offered(agent_id) => {
            call.agent_id = Some(*agent_id);
            call.instants.offered_at = Some(at);
            call.offers.push(Offer { agent_id: *agent_id, offered_at: at, ended_at: None, result: None });
        }
        Body::OfferEnded(result) => {
            end_offer(call, at, *result);
            call.agent_id = None;
        }
        Body::Answered { recorded } => {
            call.recording_id = recorded.then(|| recording_id(call.id));
            end_offer(call, at, OfferResult::Answered);
            call.instants.answered_at = Some(at);
            leave_queue(call, at);
        }
        Body::Held => {
            call.holds.push(Hold { held_at: at, resumed_at: None });
            call.led |= by_program;
        }
        Body::Resumed => {
            end_hold(call, at);
            call.led |= by_program;
        }
        Body::Abandoned => {
            call.abandoned_in = Some(call.state);
            leave_queue(call, at);
            end(call, at, Ending { outcome: Outcome::Abandoned, by: DisconnectedBy::Customer, cause: NORMAL });
        }
        Body::FlowedOut(to) => {
            if call.state == LegState::Ivr && call.relation == Relation::None {
                call.instants.ivr_ended_at = Some(at);
            }
            call.flowed_out_to = Some(*to);
            leave_queue(call, at);
            end(call, at, Ending { outcome: Outcome::FlowedOut, by: DisconnectedBy::System, cause: NORMAL });
        }
        Body::Ended(ending) => {
            end_hold(call, at);
            end(call, at, *ending);
        }
        Body::Failed(ending) => end(call, at, *ending),
        Body::Wrapped => call.instants.wrap_ended_at = Some(at),
        Body::Closed => call.closed_at = Some(at),
        Body::Corrected => call.revision += 1,
        Body::WrapWritten(wrap) => call.wrap = Some(wrap.clone()),
        _ => {}
    }
}

fn end(call: &mut Call, at: Instant, ending: Ending) {
    call.outcome = Some(ending.outcome);
    call.disconnected_by = Some(ending.by);
    call.cause_q850 = Some(ending.cause);
    call.instants.disconnected_at = Some(at);
}

fn leave_queue(call: &mut Call, at: Instant) {
    if call.instants.enqueued_at.is_some() && call.instants.dequeued_at.is_none() {
        call.instants.dequeued_at = Some(at);
    }
}

fn end_offer(call: &mut Call, at: Instant, result: OfferResult) {
    if let Some(offer) = call.offers.last_mut().filter(|offer| offer.ended_at.is_none()) {
        offer.ended_at = Some(at);
        offer.result = Some(result);
    }
}

fn end_hold(call: &mut Call, at: Instant) {
    if let Some(hold) = call.holds.last_mut().filter(|hold| hold.resumed_at.is_none()) {
        hold.resumed_at = Some(at);
    }
}
