use model::Instant;
use serde::Serialize;

use super::{history::History, live::Live};
use crate::words::words;

/// The furthest position that is looked at. It bounds the work of an answer.
pub const POSITION_MAX: u64 = 10_000;

/// For how long an answer is good: the state of the queue is told as often at least.
const VALID_MS: i64 = 15_000;

/// The standard normal quantile of 0.9; that of 0.1 is its opposite.
const Z90: f64 = 1.281_551_565_545;

words! {
    /// On what an expected wait rests.
    WaitBasis {
        /// On how long handling took of late.
        Model = "model",
        /// On the configured handle time, since nothing was handled yet.
        Configured = "configured",
        /// There is none.
        None = "none",
    }
}

words! {
    /// Why there is no expected wait.
    NoWait {
        /// The queue takes no calls.
        Closed = "closed",
        /// Nobody works in it.
        NoAgents = "no_agents",
    }
}

/// How long a caller at a position is going to wait, in milliseconds, and from what that follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ExpectedWait {
    /// How long; null where nobody is going to answer.
    pub expected_wait_ms: Option<i64>,
    /// One of ten waits no longer than this.
    pub low_ms: Option<i64>,
    /// Nine of ten wait no longer than this.
    pub high_ms: Option<i64>,
    /// The position in the queue, from 1.
    pub position: u64,
    /// Agents who serve the queue and take calls, or have one.
    pub agents_working: u64,
    /// Those of them who are free.
    pub agents_idle: u64,
    /// How many callers wait.
    pub waiting_count: u64,
    /// For how long the first of them has.
    pub longest_waiting_ms: Option<i64>,
    /// On what it rests.
    pub basis: WaitBasis,
    /// Why there is none.
    pub reason: Option<NoWait>,
    /// Until when it is good.
    pub valid_until: Instant,
}

/// How long the caller at `position` is going to wait; without a position, one who calls now.
///
/// With *c* agents, a mean handle time *h* and *θ* abandons for each unit of waiting, the caller at position *k* waits
/// `Σ_{j=1..k} 1 / (c/h + (j−1)·θ)`: somebody is served at the rate *c/h*, and each of those ahead may hang up. Whoever finds an agent
/// free does not wait.
pub fn expected_wait(live: &Live, history: &History, position: Option<u64>, now: Instant) -> ExpectedWait {
    let position = position.unwrap_or(live.waiting.saturating_add(1)).clamp(1, POSITION_MAX);
    let reason = match live {
        Live { open: false, .. } => Some(NoWait::Closed),
        Live { agents_working: 0, .. } => Some(NoWait::NoAgents),
        _ => None,
    };
    let wait = reason.is_none().then(|| Wait::behind(position.saturating_sub(live.agents_idle), live, history));
    ExpectedWait {
        expected_wait_ms: wait.map(|wait| whole(wait.mean)),
        low_ms: wait.map(|wait| whole(wait.quantile(-Z90))),
        high_ms: wait.map(|wait| whole(wait.quantile(Z90))),
        position,
        agents_working: live.agents_working,
        agents_idle: live.agents_idle,
        waiting_count: live.waiting,
        longest_waiting_ms: live.longest_waiting_ms,
        basis: match (reason, history.legs) {
            (Some(_), _) => WaitBasis::None,
            (None, 0) => WaitBasis::Configured,
            (None, _) => WaitBasis::Model,
        },
        reason,
        valid_until: now.plus_millis(VALID_MS),
    }
}

/// A sum of times between one departure from the queue and the next, in milliseconds.
#[derive(Clone, Copy, Debug, Default)]
struct Wait {
    mean: f64,
    variance: f64,
}

impl Wait {
    /// Until so many have left the queue.
    #[expect(clippy::cast_precision_loss, reason = "agents and positions are far below 2^52")]
    fn behind(departures: u64, live: &Live, history: &History) -> Self {
        let served = live.agents_working as f64 / history.handle_ms.max(1.0);
        let mut wait = Self::default();
        for ahead in 0..departures {
            let between = 1.0 / (served + ahead as f64 * history.abandons_a_ms);
            wait.mean += between;
            wait.variance += between * between;
        }
        wait
    }

    /// The quantile that lies `z` standard deviations from the middle of a normal distribution. A sum of exponential times is nearly
    /// a gamma distribution of the same mean and variance, and its quantiles follow from the cube root (Wilson and Hilferty 1931).
    fn quantile(self, z: f64) -> f64 {
        if self.variance <= 0.0 {
            return self.mean;
        }
        let ninth = self.variance / (9.0 * self.mean * self.mean);
        let root = 1.0 - ninth + z * ninth.sqrt();
        self.mean * root * root * root
    }
}

/// To the nearest millisecond, and never negative.
#[expect(clippy::cast_possible_truncation, reason = "a wait is far below 2^63 ms, and the cast saturates")]
fn whole(ms: f64) -> i64 {
    ms.max(0.0).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live(waiting: u64, agents_working: u64, agents_idle: u64) -> Live {
        Live { open: true, waiting, longest_waiting_ms: None, agents_working, agents_idle }
    }

    fn history(handle_ms: f64, abandons_a_ms: f64) -> History {
        History { handle_ms, legs: 200, abandons_a_ms }
    }

    fn wait(live: &Live, history: &History, position: Option<u64>) -> ExpectedWait {
        expected_wait(live, history, position, Instant::from_millis(0))
    }

    #[test]
    fn without_abandons_it_is_position_times_handle_time_by_agents() {
        let found = wait(&live(5, 12, 0), &history(240_000.0, 0.0), None);
        assert_eq!((found.position, found.expected_wait_ms, found.basis), (6, Some(120_000), WaitBasis::Model));
        assert_eq!(wait(&live(5, 12, 0), &history(240_000.0, 0.0), Some(1)).expected_wait_ms, Some(20_000));
    }

    #[test]
    fn callers_who_hang_up_shorten_it() {
        // Two departures: at 12/240 s, and at that and 1/100 s.
        let found = wait(&live(1, 12, 0), &history(240_000.0, 0.01 / 1_000.0), None);
        assert_eq!(found.expected_wait_ms, Some(whole(1_000.0 / 0.05 + 1_000.0 / 0.06)));
    }

    #[test]
    fn whoever_finds_an_agent_free_does_not_wait() {
        let found = wait(&live(0, 12, 2), &history(240_000.0, 0.0), None);
        assert_eq!((found.expected_wait_ms, found.low_ms, found.high_ms), (Some(0), Some(0), Some(0)));
        assert_eq!(wait(&live(0, 12, 2), &history(240_000.0, 0.0), Some(3)).expected_wait_ms, Some(20_000));
    }

    #[test]
    fn where_nobody_answers_there_is_no_wait_and_it_says_why() {
        let nobody = wait(&live(3, 0, 0), &history(240_000.0, 0.0), None);
        assert_eq!((nobody.expected_wait_ms, nobody.reason), (None, Some(NoWait::NoAgents)));
        let closed = Live { open: false, ..live(0, 12, 12) };
        let closed = wait(&closed, &history(240_000.0, 0.0), None);
        assert_eq!((closed.expected_wait_ms, closed.high_ms, closed.reason), (None, None, Some(NoWait::Closed)));
        assert_eq!(closed.basis, WaitBasis::None);
        let json = serde_json::to_value(nobody).unwrap();
        assert_eq!(
            (&json["expected_wait_ms"], &json["reason"], &json["basis"]),
            (&serde_json::Value::Null, &serde_json::json!("no_agents"), &serde_json::json!("none"))
        );
    }

    #[test]
    fn a_queue_without_a_history_says_that_it_guesses() {
        let new = History { legs: 0, ..history(300_000.0, 0.0) };
        assert_eq!(wait(&live(0, 3, 0), &new, None).basis, WaitBasis::Configured);
    }

    #[test]
    fn the_range_is_that_of_the_distribution() {
        // One departure is exponential: -ln(0.9) and -ln(0.1) of the mean.
        let one = wait(&live(0, 1, 0), &history(100_000.0, 0.0), None);
        let (low, high) = (one.low_ms.unwrap(), one.high_ms.unwrap());
        assert!((8_000..12_500).contains(&low) && (220_000..235_000).contains(&high), "{low} {high}");
        // The gamma distribution of shape 10 has 0.622 and 1.421 of its mean there.
        let ten = wait(&live(9, 1, 0), &history(100_000.0, 0.0), None);
        let (low, high) = (ten.low_ms.unwrap(), ten.high_ms.unwrap());
        assert!((617_000..627_000).contains(&low) && (1_416_000..1_426_000).contains(&high), "{low} {high}");
    }

    #[test]
    fn no_position_costs_more_than_the_furthest() {
        let far = wait(&live(0, 1, 0), &history(1.0, 0.0), Some(u64::MAX));
        assert_eq!(far.position, POSITION_MAX);
        assert_eq!(wait(&live(0, 1, 0), &history(1.0, 0.0), Some(0)).position, 1);
    }
}
