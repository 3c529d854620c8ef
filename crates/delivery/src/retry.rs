use std::time::Duration;

use model::Instant;

use crate::Answer;

/// How long a delivery is tried: 3 days, in milliseconds.
pub const PARKED_AFTER_MS: i64 = 3 * 24 * 60 * 60 * 1_000;

const SECOND: u64 = 1;
const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// How long until the next try, after the first, the second, ..; after the last of them always as long as that.
const WAITS: [u64; 9] =
    [5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 24 * HOUR];

/// The longest wait that a receiver can ask for.
const ASKED_MOST: Duration = Duration::from_secs(24 * HOUR);

/// What becomes of a delivery after a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It was accepted.
    Delivered,
    /// It is tried again then.
    At(Instant),
    /// It is given up for now.
    Parked,
}

/// What becomes of a delivery whose try number `attempts`, counted from 1, was answered so at `now`. It is tried since `since`. `jitter`
/// is between 0 and 1: receivers that were down together are not asked again together.
pub fn next(answer: &Answer, attempts: u32, since: Instant, now: Instant, jitter: f64) -> Next {
    if answer.is_accepted() {
        return Next::Delivered;
    }
    // A receiver that is gone for good says so.
    if answer.is_gone() || now.as_millis() - since.as_millis() >= PARKED_AFTER_MS {
        return Next::Parked;
    }
    let index = (attempts.max(1) as usize - 1).min(WAITS.len() - 1);
    let wait = Duration::from_secs(WAITS[index]).mul_f64(0.8 + 0.4 * jitter.clamp(0.0, 1.0));
    let asked = answer.retry_after.unwrap_or_default().min(ASKED_MOST);
    let ms = i64::try_from(wait.max(asked).as_millis()).unwrap_or(i64::MAX);
    // The last try is when the time is over, and not a day later.
    Next::At(now.plus_millis(ms).min(since.plus_millis(PARKED_AFTER_MS)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(status: u16) -> Answer {
        Answer { status: Some(status), ..Answer::default() }
    }

    #[test]
    fn a_delivery_is_tried_for_three_days_and_then_parked() {
        for jitter in [0.0, 0.5, 1.0] {
            let since = Instant::from_millis(0);
            let (mut now, mut attempts, mut waits) = (since, 0, Vec::new());
            let parked = loop {
                attempts += 1;
                match next(&failed(500), attempts, since, now, jitter) {
                    Next::At(at) => {
                        waits.push((at.as_millis() - now.as_millis()) / 1_000);
                        now = at;
                    }
                    other => break other,
                }
            };
            assert_eq!((parked, now.as_millis()), (Next::Parked, PARKED_AFTER_MS));
            assert!((11..=13).contains(&attempts), "{attempts}");
            if jitter == 0.5 {
                assert_eq!(waits[..5], [5, 30, 120, 600, 1_800]);
            }
        }
    }

    #[test]
    fn what_a_receiver_says_is_heard() {
        let (since, now) = (Instant::from_millis(0), Instant::from_millis(1_000));
        assert_eq!(next(&failed(204), 1, since, now, 0.5), Next::Delivered);
        assert_eq!(next(&failed(410), 1, since, now, 0.5), Next::Parked);
        // A redirect is a failure.
        assert_eq!(next(&failed(302), 1, since, now, 0.5), Next::At(Instant::from_millis(6_000)));
        let asked = |seconds| Answer { retry_after: Some(Duration::from_secs(seconds)), ..failed(503) };
        assert_eq!(next(&asked(60), 1, since, now, 0.5), Next::At(Instant::from_millis(61_000)));
        assert_eq!(next(&asked(1), 2, since, now, 0.5), Next::At(Instant::from_millis(31_000)));
        assert_eq!(next(&asked(u64::MAX), 1, since, now, 0.5), Next::At(Instant::from_millis(24 * 3_600_000 + 1_000)));
        let none = Answer::default();
        assert_eq!(next(&none, 1, since, now, 0.5), Next::At(Instant::from_millis(6_000)));
    }

    #[test]
    fn one_that_waited_for_days_behind_others_is_tried_once_at_least() {
        let late = Instant::from_millis(PARKED_AFTER_MS * 2);
        assert_eq!(next(&failed(200), 1, Instant::from_millis(0), late, 0.5), Next::Delivered);
        assert_eq!(next(&failed(500), 1, Instant::from_millis(0), late, 0.5), Next::Parked);
    }
}
