//! Reads how many tests passed from what the test runners themselves print.

/// Tests by outcome. A skipped test is not a passed one.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Count {
    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }

    /// Everything ran, and all of it passed.
    pub(crate) fn clean(self) -> bool {
        self.failed == 0 && self.skipped == 0
    }
}

/// `Summary [   1.2s] 12 tests run: 11 passed (1 slow), 1 failed, 0 skipped`
pub(crate) fn nextest(line: &str) -> Option<Count> {
    let line = line.trim_start().strip_prefix("Summary [")?;
    let (_, outcomes) = line.split_once(" run: ")?;
    Some(from_words(outcomes, &["failed", "timed out", "exec failed", "leaky failed"]))
}

/// `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s`
pub(crate) fn libtest(line: &str) -> Option<Count> {
    let (_, outcomes) = line.strip_prefix("test result: ")?.split_once(". ")?;
    Some(from_words(outcomes, &["failed"]))
}

/// One of Playwright's closing lines: `  2 failed`, `  1 flaky`, `  1 skipped`, `  1 did not run`, `  12 passed (3.4s)`.
pub(crate) fn playwright(line: &str) -> Option<Count> {
    let line = line.trim();
    let (number, outcome) = line.split_once(' ')?;
    let number: u64 = number.parse().ok()?;
    let outcome = outcome.split(" (").next()?;
    match outcome {
        "passed" => Some(Count { passed: number, ..Count::default() }),
        "failed" | "flaky" | "interrupted" => Some(Count { failed: number, ..Count::default() }),
        "skipped" | "did not run" => Some(Count { skipped: number, ..Count::default() }),
        _ => None,
    }
}

fn from_words(outcomes: &str, failures: &[&str]) -> Count {
    let mut count = Count::default();
    for part in outcomes.split([',', ';']) {
        let Some((number, outcome)) = part.trim().split_once(' ') else { continue };
        let Ok(number) = number.parse::<u64>() else { continue };
        let outcome = outcome.split(" (").next().unwrap_or(outcome);
        match outcome {
            "passed" => count.passed += number,
            "skipped" | "ignored" => count.skipped += number,
            _ if failures.contains(&outcome) => count.failed += number,
            _ => {}
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(passed: u64, failed: u64, skipped: u64) -> Option<Count> {
        Some(Count { passed, failed, skipped })
    }

    #[test]
    fn nextest_summaries() {
        for (line, expected) in [
            ("     Summary [   0.123s] 12 tests run: 12 passed, 0 skipped", count(12, 0, 0)),
            (
                "     Summary [  62.001s] 12 tests run: 10 passed (1 slow, 1 leaky), 2 failed, 3 skipped",
                count(10, 2, 3),
            ),
            ("     Summary [   5.000s] 4/9 tests run: 2 passed, 1 failed, 1 timed out, 0 skipped", count(2, 2, 0)),
            ("        PASS [   0.005s] model key::tests::passed", None),
        ] {
            assert_eq!(nextest(line), expected, "{line}");
        }
    }

    #[test]
    fn libtest_results() {
        for (line, expected) in [
            (
                "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
                count(3, 0, 0),
            ),
            ("test result: FAILED. 1 passed; 2 failed; 4 ignored; 0 measured; 7 filtered out", count(1, 2, 4)),
            ("test crates/model/src/key.rs - parse (line 3) ... ok", None),
        ] {
            assert_eq!(libtest(line), expected, "{line}");
        }
    }

    #[test]
    fn playwright_closing_lines() {
        for (line, expected) in [
            ("  12 passed (3.4s)", count(12, 0, 0)),
            ("  2 failed", count(0, 2, 0)),
            ("  1 flaky", count(0, 1, 0)),
            ("  1 skipped", count(0, 0, 1)),
            ("  4 did not run", count(0, 0, 4)),
            ("Running 3 tests using 2 workers", None),
            ("  ✓  1 home.spec.ts:4:1 › 3 passed (1s)", None),
        ] {
            assert_eq!(playwright(line), expected, "{line}");
        }
    }

    #[test]
    fn a_skipped_test_is_not_clean() {
        assert!(!Count { passed: 9, failed: 0, skipped: 1 }.clean());
    }
}
