use model::Instant;

use super::{
    leg::{Fate, Handled, Leg},
    terms::Basis,
};
use crate::objects::{FlowedOutTo, OfferResult, QueueSettings};

/// Waits that are counted with every row, in milliseconds, so that any service level can be made of it.
pub const THRESHOLDS_MS: [i64; 10] =
    [10_000, 15_000, 20_000, 30_000, 45_000, 60_000, 90_000, 120_000, 180_000, 300_000];

/// Places where a caller can be sent.
const PLACES: usize = FlowedOutTo::ALL.len();

/// Counts and sums of a queue, in milliseconds. They can be added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueFigures {
    /// O: callers who entered.
    pub offered: u64,
    /// A: callers who were answered.
    pub answered: u64,
    /// B: callers who hung up before.
    pub abandoned: u64,
    /// S: those of B who did so at once.
    pub short_abandoned: u64,
    /// F: callers who were sent elsewhere.
    pub flowed_out: u64,
    /// Where to, in the order of [`FlowedOutTo::ALL`].
    pub flowed_out_to: [u64; PLACES],
    /// Those of O who still wait; counted by the basis `offered` alone.
    pub open: u64,
    /// Legs that agents have handled.
    pub handled: u64,
    /// `A_T`: those of A who waited no longer than the target.
    pub answered_in_target: u64,
    /// `B_T`: the same of B.
    pub abandoned_in_target: u64,
    /// The same of those who asked to be called back.
    pub callback_in_target: u64,
    /// How long A waited.
    pub answered_wait_ms: i64,
    /// How long B waited.
    pub abandoned_wait_ms: i64,
    /// How long S waited.
    pub short_abandoned_wait_ms: i64,
    /// Dialling, of handled legs.
    pub dial_ms: i64,
    /// Speaking, of handled legs.
    pub talk_ms: i64,
    /// On hold, of handled legs.
    pub hold_ms: i64,
    /// Wrapping, of handled legs.
    pub wrap_ms: i64,
    /// All of that.
    pub handle_ms: i64,
    /// Offers that no agent took. A call may have several.
    pub offers_not_answered: u64,
    /// Of A, how many waited no longer than each of [`THRESHOLDS_MS`].
    pub answered_within: [u64; THRESHOLDS_MS.len()],
    /// The same of B.
    pub abandoned_within: [u64; THRESHOLDS_MS.len()],
}

/// One thing that is counted, in one interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    Offered,
    Open,
    Answered { wait_ms: i64, in_target: bool },
    Abandoned { wait_ms: i64, in_target: bool, short: bool },
    FlowedOut { to: Option<FlowedOutTo>, in_target: bool },
    Handled(Handled),
    OfferNotAnswered,
}

/// Names everything that a leg counts for, and at which instant. The settings are those that held when its visit began.
pub(super) fn counts(leg: &Leg<'_>, settings: &QueueSettings, basis: Basis, mut put: impl FnMut(Instant, Count)) {
    let at = |event: Instant| if basis == Basis::Event { event } else { leg.visit_at() };
    if let Some(visit) = leg.visit() {
        put(at(visit.enqueued_at), Count::Offered);
        if let Some((left_at, wait_ms)) = visit.left_at.zip(visit.wait_ms()) {
            let in_target = wait_ms <= settings.service_level_target_ms;
            let short = wait_ms < settings.short_abandon_ms;
            match visit.fate {
                Fate::Waiting => {}
                Fate::Answered => put(at(left_at), Count::Answered { wait_ms, in_target }),
                Fate::Abandoned => put(at(left_at), Count::Abandoned { wait_ms, in_target, short }),
                Fate::FlowedOut(to) => put(at(left_at), Count::FlowedOut { to, in_target }),
            }
        } else if basis == Basis::Offered {
            put(visit.enqueued_at, Count::Open);
        }
    }
    if let Some(handled) = leg.handled() {
        put(at(handled.at), Count::Handled(handled));
    }
    for offer in &leg.call().offers {
        if let (Some(OfferResult::NoAnswer | OfferResult::Rejected), Some(ended_at)) = (offer.result, offer.ended_at) {
            put(at(ended_at), Count::OfferNotAnswered);
        }
    }
}

impl QueueFigures {
    pub(super) fn count(&mut self, count: Count) {
        match count {
            Count::Offered => self.offered += 1,
            Count::Open => self.open += 1,
            Count::Answered { wait_ms, in_target } => {
                self.answered += 1;
                self.answered_in_target += u64::from(in_target);
                self.answered_wait_ms += wait_ms;
                within(&mut self.answered_within, wait_ms);
            }
            Count::Abandoned { wait_ms, in_target, short } => {
                self.abandoned += 1;
                self.abandoned_in_target += u64::from(in_target);
                self.abandoned_wait_ms += wait_ms;
                if short {
                    self.short_abandoned += 1;
                    self.short_abandoned_wait_ms += wait_ms;
                }
                within(&mut self.abandoned_within, wait_ms);
            }
            Count::FlowedOut { to, in_target } => {
                self.flowed_out += 1;
                for (place, count) in FlowedOutTo::ALL.iter().zip(&mut self.flowed_out_to) {
                    *count += u64::from(Some(*place) == to);
                }
                self.callback_in_target += u64::from(in_target && to == Some(FlowedOutTo::Callback));
            }
            Count::Handled(handled) => {
                self.handled += 1;
                self.dial_ms += handled.dial_ms;
                self.talk_ms += handled.talk_ms;
                self.hold_ms += handled.hold_ms;
                self.wrap_ms += handled.wrap_ms;
                self.handle_ms += handled.handle_ms;
            }
            Count::OfferNotAnswered => self.offers_not_answered += 1,
        }
    }

    /// Adds what another has.
    pub fn add(&mut self, other: &Self) {
        let counts = [
            (&mut self.offered, other.offered),
            (&mut self.answered, other.answered),
            (&mut self.abandoned, other.abandoned),
            (&mut self.short_abandoned, other.short_abandoned),
            (&mut self.flowed_out, other.flowed_out),
            (&mut self.open, other.open),
            (&mut self.handled, other.handled),
            (&mut self.answered_in_target, other.answered_in_target),
            (&mut self.abandoned_in_target, other.abandoned_in_target),
            (&mut self.callback_in_target, other.callback_in_target),
            (&mut self.offers_not_answered, other.offers_not_answered),
        ];
        let sums = [
            (&mut self.answered_wait_ms, other.answered_wait_ms),
            (&mut self.abandoned_wait_ms, other.abandoned_wait_ms),
            (&mut self.short_abandoned_wait_ms, other.short_abandoned_wait_ms),
            (&mut self.dial_ms, other.dial_ms),
            (&mut self.talk_ms, other.talk_ms),
            (&mut self.hold_ms, other.hold_ms),
            (&mut self.wrap_ms, other.wrap_ms),
            (&mut self.handle_ms, other.handle_ms),
        ];
        let lists = [
            (&mut self.flowed_out_to[..], &other.flowed_out_to[..]),
            (&mut self.answered_within[..], &other.answered_within[..]),
            (&mut self.abandoned_within[..], &other.abandoned_within[..]),
        ];
        counts.into_iter().for_each(|(mine, theirs)| *mine += theirs);
        sums.into_iter().for_each(|(mine, theirs)| *mine += theirs);
        for (mine, theirs) in lists {
            mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine += theirs);
        }
    }
}

fn within(counts: &mut [u64; THRESHOLDS_MS.len()], wait_ms: i64) {
    for (count, threshold) in counts.iter_mut().zip(THRESHOLDS_MS) {
        *count += u64::from(wait_ms <= threshold);
    }
}
