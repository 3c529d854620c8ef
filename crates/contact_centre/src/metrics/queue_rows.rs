use std::collections::BTreeSet;

use model::{Instant, PeriodBounds};
use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{
    average::{Average, ratio},
    finality::{self, Finality},
    intervals::place,
    leg::Leg,
    queue_figures::{self, QueueFigures, THRESHOLDS_MS},
    service_level::ServiceLevel,
    terms::{Basis, ShortAbandons, Terms},
};
use crate::{
    id::QueueId,
    objects::{FlowedOutTo, Queue, SettingsSince},
};

/// What happened in a queue in one interval.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueRow<'a> {
    /// Whose row it is; none for all queues together.
    pub queue: Option<&'a Queue>,
    /// When.
    pub interval: PeriodBounds,
    /// What was asked for.
    pub terms: &'a Terms,
    /// Counts and sums.
    pub figures: QueueFigures,
    /// How many waited when the interval began.
    pub waiting_start: u64,
    /// How many waited when it ended, or wait now if it goes on.
    pub waiting_end: u64,
    /// The settings that the figures rest on, in the order of time: that of the interval's start, and that of each visit's.
    pub settings: Vec<SettingsSince>,
    /// Whether it can still change.
    pub finality: Finality,
}

/// The rows of a queue: one for each interval, also where nothing happened. Intervals are in order and follow each other; legs are
/// as they are at `now`, in any order, and may be of other queues.
pub fn queue_rows<'a, 'l>(
    queue: &'a Queue,
    legs: impl IntoIterator<Item = Leg<'l>>,
    intervals: &[PeriodBounds],
    terms: &'a Terms,
    now: Instant,
) -> Vec<QueueRow<'a>> {
    let mut rows: Vec<_> = intervals.iter().map(|interval| QueueRow::empty(Some(queue), *interval, terms)).collect();
    let mut used: Vec<BTreeSet<usize>> =
        intervals.iter().map(|interval| settings_at(queue, interval.start).collect()).collect();
    for leg in legs.into_iter().filter(|leg| leg.queue_id() == Some(queue.id)) {
        let settings = queue.settings_at(leg.visit_at());
        queue_figures::counts(&leg, &settings, terms.basis, |at, count| {
            let Some(place) = place(intervals, at) else { return };
            if let (Some(row), Some(used)) = (rows.get_mut(place), used.get_mut(place)) {
                row.figures.count(count);
                used.extend(settings_at(queue, leg.visit_at()));
            }
        });
        for row in rows.get_mut(finality::waiting(&leg, intervals, now)).into_iter().flatten() {
            let waits = |at| u64::from(leg.visit().is_some_and(|visit| visit.waits_across(at)));
            row.waiting_start += waits(row.interval.start);
            row.waiting_end += waits(row.interval.end);
        }
        finality::note(&leg, None, intervals, now, |place, note| {
            if let Some(row) = rows.get_mut(place) {
                note(&mut row.finality);
            }
        });
    }
    for (row, used) in rows.iter_mut().zip(used) {
        row.settings = used.into_iter().filter_map(|place| queue.settings.get(place).copied()).collect();
        row.finality.decide(row.interval, now);
    }
    rows
}

/// The place of the settings that hold at an instant. Before the first, the first.
fn settings_at(queue: &Queue, at: Instant) -> impl Iterator<Item = usize> {
    let place = queue.settings.partition_point(|one| one.since <= at).saturating_sub(1);
    Some(place).into_iter()
}

impl<'a> QueueRow<'a> {
    /// The row of a queue in which nothing happened.
    pub fn nothing(queue: &'a Queue, interval: PeriodBounds, terms: &'a Terms) -> Self {
        Self::empty(Some(queue), interval, terms)
    }

    pub(super) fn empty(queue: Option<&'a Queue>, interval: PeriodBounds, terms: &'a Terms) -> Self {
        Self {
            queue,
            interval,
            terms,
            figures: QueueFigures::default(),
            waiting_start: 0,
            waiting_end: 0,
            settings: Vec::new(),
            finality: Finality::default(),
        }
    }

    /// How long callers waited who were answered.
    pub fn average_speed_of_answer(&self) -> Average {
        Average::of(self.figures.answered, self.figures.answered_wait_ms)
    }

    /// How long callers waited who hung up.
    pub fn average_time_to_abandon(&self) -> Average {
        let of = &self.figures;
        match self.terms.short_abandons {
            ShortAbandons::Include => Average::of(of.abandoned, of.abandoned_wait_ms),
            ShortAbandons::Exclude => {
                Average::of(of.abandoned - of.short_abandoned, of.abandoned_wait_ms - of.short_abandoned_wait_ms)
            }
        }
    }

    /// Of those who were answered or hung up, but not at once: how many hung up.
    pub fn abandon_ratio(&self) -> Option<f64> {
        let lost = self.figures.abandoned - self.figures.short_abandoned;
        ratio(lost, self.figures.answered + lost)
    }

    /// What it took agents to handle a leg.
    pub fn average_handle_time(&self) -> Average {
        Average::of(self.figures.handled, self.figures.handle_ms)
    }
}

/// A queue wherever it is named.
#[derive(Serialize)]
struct Named<'a> {
    id: QueueId,
    name: &'a str,
}

/// How many of something waited no longer than each threshold.
struct Within([u64; THRESHOLDS_MS.len()]);

impl Serialize for Within {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Step {
            threshold_ms: i64,
            count: u64,
        }
        let steps = THRESHOLDS_MS.iter().zip(&self.0);
        serializer.collect_seq(steps.map(|(threshold_ms, count)| Step { threshold_ms: *threshold_ms, count: *count }))
    }
}

/// How many were sent where.
struct Places([u64; FlowedOutTo::ALL.len()]);

impl Serialize for Places {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(FlowedOutTo::ALL.iter().map(|place| place.as_str()).zip(&self.0))
    }
}

/// The settings of a row that its figures rest on.
#[derive(Serialize)]
struct Used {
    since: Instant,
    service_level_target_ms: i64,
    short_abandon_ms: i64,
}

impl Serialize for QueueRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let of = &self.figures;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("queue", &self.queue.map(|queue| Named { id: queue.id, name: &queue.name }))?;
        map.serialize_entry("start", &self.interval.start)?;
        map.serialize_entry("end", &self.interval.end)?;
        map.serialize_entry("local_start", &self.terms.timezone.local(self.interval.start))?;
        map.serialize_entry("basis", &self.terms.basis)?;
        for (name, count) in [
            ("offered_count", of.offered),
            ("answered_count", of.answered),
            ("abandoned_count", of.abandoned),
            ("short_abandoned_count", of.short_abandoned),
            ("flowed_out_count", of.flowed_out),
            ("waiting_start_count", self.waiting_start),
            ("waiting_end_count", self.waiting_end),
            ("handled_count", of.handled),
            ("offers_not_answered_count", of.offers_not_answered),
            ("answered_in_target_count", of.answered_in_target),
            ("abandoned_in_target_count", of.abandoned_in_target),
            ("callback_in_target_count", of.callback_in_target),
        ] {
            map.serialize_entry(name, &count)?;
        }
        if self.terms.basis == Basis::Offered {
            map.serialize_entry("open", &of.open)?;
        }
        map.serialize_entry("flowed_out_to", &Places(of.flowed_out_to))?;
        self.average_speed_of_answer().write(&mut map, "average_speed_of_answer")?;
        map.serialize_entry("short_abandons", &self.terms.short_abandons)?;
        self.average_time_to_abandon().write(&mut map, "average_time_to_abandon")?;
        map.serialize_entry("abandon_ratio", &self.abandon_ratio())?;
        map.serialize_entry("abandon_of_offered_ratio", &ratio(of.abandoned, of.offered))?;
        map.serialize_entry("service_level", &ServiceLevel::of(of))?;
        Average::of(of.handled, of.talk_ms + of.hold_ms).write(&mut map, "call_time")?;
        Average::of(of.handled, of.wrap_ms).write(&mut map, "wrap_time")?;
        self.average_handle_time().write(&mut map, "average_handle_time")?;
        for (name, sum) in [("talk_sum_ms", of.talk_ms), ("hold_sum_ms", of.hold_ms), ("dial_sum_ms", of.dial_ms)] {
            map.serialize_entry(name, &sum)?;
        }
        map.serialize_entry("answered_within", &Within(of.answered_within))?;
        map.serialize_entry("abandoned_within", &Within(of.abandoned_within))?;
        let used = self.settings.iter().map(|one| Used {
            since: one.since,
            service_level_target_ms: one.settings.service_level_target_ms,
            short_abandon_ms: one.settings.short_abandon_ms,
        });
        map.serialize_entry("settings", &used.collect::<Vec<_>>())?;
        self.finality.write(&mut map)?;
        map.end()
    }
}
