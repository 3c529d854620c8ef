//! Who works when, and when queues are open.

use model::{Instant, TimeZone};

use super::Draws;
use crate::{
    objects::{Agent, OpeningHours, Reason, RoutingState},
    seed::Seed,
};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 86_400_000;

/// What an agent's roster has them want next, strictly after an instant; none if they don't work within two weeks.
pub(crate) fn next_wish(seed: Seed, agent: &Agent, after: Instant) -> Option<(Instant, RoutingState)> {
    // The day before too: a shift may end after midnight.
    (-1..15).find_map(|day| {
        let noon = after.plus_millis(day * DAY_MS);
        let midnight = agent.timezone.start_of(agent.timezone.day(noon));
        wishes_of_day(seed, agent, midnight).into_iter().find(|(at, _)| *at > after)
    })
}

/// What an agent wants on the day that begins at `midnight`, in order; nothing on a day off.
fn wishes_of_day(seed: Seed, agent: &Agent, midnight: Instant) -> Vec<(Instant, RoutingState)> {
    let (weekday, _) = agent.timezone.hour_of_week(midnight);
    let day = u64::try_from(midnight.as_millis() / HOUR_MS).unwrap_or_default();
    let mut of_agent = Draws::of(seed, "roster", agent.id.0);
    let shift_start = of_agent.between_ms(15, 25) * 30 * MINUTE_MS;
    let mut draws = Draws::numbered(Seed(of_agent.bits()), "day", day);
    let works = draws.chance(match weekday {
        0 => 0.92,
        1..=4 => 0.86,
        5 => 0.42,
        _ => 0.25,
    });
    if !works {
        return Vec::new();
    }
    let at = |ms: i64| midnight.plus_millis(shift_start + ms);
    let away = |reason| RoutingState::NotReady(reason);
    let mut wishes = vec![(at(draws.between_ms(-4 * MINUTE_MS, 3 * MINUTE_MS)), RoutingState::Ready)];
    let mut pause = |from_ms: i64, reason, length_ms: i64| {
        let from = from_ms + draws.between_ms(-10 * MINUTE_MS, 10 * MINUTE_MS);
        wishes.push((at(from), away(reason)));
        wishes.push((at(from + draws.lognormal_ms(length_ms, 0.15)), RoutingState::Ready));
        draws.uniform()
    };
    pause(100 * MINUTE_MS, Reason::Break, 14 * MINUTE_MS);
    let chance = pause(4 * HOUR_MS, Reason::Meal, 35 * MINUTE_MS);
    match chance {
        one if one < 0.08 => pause(320 * MINUTE_MS, Reason::Training, 45 * MINUTE_MS),
        one if one < 0.18 => pause(320 * MINUTE_MS, Reason::Meeting, 30 * MINUTE_MS),
        one if one < 0.25 => pause(320 * MINUTE_MS, Reason::Admin, 25 * MINUTE_MS),
        _ => 0.0,
    };
    pause(400 * MINUTE_MS, Reason::Break, 14 * MINUTE_MS);
    wishes.push((at(8 * HOUR_MS + draws.between_ms(-2 * MINUTE_MS, 8 * MINUTE_MS)), RoutingState::Offline));
    // Two at one instant would be one.
    wishes.sort_by_key(|(at, _)| *at);
    wishes.dedup_by_key(|(at, _)| *at);
    wishes
}

/// Whether a queue is open at an instant, and when that is asked again: at the next full hour of its clocks, or when those change.
pub(crate) fn opening(hours: &OpeningHours, zone: &TimeZone, at: Instant) -> (bool, Instant) {
    let (weekday, hour) = zone.hour_of_week(at);
    let open = hours.on(weekday).is_some_and(|(from, to)| (usize::from(from)..usize::from(to)).contains(&hour));
    // Offsets of every zone that is in use are whole quarters of an hour.
    let quarter = 15 * MINUTE_MS;
    let next = Instant::from_millis(at.as_millis() - at.as_millis().rem_euclid(quarter) + quarter);
    (open, next)
}
