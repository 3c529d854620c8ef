//! Whether a call is sent again, and when: a pure rule.

use std::time::Duration;

use http::StatusCode;

/// Most that is added to a wait that the server has named, so that those who were refused together don't come back together.
const SPREAD: Duration = Duration::from_millis(500);

/// How often and how long a call is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retries {
    /// Tries of one call altogether. 1: a call is never sent again.
    pub attempts: u32,
    /// The first wait is at most this; each further one at most twice the one before.
    pub base: Duration,
    /// Where the server names no wait, none is longer than this.
    pub longest_backoff: Duration,
    /// A call whose `Retry-After` is longer than this is not waited for: its refusal is the result.
    pub longest_wait: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self {
            attempts: 4,
            base: Duration::from_millis(250),
            longest_backoff: Duration::from_secs(10),
            longest_wait: Duration::from_secs(60),
        }
    }
}

impl Retries {
    /// A call is sent once.
    pub const fn none() -> Self {
        Self { attempts: 1, base: Duration::ZERO, longest_backoff: Duration::ZERO, longest_wait: Duration::ZERO }
    }

    /// How long to wait before the next try, if there is to be one. `attempt` counts from 1; `random` is from 0 to 1.
    pub(crate) fn wait(&self, attempt: u32, outcome: Outcome, safety: Safety, random: f64) -> Option<Duration> {
        if attempt >= self.attempts || !outcome.may_change() || !outcome.is_safe(safety) {
            return None;
        }
        match outcome {
            Outcome::Answered(_, Some(wait)) => {
                (wait <= self.longest_wait).then(|| wait + SPREAD.min(wait).mul_f64(random))
            }
            _ => Some(self.backoff(attempt, random)),
        }
    }

    /// A wait that nobody has named.
    pub(crate) fn backoff(&self, attempt: u32, random: f64) -> Duration {
        let doubled = self.base.saturating_mul(1_u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX));
        // Never at once: what has just failed is not better yet.
        doubled.min(self.longest_backoff).mul_f64(0.25 + 0.75 * random)
    }
}

/// Whether a call may be sent twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Safety {
    /// It is idempotent, or carries an `Idempotency-Key`: twice is once.
    Repeatable,
    /// Twice may be twice, so it is sent again only where it is certain that nothing was done.
    Once,
}

/// What came of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// No connection: nothing was sent.
    Unreachable,
    /// It was sent, and there was no answer.
    Unanswered,
    /// An answer that is not a success, with its `Retry-After`.
    Answered(StatusCode, Option<Duration>),
}

impl Outcome {
    /// Whether the next try may go better.
    fn may_change(self) -> bool {
        match self {
            Self::Unreachable | Self::Unanswered => true,
            Self::Answered(StatusCode::CONFLICT, wait) => wait.is_some(),
            Self::Answered(status, _) => matches!(status.as_u16(), 408 | 429 | 502 | 503 | 504),
        }
    }

    /// Whether another try can do nothing twice.
    fn is_safe(self, safety: Safety) -> bool {
        let nothing_was_done = matches!(self, Self::Unreachable | Self::Answered(StatusCode::TOO_MANY_REQUESTS, _));
        safety == Safety::Repeatable || nothing_was_done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, wait: Option<u64>) -> Outcome {
        Outcome::Answered(StatusCode::from_u16(status).unwrap(), wait.map(Duration::from_secs))
    }

    #[test]
    fn what_may_be_twice_is_sent_again_only_where_nothing_was_done() {
        use Safety::{Once, Repeatable};
        let retries = Retries::default();
        for (outcome, repeatable, once) in [
            (Outcome::Unreachable, true, true),
            (Outcome::Unanswered, true, false),
            (answered(429, Some(1)), true, true),
            (answered(429, None), true, true),
            (answered(503, Some(1)), true, false),
            (answered(502, None), true, false),
            (answered(504, None), true, false),
            (answered(409, Some(2)), true, false),
            (answered(409, None), false, false),
            (answered(500, None), false, false),
            (answered(401, None), false, false),
            (answered(403, None), false, false),
        ] {
            assert_eq!(retries.wait(1, outcome, Repeatable, 0.5).is_some(), repeatable, "{outcome:?}");
            assert_eq!(retries.wait(1, outcome, Once, 0.5).is_some(), once, "{outcome:?}");
        }
    }

    #[test]
    fn a_named_wait_is_kept_to_the_end_and_spread_beyond_it() {
        let retries = Retries::default();
        let wait = |random| retries.wait(1, answered(429, Some(3)), Safety::Once, random).unwrap();
        assert_eq!(wait(0.0), Duration::from_secs(3));
        assert_eq!(wait(1.0), Duration::from_millis(3_500));
    }

    #[test]
    fn waits_and_tries_are_bounded() {
        let retries = Retries::default();
        assert_eq!(retries.wait(1, answered(429, Some(3_600)), Safety::Once, 0.5), None);
        assert_eq!(retries.wait(4, Outcome::Unreachable, Safety::Repeatable, 0.5), None);
        assert_eq!(Retries::none().wait(1, Outcome::Unreachable, Safety::Repeatable, 0.5), None);
        for attempt in 1..100 {
            let wait = retries.backoff(attempt, 1.0);
            assert!(wait <= retries.longest_backoff && wait > Duration::ZERO, "{attempt}: {wait:?}");
        }
    }
}
