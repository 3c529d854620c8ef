//! How long a proof of who somebody is counts.

use model::{Instant, PROOF_LIFE_MS};

/// How far the clocks of two nodes may differ, in milliseconds: 5 minutes. A proof from further ahead was noted by a clock that was
/// wrong, and would count for too long.
const SKEW_MS: i64 = 5 * 60 * 1000;

/// Whether a proof counts.
pub(crate) fn is_recent(proved_at: Instant, now: Instant) -> bool {
    proved_at <= now.plus_millis(SKEW_MS) && now < proved_at.plus_millis(PROOF_LIFE_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_counts_for_ten_minutes() {
        let at = Instant::from_millis(1_795_382_400_000);
        let after = |ms| is_recent(at, at.plus_millis(ms));
        assert!(after(0) && after(PROOF_LIFE_MS - 1) && !after(PROOF_LIFE_MS));
        assert!(after(-SKEW_MS) && !after(-SKEW_MS - 1), "of a clock that is ahead");
        assert!(!is_recent(Instant::from_millis(0), at), "never");
    }
}
