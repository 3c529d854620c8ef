use model::PeriodBounds;
use serde::Serialize;

use crate::{
    id::QueueId,
    metrics::{Fate, Leg, THRESHOLDS_MS},
    objects::{LegState, Queue},
};

/// After how long a wait callers of a queue give up.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AbandonProfile {
    /// The queue.
    pub queue_id: QueueId,
    /// Callers who came in the range and hung up before they were answered.
    pub abandoned_count: u64,
    /// Those of them at whose end it rang at an agent.
    pub abandoned_ringing_count: u64,
    /// Callers who came in the range and were answered.
    pub answered_count: u64,
    /// Waits from the shortest to the longest.
    pub steps: Vec<Step>,
}

/// Callers who waited longer than `from_ms`, and no longer than `to_ms`. The first step begins with those who did not wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Waits are longer than this, in milliseconds; null for the first step.
    pub from_ms: Option<i64>,
    /// And no longer than this; null for the last step.
    pub to_ms: Option<i64>,
    /// How many hung up.
    pub abandoned_count: u64,
    /// How many were answered.
    pub answered_count: u64,
}

/// The profile of a queue, of the callers who came in a range. Legs may be of other queues and times.
pub fn abandon_profile<'a>(
    queue: &Queue,
    legs: impl IntoIterator<Item = Leg<'a>>,
    range: PeriodBounds,
) -> AbandonProfile {
    let ends = THRESHOLDS_MS.iter().copied().map(Some).chain([None]);
    let starts = [None].into_iter().chain(THRESHOLDS_MS.iter().copied().map(Some));
    let empty = |(from_ms, to_ms)| Step { from_ms, to_ms, abandoned_count: 0, answered_count: 0 };
    let mut profile = AbandonProfile {
        queue_id: queue.id,
        abandoned_count: 0,
        abandoned_ringing_count: 0,
        answered_count: 0,
        steps: starts.zip(ends).map(empty).collect(),
    };
    for leg in legs.into_iter().filter(|leg| leg.queue_id() == Some(queue.id)) {
        let Some(visit) = leg.visit().filter(|visit| range.contains(visit.enqueued_at)) else { continue };
        let Some(wait_ms) = visit.wait_ms() else { continue };
        let place = THRESHOLDS_MS.partition_point(|threshold| *threshold < wait_ms);
        let Some(step) = profile.steps.get_mut(place) else { continue };
        match visit.fate {
            Fate::Abandoned => {
                step.abandoned_count += 1;
                profile.abandoned_count += 1;
                let ringing = leg.call().abandoned_in == Some(LegState::Offered);
                profile.abandoned_ringing_count += u64::from(ringing);
            }
            Fate::Answered => {
                step.answered_count += 1;
                profile.answered_count += 1;
            }
            Fate::Waiting | Fate::FlowedOut(_) => {}
        }
    }
    profile
}
