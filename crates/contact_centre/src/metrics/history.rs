use model::Instant;

use super::leg::{Fate, Leg};
use crate::objects::Queue;

/// From how many legs the handle time is learned.
pub(super) const LEGS: usize = 200;
/// How many legs the configured handle time counts for: with as many of its own, a queue's mean lies half-way between both.
const CONFIGURED_LEGS: f64 = 20.0;
/// For how long abandons are looked at, in milliseconds.
pub(super) const ABANDONS_MS: i64 = 30 * 60_000;

/// What the last hours of a queue teach about the next minutes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct History {
    /// How long handling takes, in milliseconds: the mean of the last legs, drawn towards the configured one where they are few.
    pub handle_ms: f64,
    /// From how many legs that was learned.
    pub legs: usize,
    /// Callers who hang up, for each millisecond that one waits.
    pub abandons_a_ms: f64,
}

impl History {
    /// Of a queue and its legs, in any order: those of the last half hour, and at least its last 200 handled ones. Of more than
    /// those only the last count.
    pub fn of<'a>(queue: &Queue, legs: impl IntoIterator<Item = Leg<'a>>, now: Instant) -> Self {
        let since = now.plus_millis(-ABANDONS_MS);
        let (mut handled, mut abandons, mut waited_ms) = (Vec::new(), 0_u64, 0_i64);
        for leg in legs.into_iter().filter(|leg| leg.queue_id() == Some(queue.id)) {
            handled.extend(leg.handled().map(|handled| (handled.at, handled.handle_ms)));
            let Some(visit) = leg.visit() else { continue };
            let left_at = visit.left_at.unwrap_or(now);
            waited_ms += (left_at.as_millis() - visit.enqueued_at.max(since).as_millis()).max(0);
            abandons += u64::from(visit.fate == Fate::Abandoned && left_at >= since);
        }
        handled.sort_unstable();
        let last = handled.get(handled.len().saturating_sub(LEGS)..).unwrap_or_default();
        let sum: i64 = last.iter().map(|(_, ms)| ms).sum();
        Self::from_sums(queue.current().expected_handle_ms, (sum, last.len()), (abandons, waited_ms))
    }

    /// Of the configured handle time, of how long the last legs took and how many they are, and of how many hung up in how much waiting, in
    /// milliseconds.
    #[expect(clippy::cast_precision_loss, reason = "sums of some hours, in milliseconds, are far below 2^52")]
    pub(super) fn from_sums(
        configured_ms: i64,
        (sum_ms, legs): (i64, usize),
        (abandons, waited_ms): (u64, i64),
    ) -> Self {
        let configured = configured_ms as f64;
        Self {
            handle_ms: (sum_ms as f64 + CONFIGURED_LEGS * configured) / (legs as f64 + CONFIGURED_LEGS),
            legs,
            abandons_a_ms: if waited_ms > 0 { abandons as f64 / waited_ms as f64 } else { 0.0 },
        }
    }
}
