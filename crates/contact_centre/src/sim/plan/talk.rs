use model::Instant;

use super::step::{Step, Transfer};
use crate::{
    objects::{Call, DisconnectedBy, Relation},
    seed::Seed,
    sim::Draws,
    state::State,
};

/// What an agent means to do with a customer.
struct Intent {
    /// How long they speak, holds not counted.
    talk_ms: i64,
    /// After which of it the agent puts the customer on hold or asks a colleague, if at all.
    pause_after_ms: Option<i64>,
    /// Whether a colleague is asked then.
    asks: bool,
    /// How the customer is passed on at the end, if at all.
    transfer: Option<Transfer>,
    /// Whether it is the customer who hangs up.
    customer_ends: bool,
}

fn intent(seed: Seed, state: &State, call: &Call) -> Intent {
    let mut draws = Draws::of(seed, "talk", call.id.0);
    let expected = call.queue_id.and_then(|queue| state.queue(queue)).map(|queue| queue.current().expected_handle_ms);
    // The rest of what handling takes is wrapping.
    let mean = (expected.unwrap_or(300_000) - 42_000).max(30_000);
    let talk_ms = draws.lognormal_ms(mean, 0.65).clamp(4_000, 5_400_000);
    let pauses = draws.chance(0.17);
    let part = 0.2 + 0.6 * draws.uniform();
    let asks = draws.chance(0.2);
    // Whoever was passed on is not passed on for ever.
    let first = call.relation != Relation::Transfer || draws.chance(0.2);
    let transfer = match draws.uniform() {
        one if !first || one >= 0.08 => None,
        one if one < 0.05 => Some(Transfer::Blind),
        _ => Some(Transfer::Attended),
    };
    let customer_ends = draws.chance(0.6);
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "far below 2^53")]
    let pause_after_ms = pauses.then_some((talk_ms as f64 * part) as i64);
    Intent { talk_ms, pause_after_ms, asks, transfer, customer_ends }
}

/// Until when a consultation goes on.
fn consultation_ends(seed: Seed, call: &Call) -> Instant {
    call.instants
        .answered_at
        .unwrap_or(call.updated_at)
        .plus_millis(Draws::of(seed, "consultation", call.id.0).lognormal_ms(28_000, 0.5))
}

/// What happens to a leg whose sides speak.
pub(super) fn connected(seed: Seed, state: &State, call: &Call) -> Option<(Instant, Step)> {
    if call.relation == Relation::Consult {
        // A program that leads the customer's leg ends the consultation itself, within a bound.
        let led = call.parent_id.and_then(|parent| state.call(parent)).is_some_and(|parent| parent.led);
        let ends = consultation_ends(seed, call);
        let ends = if led { call.instants.answered_at.unwrap_or(call.updated_at).plus_millis(1_800_000) } else { ends };
        return Some((ends, Step::HangUp(DisconnectedBy::Agent)));
    }
    let answered = call.instants.answered_at?;
    let intent = intent(seed, state, call);
    let held: i64 =
        call.holds.iter().filter_map(|hold| Some(hold.resumed_at?.as_millis() - hold.held_at.as_millis())).sum();
    let end = answered.plus_millis(intent.talk_ms + held);
    if call.led {
        return Some((end, Step::HangUp(DisconnectedBy::Customer)));
    }
    if let Some(after) = intent.pause_after_ms.filter(|_| call.holds.is_empty()) {
        return Some((answered.plus_millis(after), if intent.asks { Step::Consult } else { Step::Hold }));
    }
    let by = if intent.customer_ends { DisconnectedBy::Customer } else { DisconnectedBy::Agent };
    let step = match intent.transfer {
        Some(Transfer::Blind) => Step::Transfer(Transfer::Blind),
        // Asked already, so it was the one whom the customer was to be passed on to.
        Some(Transfer::Attended) if call.consults == 0 => Step::Consult,
        _ => Step::HangUp(by),
    };
    Some((end, step))
}

/// What happens to a leg whose customer is on hold.
pub(super) fn held(seed: Seed, state: &State, call: &Call, patience_ms: i64) -> Option<(Instant, Step)> {
    let since = call.holds.last()?.held_at;
    let patience = (since.plus_millis(patience_ms), Step::HangUp(DisconnectedBy::Customer));
    if call.led {
        return Some(patience);
    }
    if let Some(consult) = call.consult_id.and_then(|id| state.call(id)) {
        let passes_on = intent(seed, state, call).transfer == Some(Transfer::Attended);
        // The colleague has answered, and they have spoken for a while.
        if passes_on && consult.state.is_joined() {
            let ends = consultation_ends(seed, consult).plus_millis(-1);
            return Some((ends.min(patience.0), Step::Transfer(Transfer::Attended)));
        }
        return Some(patience);
    }
    let mut draws =
        Draws::of(Seed(seed.of("hold", call.id.0)), "length", uuid::Uuid::from_u128(call.holds.len() as u128));
    Some((since.plus_millis(draws.lognormal_ms(45_000, 0.6)).min(patience.0), Step::Resume))
}
