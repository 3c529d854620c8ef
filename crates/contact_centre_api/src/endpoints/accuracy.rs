use contact_centre::{
    id::QueueId,
    metrics::{Accuracy, AccuracyReport, Fate, History, Leg, Live, Past, expected_wait},
    objects::{Activity, Agent, Queue, RoutingState},
    world::{AsOf, World},
};
use model::{Instant, PeriodBounds};
use serde::Serialize;

use crate::{
    asked::Asked,
    figures::Legs,
    protocol::{Answer, Problem, json},
};

/// For how long before a caller handling and giving up are looked at, in milliseconds.
const LOOK_BACK_MS: i64 = 6 * 3_600_000;

#[derive(Serialize)]
struct Item<'a> {
    queue_id: QueueId,
    queue_name: &'a str,
    start: Instant,
    end: Instant,
    #[serde(flatten)]
    accuracy: AccuracyReport,
    #[serde(flatten)]
    sums: Sums,
}

/// What the means are made of, in milliseconds, so that readers can make those of several queues and days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
struct Sums {
    mean_wait_sum_ms: i64,
    bias_sum_ms: i64,
    mean_absolute_error_sum_ms: i64,
}

impl Sums {
    fn note(&mut self, told_ms: i64, waited_ms: i64) {
        self.mean_wait_sum_ms += waited_ms;
        self.bias_sum_ms += told_ms - waited_ms;
        self.mean_absolute_error_sum_ms += (told_ms - waited_ms).abs();
    }
}

#[derive(Serialize)]
struct Items<'a> {
    items: Vec<Item<'a>>,
    as_of: AsOf,
}

/// How good expected waits were yesterday, by each queue's own clocks: what whoever came was told, against how long they waited.
pub(crate) async fn get(asked: Asked) -> Result<Answer, Problem> {
    asked.no_query()?;
    asked
        .ask(move |asked, world| {
            let queues = world.state().queues().filter(|queue| asked.caller.may_see(queue.id));
            let items = queues.map(|queue| item(world, queue)).collect::<Result<Vec<_>, _>>()?;
            json(&Items { items, as_of: world.as_of() })
        })
        .await
}

fn item<'a>(world: &'a World, queue: &'a Queue) -> Result<Item<'a>, Problem> {
    let zone = &queue.timezone;
    let yesterday = zone.day(zone.start_of(zone.day(world.now())).plus_millis(-1));
    let (start, end) = (zone.start_of(yesterday), zone.end_of(yesterday));
    let legs = Legs::of(world, PeriodBounds { start: start.plus_millis(-LOOK_BACK_MS), end }, None)?;
    let own: Vec<_> = legs.iter().filter(|leg| leg.queue_id() == Some(queue.id)).collect();
    let agents: Vec<_> = world.state().agents().filter(|agent| agent.level(queue.id).is_some()).collect();
    let mut answered: Vec<_> = own.iter().filter_map(Leg::visit).filter(|visit| visit.fate == Fate::Answered).collect();
    answered.retain(|visit| start <= visit.enqueued_at && visit.enqueued_at < end);
    answered.sort_unstable_by_key(|visit| visit.enqueued_at);
    let (waiting, mut past) = (Waiting::of(&own), Past::new(queue, own.iter().copied(), LOOK_BACK_MS));
    let (mut accuracy, mut sums) = (Accuracy::default(), Sums::default());
    for visit in answered {
        let Some(waited) = visit.wait_ms() else { continue };
        let came = visit.enqueued_at;
        if let Some(told) = told(waiting.at(came), &past.at(came), &agents, came) {
            accuracy.note(told, waited);
            sums.note(told, waited);
        }
    }
    let accuracy = accuracy.report();
    Ok(Item { queue_id: queue.id, queue_name: &queue.name, start, end, accuracy, sums })
}

/// When callers entered a queue, and when they left it.
struct Waiting {
    entered: Vec<Instant>,
    left: Vec<Instant>,
}

impl Waiting {
    fn of(legs: &[Leg<'_>]) -> Self {
        // Who left at once never waited.
        let visits = legs.iter().filter_map(Leg::visit).filter(|visit| visit.left_at != Some(visit.enqueued_at));
        let (mut entered, mut left) = (Vec::new(), Vec::new());
        for visit in visits {
            entered.push(visit.enqueued_at);
            left.extend(visit.left_at);
        }
        entered.sort_unstable();
        left.sort_unstable();
        Self { entered, left }
    }

    /// How many had come before an instant, and had not left by then.
    fn at(&self, at: Instant) -> u64 {
        let came = self.entered.partition_point(|entered| *entered < at);
        came.saturating_sub(self.left.partition_point(|left| *left <= at)) as u64
    }
}

/// What somebody who came then was told, made of what was known then.
fn told(waiting: u64, history: &History, agents: &[&Agent], came: Instant) -> Option<i64> {
    let statuses = agents.iter().filter_map(|agent| {
        let place = agent.stays.partition_point(|stay| stay.since < came).checked_sub(1)?;
        agent.stays.get(place).map(|stay| stay.status)
    });
    let (mut agents_working, mut agents_idle) = (0, 0);
    for status in statuses {
        agents_working += u64::from(status.routing == RoutingState::Ready || status.activity != Activity::Idle);
        agents_idle += u64::from(status.is_free());
    }
    let live = Live { open: true, waiting, longest_waiting_ms: None, agents_working, agents_idle };
    expected_wait(&live, history, None, came).expected_wait_ms
}
