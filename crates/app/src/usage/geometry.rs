//! Where the lines of a chart stand, in whole units.

/// What is there is seen, however little it is beside the rest.
const LEAST: u64 = 2;
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

/// The heights of the parts of a bar, which together are as high as `height / top` of their sum. A part that is not nothing is seen; the
/// largest makes room for it.
pub(super) fn stack(parts: &[u64], top: u64, height: u64) -> Vec<u64> {
    let scaled = |value: u64| {
        let exact = u128::from(value) * u128::from(height) / u128::from(top.max(1));
        u64::try_from(exact).unwrap_or(height).min(height)
    };
    let mut heights: Vec<_> = parts.iter().map(|part| if *part == 0 { 0 } else { scaled(*part).max(LEAST) }).collect();
    let all = parts.iter().copied().fold(0, u64::saturating_add);
    let (wanted, drawn) = (scaled(all), heights.iter().sum::<u64>());
    let Some(largest) = heights.iter_mut().max() else { return heights };
    if drawn > 0 {
        *largest = (*largest + wanted).saturating_sub(drawn).max(LEAST);
    }
    heights
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
    fn a_stack_is_as_high_as_its_sum_and_hides_no_part() {
        for (parts, top, expected) in [
            (&[][..], 10, &[][..]),
            (&[0, 0, 0], 10, &[0, 0, 0]),
            (&[50, 50], 100, &[120, 120]),
            (&[1, 1, 1], 3, &[80, 80, 80]),
            // Few refusals among many calls are seen, and the bar is no higher for them.
            (&[999_998, 1, 1], 1_000_000, &[236, 2, 2]),
            (&[0, 1], 1_000_000, &[0, 2]),
            (&[u64::MAX, 1], u64::MAX, &[238, 2]),
        ] {
            assert_eq!(stack(parts, top, 240), expected, "{parts:?}");
        }
        for parts in [[7, 13, 29, 0], [100, 1, 0, 899], [333, 333, 333, 1]] {
            let heights = stack(&parts, 1_000, 240);
            let all: u64 = parts.iter().sum();
            assert_eq!(heights.iter().sum::<u64>(), all * 240 / 1_000, "{parts:?}");
            assert!(parts.iter().zip(&heights).all(|(part, height)| (*part == 0) == (*height == 0)), "{parts:?}");
        }
    }

    #[test]
    fn a_level_is_nothing_for_nothing_alone() {
        assert_eq!([0, 1, 20, 21, 100].map(|value| level(value, 100, 5)), [0, 1, 1, 2, 5]);
        assert_eq!((level(u64::MAX, u64::MAX, 5), level(1, u64::MAX, 5), level(0, 0, 5)), (5, 1, 0));
    }
}
