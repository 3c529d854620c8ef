//! An agent's time by the clock: whatever they did, its parts are the interval.

use std::collections::BTreeMap;

use contact_centre::{
    metrics::{agent_times, intervals},
    objects::{Activity, AgentStatus, Reason, RoutingState, Stay},
    staff,
};
use model::{IntervalLength, PeriodBounds, TimeZone};
use proptest::prelude::*;

use crate::script::at;

fn routing() -> impl Strategy<Value = RoutingState> {
    let reasons = prop::sample::select(Reason::ALL.to_vec());
    prop_oneof![Just(RoutingState::Offline), Just(RoutingState::Ready), reasons.prop_map(RoutingState::NotReady)]
}

fn activity() -> impl Strategy<Value = Activity> {
    prop::sample::select(Activity::ALL.to_vec())
}

fn status() -> impl Strategy<Value = AgentStatus> {
    (routing(), activity()).prop_map(|(routing, activity)| AgentStatus { routing, activity, pending: None })
}

/// What moves an agent on.
#[derive(Clone, Copy, Debug)]
enum Step {
    Wants(RoutingState),
    Does(Activity),
    /// Does not take a call that rings.
    Misses,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![routing().prop_map(Step::Wants), activity().prop_map(Step::Does), Just(Step::Misses)]
}

proptest! {
    #[test]
    fn parts_are_exactly_as_long_as_the_interval(
        lengths in prop::collection::vec((0..7_200_000_i64, status()), 0..40),
        length in prop::sample::select(IntervalLength::ALL.to_vec()),
        now_ms in 0..200_000_000_i64,
    ) {
        let zone: TimeZone = "Australia/Lord_Howe".parse().unwrap();
        let day = "2026-10-04".parse().unwrap();
        let (start, end) = (zone.start_of(day), zone.end_of(day));
        let mut since = start.plus_millis(-3_600_000);
        let mut stays = Vec::new();
        for (ms, status) in lengths {
            stays.push(Stay { since, status });
            since = since.plus_millis(ms);
        }
        let all: Vec<_> = intervals(&zone, length, start, end).collect();
        let now = start.plus_millis(now_ms - 20_000_000);
        for (interval, time) in all.iter().zip(agent_times(&stays, &all, now)) {
            let passed = (interval.end.min(now).as_millis() - interval.start.as_millis()).max(0);
            prop_assert_eq!(time.total_ms(), passed);
            prop_assert_eq!(time.not_ready.values().sum::<i64>(), time.not_ready_ms);
        }
        // Shorter intervals add up to the day, part by part.
        let days: Vec<_> = intervals(&zone, IntervalLength::Day, start, end).collect();
        let whole = agent_times(&stays, &days, now);
        let mut sum = contact_centre::metrics::AgentTime::default();
        agent_times(&stays, &all, now).iter().for_each(|time| sum.add_time(time));
        prop_assert_eq!(&sum, &whole[0]);
    }
}

proptest! {
    /// Case 6 of the design.
    #[test]
    fn an_agent_gets_what_they_wanted_last_and_each_moment_counts_once(
        first in routing(),
        steps in prop::collection::vec((step(), 0..600_000_i64), 0..60),
    ) {
        let begin = at("2026-03-02T00:00:00Z");
        let mut status = AgentStatus { routing: first, activity: Activity::Idle, pending: None };
        let (mut wanted, mut now) = (first, begin);
        let mut stays = vec![Stay { since: now, status }];
        let mut spent: BTreeMap<Activity, i64> = BTreeMap::new();
        for (step, ms) in steps {
            now = now.plus_millis(ms);
            *spent.entry(status.activity).or_default() += ms;
            status = match step {
                Step::Wants(wish) => {
                    wanted = wish;
                    staff::wished(status, wish)
                }
                Step::Does(activity) => staff::with_activity(status, activity),
                Step::Misses if status.activity == Activity::Offered => {
                    // What the agent wants otherwise goes before it.
                    if status.pending.is_none() {
                        wanted = RoutingState::NotReady(Reason::AutoNoAnswer);
                    }
                    staff::with_activity(staff::after_missed(status), Activity::Idle)
                }
                Step::Misses => status,
            };
            prop_assert_eq!(status.pending.unwrap_or(status.routing), wanted, "the last wish wins");
            prop_assert!(status.activity != Activity::Idle || status.pending.is_none(), "nothing waits for nothing");
            prop_assert!(status.pending != Some(status.routing), "what holds is not waited for");
            prop_assert_eq!(staff::wished(status, wanted), status, "the same wish again changes nothing");
            stays.push(Stay { since: now, status });
        }
        let day = [PeriodBounds { start: begin, end: begin.plus_millis(86_400_000) }];
        let time = &agent_times(&stays, &day, now)[0];
        prop_assert_eq!(time.total_ms(), now.as_millis() - begin.as_millis());
        let parts = [
            (Activity::Idle, time.ready_ms + time.not_ready_ms + time.offline_ms),
            (Activity::Offered, time.offered_ms),
            (Activity::Talking, time.talk_ms),
            (Activity::Held, time.hold_ms),
            (Activity::Dialing, time.dial_ms),
            (Activity::Consulting, time.consult_ms),
            (Activity::Wrapping, time.wrap_ms),
        ];
        for (activity, ms) in parts {
            prop_assert_eq!(ms, spent.get(&activity).copied().unwrap_or_default(), "{}", activity);
        }
    }
}

#[test]
fn before_the_first_stay_nobody_was_there() {
    let zone = TimeZone::UTC;
    let hour: Vec<_> =
        intervals(&zone, IntervalLength::Hour, at("2026-03-02T09:00:00Z"), at("2026-03-02T10:00:00Z")).collect();
    let status = AgentStatus { routing: RoutingState::NotReady(Reason::Meal), activity: Activity::Idle, pending: None };
    let stays = [Stay { since: at("2026-03-02T09:20:00Z"), status }];
    let time = &agent_times(&stays, &hour, at("2026-03-02T11:00:00Z"))[0];
    assert_eq!((time.offline_ms, time.not_ready_ms, time.not_ready[&Reason::Meal]), (1_200_000, 2_400_000, 2_400_000));
    assert_eq!(time.occupancy_ratio(), None);
}
