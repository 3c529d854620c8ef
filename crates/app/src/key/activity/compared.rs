use crate::ui::count;

/// How a number of calls compares with that of the time before, which `before` tells: `12 % more than in the 7 days before`.
pub(super) fn compared(calls: u64, earlier: u64, words: &str) -> String {
    if earlier == 0 {
        return format!("none in the {words} before");
    }
    let before = format!("in the {words} before ({})", count(earlier));
    if calls == earlier {
        return format!("as many as {before}");
    }
    if calls / earlier >= 3 {
        return format!("{} times as many as {before}", count(calls / earlier));
    }
    let change = (u128::from(calls.abs_diff(earlier)) * 100 + u128::from(earlier) / 2) / u128::from(earlier);
    let percent = if change == 0 { "less than 1".to_owned() } else { change.to_string() };
    format!("{percent} % {} than {before}", if calls > earlier { "more" } else { "less" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_compared_as_people_would() {
        for (calls, earlier, expected) in [
            (0, 0, "none in the 7 days before"),
            (5, 0, "none in the 7 days before"),
            (5, 5, "as many as in the 7 days before (5)"),
            (112, 100, "12 % more than in the 7 days before (100)"),
            (0, 1_200, "100 % less than in the 7 days before (1,200)"),
            (100_001, 100_000, "less than 1 % more than in the 7 days before (100,000)"),
            (3_400, 1_000, "3 times as many as in the 7 days before (1,000)"),
            (u64::MAX, 1, "18,446,744,073,709,551,615 times as many as in the 7 days before (1)"),
            (1, u64::MAX, "100 % less than in the 7 days before (18,446,744,073,709,551,615)"),
        ] {
            assert_eq!(compared(calls, earlier, "7 days"), expected);
        }
    }
}
