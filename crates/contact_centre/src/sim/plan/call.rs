use model::Instant;

use super::{step::Step, talk};
use crate::{
    objects::{Call, DisconnectedBy, FlowedOutTo, LegState, Outcome, QueueSettings, Relation},
    seed::Seed,
    sim::Draws,
    state::State,
};

/// Callers who give up in the menu.
const LEAVES_MENU: f64 = 0.015;
/// Waiting callers who would rather be called back, of those who wait for longer than two minutes.
const WANTS_CALLBACK: f64 = 0.18;
/// For how long a customer stays on hold.
const PATIENCE_ON_HOLD_MS: i64 = 600_000;
/// After how many offers nobody is asked again.
const OFFERS_ENOUGH: usize = Call::OFFERS_MAX / 5;

/// What happens next to a leg, and when; none if nothing does. Never at the instant at which it last changed, so that what
/// happens at one instant comes to an end.
pub(crate) fn next_of_call(seed: Seed, state: &State, call: &Call) -> Option<(Instant, Step)> {
    let settings =
        call.queue_id.and_then(|queue| state.queue(queue)).map_or(QueueSettings::DEFAULT, |queue| queue.current());
    let (at, step) = match call.state {
        LegState::Ivr => menu(seed, call),
        LegState::Queued => earlier(patience(seed, call), leaves_queue(seed, call, settings)),
        LegState::Offered => earlier(patience(seed, call), rings(seed, call, settings)),
        LegState::Requested | LegState::Dialing | LegState::Alerting => dials(seed, call),
        LegState::Connected => talk::connected(seed, state, call)?,
        LegState::Held => talk::held(seed, state, call, PATIENCE_ON_HOLD_MS)?,
        LegState::Wrapping => wraps(seed, call, settings),
        LegState::Closed => return None,
    };
    Some((at.max(call.updated_at.plus_millis(1)), step))
}

fn earlier(one: (Instant, Step), other: (Instant, Step)) -> (Instant, Step) {
    if other.0 < one.0 { other } else { one }
}

fn menu(seed: Seed, call: &Call) -> (Instant, Step) {
    let mut draws = Draws::of(seed, "menu", call.id.0);
    let length = draws.lognormal_ms(14_000, 0.5);
    let start = call.instants.started_at;
    if draws.chance(LEAVES_MENU) {
        return (start.plus_millis(1 + length / 2), Step::Abandon);
    }
    (start.plus_millis(length), Step::EndIvr)
}

/// When the caller hangs up.
fn patience(seed: Seed, call: &Call) -> (Instant, Step) {
    let since = call.instants.enqueued_at.unwrap_or(call.instants.started_at);
    let patience = call.patience_ms.unwrap_or_else(|| Draws::of(seed, "patience", call.id.0).exponential_ms(420_000));
    (since.plus_millis(patience), Step::Abandon)
}

/// When the caller is sent elsewhere.
fn leaves_queue(seed: Seed, call: &Call, settings: QueueSettings) -> (Instant, Step) {
    let mut draws = Draws::of(seed, "leaves_queue", call.id.0);
    let since = call.instants.enqueued_at.unwrap_or(call.instants.started_at);
    let (elsewhere, callback_at) = (draws.uniform(), draws.between_ms(120_000, 180_000));
    let callable = call.patience_ms.is_none() && call.from.e164.is_some();
    if draws.chance(WANTS_CALLBACK) && callable {
        return (since.plus_millis(callback_at), Step::FlowOut(FlowedOutTo::Callback));
    }
    let to = if elsewhere < 0.6 { FlowedOutTo::Voicemail } else { FlowedOutTo::Overflow };
    if call.offers.len() >= OFFERS_ENOUGH {
        return (call.updated_at, Step::FlowOut(FlowedOutTo::Overflow));
    }
    (since.plus_millis(settings.overflow_after_ms), Step::FlowOut(to))
}

/// What the agent does at whom it rings.
fn rings(seed: Seed, call: &Call, settings: QueueSettings) -> (Instant, Step) {
    let since = call.instants.offered_at.unwrap_or(call.updated_at);
    let mut draws = Draws::of(Seed(seed.of("rings", call.id.0)), "offer", uuid_of(call.offers.len()));
    match draws.uniform() {
        one if one < 0.025 => (since.plus_millis(settings.ring_limit_ms), Step::Miss),
        one if one < 0.03 => (since.plus_millis(draws.lognormal_ms(4_000, 0.4)), Step::Reject),
        _ => {
            let answers = draws.lognormal_ms(4_500, 0.5);
            let limit = settings.ring_limit_ms;
            (since.plus_millis(answers.min(limit)), if answers < limit { Step::Answer } else { Step::Miss })
        }
    }
}

fn uuid_of(n: usize) -> uuid::Uuid {
    uuid::Uuid::from_u128(n as u128)
}

/// What becomes of a number that is dialled, or of a colleague who is asked.
fn dials(seed: Seed, call: &Call) -> (Instant, Step) {
    let mut draws = Draws::of(seed, "dials", call.id.0);
    let since = call.updated_at;
    let (to_dial, to_alert) = (draws.between_ms(150, 400), draws.lognormal_ms(2_200, 0.3));
    let (rings, fate) = (draws.lognormal_ms(9_000, 0.4).min(28_000), draws.uniform());
    let fail = |outcome, by, cause| Step::Fail(outcome, by, cause);
    if call.relation == Relation::Consult {
        // A colleague is free when asked, and mostly answers.
        let missed = fail(Outcome::NoAnswer, DisconnectedBy::System, 19);
        return (since.plus_millis(rings / 2), if fate < 0.95 { Step::Answer } else { missed });
    }
    match call.state {
        LegState::Requested => (since.plus_millis(to_dial), Step::Dial),
        LegState::Dialing if call.to.e164.is_none() || fate < 0.02 => {
            (since.plus_millis(to_alert), fail(Outcome::InvalidNumber, DisconnectedBy::System, 1))
        }
        LegState::Dialing if fate < 0.09 => {
            (since.plus_millis(to_alert), fail(Outcome::Busy, DisconnectedBy::System, 17))
        }
        LegState::Dialing if fate < 0.10 => {
            (since.plus_millis(to_alert), fail(Outcome::Failed, DisconnectedBy::System, 41))
        }
        LegState::Dialing => (since.plus_millis(to_alert), Step::Alert),
        _ if fate < 0.32 => (since.plus_millis(30_000), fail(Outcome::NoAnswer, DisconnectedBy::System, 19)),
        _ if fate < 0.36 => (since.plus_millis(rings), fail(Outcome::Rejected, DisconnectedBy::Customer, 21)),
        _ if fate < 0.48 => (since.plus_millis(rings), fail(Outcome::Machine, DisconnectedBy::System, 16)),
        _ => (since.plus_millis(rings), Step::Answer),
    }
}

/// When the agent is done. The one whom a program leads has until the limit to say so.
fn wraps(seed: Seed, call: &Call, settings: QueueSettings) -> (Instant, Step) {
    let since = call.instants.disconnected_at.unwrap_or(call.updated_at);
    let length = Draws::of(seed, "wraps", call.id.0).lognormal_ms(42_000, 0.6);
    let limit = settings.wrap_limit_ms;
    (since.plus_millis(if call.led { limit } else { length.min(limit) }), Step::EndWrap)
}
