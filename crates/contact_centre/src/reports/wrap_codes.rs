use std::collections::BTreeMap;

use model::PeriodBounds;
use serde::Serialize;

use crate::{id::QueueId, metrics::Leg};

/// How many calls came to what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WrapCodeRow {
    /// The queue; null for calls of none.
    pub queue_id: Option<QueueId>,
    /// The wrap code; null for calls of which nothing was noted.
    pub code: Option<Box<str>>,
    /// How many legs agents were done with in the range.
    pub handled_count: u64,
    /// Those of them whose wrap was written, last, after they were closed.
    pub late_count: u64,
    /// What they took agents, in milliseconds.
    pub handle_sum_ms: i64,
}

/// One row for each queue and code that occurred, by queue and code. The legs are those that agents were done with in the range.
pub fn wrap_codes<'a>(legs: impl IntoIterator<Item = Leg<'a>>, range: PeriodBounds) -> Vec<WrapCodeRow> {
    let mut rows: BTreeMap<(Option<QueueId>, Option<&'a str>), WrapCodeRow> = BTreeMap::new();
    for leg in legs {
        let Some(handled) = leg.handled().filter(|handled| range.contains(handled.at)) else { continue };
        let wrap = leg.call().wrap.as_deref();
        let row = rows.entry((leg.queue_id(), wrap.map(|wrap| &*wrap.code))).or_default();
        row.handled_count += 1;
        row.late_count += u64::from(wrap.is_some_and(|wrap| wrap.late));
        row.handle_sum_ms += handled.handle_ms;
    }
    let named =
        rows.into_iter().map(|((queue_id, code), row)| WrapCodeRow { queue_id, code: code.map(Into::into), ..row });
    named.collect()
}
