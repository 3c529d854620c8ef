/// What is there is seen, however little it is beside the rest.
const LEAST: u64 = 2;

/// A part of a bar in a drawing, in whole units. `y` is its upper edge, from the top of the drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StackedPart {
    pub(crate) y: u64,
    pub(crate) height: u64,
}

/// The parts of a bar, which stand on each other from the ground up. A drawing of this height holds a bar of `top`.
pub(crate) fn stacked(parts: &[u64], top: u64, height: u64) -> Vec<StackedPart> {
    let mut ground = height;
    let place = |part: u64| {
        // A bar of very many small parts ends at the top.
        let part = part.min(ground);
        ground -= part;
        StackedPart { y: ground, height: part }
    };
    heights(parts, top, height).into_iter().map(place).collect()
}

/// The heights of the parts of a bar, which together are as high as `height / top` of their sum. A part that is not nothing is seen; the
/// largest makes room for it.
fn heights(parts: &[u64], top: u64, height: u64) -> Vec<u64> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_high_as_its_sum_and_hides_no_part() {
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
            assert_eq!(heights(parts, top, 240), expected, "{parts:?}");
        }
        for parts in [[7, 13, 29, 0], [100, 1, 0, 899], [333, 333, 333, 1]] {
            let found = heights(&parts, 1_000, 240);
            let all: u64 = parts.iter().sum();
            assert_eq!(found.iter().sum::<u64>(), all * 240 / 1_000, "{parts:?}");
            assert!(parts.iter().zip(&found).all(|(part, height)| (*part == 0) == (*height == 0)), "{parts:?}");
        }
    }

    #[test]
    fn parts_fit_into_the_drawing_and_stand_on_each_other() {
        for (allowed, refused) in [(0, 1), (1, 0), (1, 1_000_000), (1_000_000, 1), (500, 500), (u64::MAX - 1, 1)] {
            let parts = stacked(&[allowed, refused], allowed + refused, 160);
            assert_eq!(parts[0].y + parts[0].height, 160, "{allowed} and {refused}");
            assert_eq!(parts[1].y + parts[1].height, parts[0].y, "{allowed} and {refused}");
            assert_eq!(
                (parts[0].height > 0, parts[1].height > 0),
                (allowed > 0, refused > 0),
                "{allowed} and {refused}"
            );
        }
        let small = stacked(&[1; 100], 100, 10);
        assert_eq!(small.iter().map(|part| part.height).sum::<u64>(), 10);
        assert_eq!(stacked(&[0, 0], 0, 10), [StackedPart { y: 10, height: 0 }; 2]);
    }
}
