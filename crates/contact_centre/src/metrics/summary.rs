use model::{Instant, PeriodBounds};
use serde::Serialize;

use super::{
    leg::Leg,
    queue_rows::{QueueRow, queue_rows},
    terms::Terms,
};
use crate::objects::Queue;

/// A whole range as one row for each queue, and one for all of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary<'a> {
    /// All queues together. Each visit is judged by the settings of its own queue.
    pub total: QueueRow<'a>,
    /// One row each.
    pub queues: Vec<QueueRow<'a>>,
}

/// Adds up a range. Legs are as they are at `now`, in any order.
pub fn summary<'a, 'l, L>(
    queues: impl IntoIterator<Item = &'a Queue>,
    legs: &L,
    range: PeriodBounds,
    terms: &'a Terms,
    now: Instant,
) -> Summary<'a>
where
    L: IntoIterator<Item = Leg<'l>> + Clone,
{
    let queues: Vec<_> =
        queues.into_iter().flat_map(|queue| queue_rows(queue, legs.clone(), &[range], terms, now)).collect();
    let mut total = QueueRow::empty(None, range, terms);
    for row in &queues {
        total.figures.add(&row.figures);
        total.waiting_start += row.waiting_start;
        total.waiting_end += row.waiting_end;
        total.finality.add(&row.finality);
    }
    total.finality.decide(range, now);
    Summary { total, queues }
}
