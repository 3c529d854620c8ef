//! How long a person's codes wait after wrong ones. A code has six digits, and three are good at a time: five guesses and then one an
//! hour find one in some 40 years. Nobody is kept out who has a passkey or knows an owner.

use model::{AdminError, Instant};
use store::CodeGuesses;

/// Wrong codes that cost nothing: everybody mistypes.
const FREE: u32 = 5;
/// The wait after one more, in milliseconds: 30 seconds. It doubles with each that follows.
const FIRST_MS: i64 = 30 * 1000;
/// The longest wait, in milliseconds: an hour.
const LONGEST_MS: i64 = 60 * 60 * 1000;

/// Refuses a code that must wait.
pub(super) fn require_turn(before: Option<CodeGuesses>, now: Instant) -> Result<(), AdminError> {
    let Some(CodeGuesses { failures, failed_at }) = before.filter(|before| before.failed_at <= now) else {
        return Ok(());
    };
    let left = failed_at.plus_millis(wait_ms(failures)).as_millis() - now.as_millis();
    if left <= 0 {
        return Ok(());
    }
    // Rounded up, so that whoever waits exactly that long is let in.
    let retry_after_seconds = left.unsigned_abs().div_ceil(1_000);
    Err(AdminError::TooManyAttempts { retry_after_seconds })
}

/// The same with one more wrong code.
pub(super) fn one_more(before: Option<CodeGuesses>, now: Instant) -> CodeGuesses {
    CodeGuesses { failures: before.map_or(0, |before| before.failures).saturating_add(1), failed_at: now }
}

fn wait_ms(failures: u32) -> i64 {
    match failures.checked_sub(FREE) {
        None => 0,
        Some(further) => FIRST_MS.checked_shl(further.min(16)).map_or(LONGEST_MS, |ms| ms.min(LONGEST_MS)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_guesses_are_free_and_then_one_an_hour() {
        let at = Instant::from_millis(1_795_382_400_000);
        let mut guesses = None;
        let mut waits = Vec::new();
        for _ in 0..14 {
            guesses = Some(one_more(guesses, at));
            waits.push(match require_turn(guesses, at) {
                Err(AdminError::TooManyAttempts { retry_after_seconds }) => retry_after_seconds,
                _ => 0,
            });
        }
        assert_eq!(waits, [0, 0, 0, 0, 30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600, 3_600]);
        let last = CodeGuesses { failures: u32::MAX, failed_at: at };
        assert_eq!(one_more(Some(last), at).failures, u32::MAX);
        assert!(require_turn(Some(last), at.plus_millis(LONGEST_MS - 1)).is_err());
        assert_eq!(require_turn(Some(last), at.plus_millis(LONGEST_MS)), Ok(()));
        assert_eq!(require_turn(Some(last), at.plus_millis(-1)), Ok(()), "a clock that was set back locks nobody out");
    }
}
