//! An agent's time by the clock: whatever they did, its parts are the interval.

use contact_centre::{
    metrics::{agent_times, intervals},
    objects::{Activity, AgentStatus, Reason, RoutingState, Stay},
};
use model::{IntervalLength, TimeZone};
use proptest::prelude::*;

use crate::script::at;

fn status() -> impl Strategy<Value = AgentStatus> {
    let reasons = prop::sample::select(Reason::ALL.to_vec());
    let routing =
        prop_oneof![Just(RoutingState::Offline), Just(RoutingState::Ready), reasons.prop_map(RoutingState::NotReady),];
    let activity = prop::sample::select(Activity::ALL.to_vec());
    (routing, activity).prop_map(|(routing, activity)| AgentStatus { routing, activity, pending: None })
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
