//! Lines of the log about what strangers cause: a few of each kind in a second, and how many more there were.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use model::Instant;

/// Most lines of one kind in a second.
const LINES: u64 = 5;

/// A kind of refusal that an operator wants to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The email address or the password was wrong.
    SignIn,
    /// The code or the passkey was wrong.
    SecondFactor,
    /// Somebody who came from their organisation's identity provider.
    SignOn,
    /// Too many attempts.
    Throttled,
    /// A caller would give, or get, more than it holds.
    Escalation,
    /// A request that might change something, from a page that is not ours.
    ForeignOrigin,
}

impl Refused {
    const ALL: [Self; 6] =
        [Self::SignIn, Self::SecondFactor, Self::SignOn, Self::Throttled, Self::Escalation, Self::ForeignOrigin];

    pub(crate) const fn message(self) -> &'static str {
        match self {
            Self::SignIn => "a sign-in was refused: the email or the password is wrong",
            Self::SecondFactor => "a second factor was refused: the code or the passkey is wrong, or was used before",
            Self::SignOn => "a sign-in with an account of an organisation was refused",
            Self::Throttled => "a sign-in was refused: too many attempts",
            Self::Escalation => "a caller asked for more than it holds, and was refused",
            Self::ForeignOrigin => "a request from a page of another origin was refused",
        }
    }
}

/// How many lines each kind has had in this second.
#[derive(Debug, Default)]
pub(crate) struct Lines([Written; Refused::ALL.len()]);

#[derive(Debug, Default)]
struct Written {
    /// The second in the upper half; the lines that were written in it in the lower.
    lines: AtomicU64,
    left_out: AtomicU64,
}

impl Lines {
    /// Whether one more line may be written; if so, how many were left out before it.
    pub(crate) fn admit(&self, kind: Refused, now: Instant) -> Option<u64> {
        let written = &self.0[kind as usize];
        let second = (now.as_millis() / 1_000) as u64 & 0xffff_ffff;
        let admitted = written.lines.fetch_update(Relaxed, Relaxed, |lines| match lines >> 32 {
            at if at != second => Some(second << 32 | 1),
            _ if lines & 0xffff_ffff < LINES => Some(lines + 1),
            _ => None,
        });
        match admitted {
            Ok(_) => Some(written.left_out.swap(0, Relaxed)),
            Err(_) => {
                written.left_out.fetch_add(1, Relaxed);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_lines_a_second_are_written_and_the_rest_is_counted() {
        let lines = Lines::default();
        let admit = |kind, ms: i64| lines.admit(kind, Instant::from_millis(1_795_382_400_000 + ms));
        for _ in 0..LINES {
            assert_eq!(admit(Refused::SignIn, 0), Some(0));
        }
        assert_eq!((admit(Refused::SignIn, 1), admit(Refused::SignIn, 999)), (None, None));
        assert_eq!(admit(Refused::Throttled, 1), Some(0), "another kind");
        assert_eq!(admit(Refused::SignIn, 1_000), Some(2));
        assert_eq!(admit(Refused::SignIn, -5_000), Some(0), "a clock that was set back silences nothing");
    }
}
