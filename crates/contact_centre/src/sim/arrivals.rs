//! Who calls when: for each queue and minute a number of callers by hour of day and weekday, each at some millisecond of it.

use model::Instant;

use super::{Config, Draws};
use crate::{
    objects::Queue,
    seed::{halves, mix},
};

/// Milliseconds of a minute.
const MINUTE_MS: i64 = 60_000;
/// How the callers of a day are spread over its hours, from midnight, where 100 is usual.
const HOURS: [u32; 24] = [0, 0, 0, 0, 0, 0, 2, 14, 70, 115, 132, 128, 112, 96, 100, 112, 118, 104, 72, 44, 18, 8, 0, 0];
/// How the callers of a week are spread over its days, from Monday, where 100 is usual.
const WEEKDAYS: [u32; 7] = [118, 106, 98, 95, 92, 45, 28];
/// Of a hundred callers, how many call the first queue, the second, and so on.
const SHARES: [u32; 6] = [28, 26, 16, 14, 10, 6];

/// Someone who calls a queue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Arrival {
    /// When.
    pub(crate) at: Instant,
    /// Who.
    pub(crate) caller: Caller,
}

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Caller {
    /// The contact of this place in the list, as a number of which the rest by their count is taken.
    Contact(u64),
    /// Somebody who is no contact, whose number is made of this.
    Stranger(u64),
    /// Somebody who withholds their number.
    Withheld,
}

/// The start of the minute after an instant.
pub(crate) fn next_minute(at: Instant) -> Instant {
    Instant::from_millis(at.as_millis() - at.as_millis().rem_euclid(MINUTE_MS) + MINUTE_MS)
}

/// Everybody who calls a queue in the minute that starts at `minute`, in order, at distinct milliseconds.
pub(crate) fn arrivals_in(config: &Config, queue: &Queue, place: usize, minute: Instant) -> Vec<Arrival> {
    let (weekday, hour) = queue.timezone.hour_of_week(minute);
    let expected = per_minute(config.calls_per_day, place, weekday, hour);
    if expected <= 0.0 {
        return Vec::new();
    }
    let number = u64::try_from(minute.as_millis() / MINUTE_MS).unwrap_or_default();
    let mut draws = Draws::numbered(config.seed, "arrivals", mix(halves(queue.id.0).1) ^ number);
    let count = draws.poisson(expected);
    let mut arrivals: Vec<_> = (0..count)
        .map(|_| {
            let at = minute.plus_millis(draws.between_ms(1, MINUTE_MS));
            let caller = match draws.uniform() {
                one if one < 0.85 => Caller::Contact(draws.bits()),
                one if one < 0.97 => Caller::Stranger(draws.bits()),
                _ => Caller::Withheld,
            };
            Arrival { at, caller }
        })
        .collect();
    arrivals.sort_by_key(|arrival| arrival.at);
    arrivals.dedup_by_key(|arrival| arrival.at);
    arrivals
}

fn per_minute(calls_per_day: u32, place: usize, weekday: usize, hour: usize) -> f64 {
    let of = |table: &[u32], at: usize| f64::from(table.get(at).copied().unwrap_or_default());
    let day = f64::from(calls_per_day) * of(&SHARES, place) / 100.0 * of(&WEEKDAYS, weekday) / 100.0;
    day * of(&HOURS, hour) / f64::from(HOURS.iter().sum::<u32>()) / 60.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_working_week_has_about_as_many_calls_as_were_asked_for() {
        let calls: f64 = (0..5)
            .flat_map(|weekday| (0..24).flat_map(move |hour| (0..6).map(move |place| (weekday, hour, place))))
            .map(|(weekday, hour, place)| per_minute(1000, place, weekday, hour) * 60.0)
            .sum();
        assert!((calls - 5000.0).abs() < 200.0, "{calls}");
    }
}
