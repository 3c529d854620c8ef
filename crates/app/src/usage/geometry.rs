//! Where the lines of a chart stand, in whole units.

/// Lines above the ground, at most.
const LINES: u64 = 5;

/// The highest line of a scale that holds `most`, and how many lines it has above the ground. Lines stand at round numbers: 1, 2 or 5, and
/// zeros.
pub(super) fn scale(most: u64) -> (u64, u64) {
    let most = most.max(1);
    let mut ten = 1_u64;
    loop {
        for round in [1, 2, 5] {
            let step = ten.saturating_mul(round);
            let lines = most.div_ceil(step);
            if lines <= LINES {
                return (step.saturating_mul(lines), lines);
            }
        }
        ten = ten.saturating_mul(10);
    }
}

/// How strong one of a few levels is: 0 is nothing, and all else is at least 1.
pub(super) fn level(value: u64, most: u64, levels: u64) -> u64 {
    if value == 0 {
        return 0;
    }
    let exact = (u128::from(value) * u128::from(levels)).div_ceil(u128::from(most.max(1)));
    u64::try_from(exact).unwrap_or(levels).clamp(1, levels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stand_at_round_numbers() {
        for (most, expected) in [
            (0, (1, 1)),
            (1, (1, 1)),
            (4, (4, 4)),
            (6, (6, 3)),
            (11, (15, 3)),
            (99, (100, 5)),
            (1_234, (1_500, 3)),
            (2_000_001, (2_500_000, 5)),
        ] {
            assert_eq!(scale(most), expected, "{most}");
        }
        for most in [u64::MAX, u64::MAX / 3, 1 << 53] {
            let (top, lines) = scale(most);
            assert!(top >= most && (1..=LINES).contains(&lines), "{most}: {top} {lines}");
        }
    }

    #[test]
    fn a_level_is_nothing_for_nothing_alone() {
        assert_eq!([0, 1, 20, 21, 100].map(|value| level(value, 100, 5)), [0, 1, 1, 2, 5]);
        assert_eq!((level(u64::MAX, u64::MAX, 5), level(1, u64::MAX, 5), level(0, 0, 5)), (5, 1, 0));
    }
}
