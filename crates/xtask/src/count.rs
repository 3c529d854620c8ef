//! How many tests passed, from what test runners write for programs to read.

use serde_json::Value;

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

    /// Whether every test ran and passed.
    pub(crate) fn clean(self) -> bool {
        self.failed == 0 && self.skipped == 0
    }
}

/// A line of `cargo nextest run --message-format libtest-json`, where a test binary has ended.
pub(crate) fn nextest(line: &str) -> Option<Count> {
    let report: Value = serde_json::from_str(line).ok()?;
    if report["type"] != "suite" || report["event"] == "started" {
        return None;
    }
    let number = |name: &str| report[name].as_u64();
    Some(Count { passed: number("passed")?, failed: number("failed")?, skipped: number("ignored")? })
}

/// `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s`, the only output of
/// `cargo test` that programs can read.
pub(crate) fn libtest(line: &str) -> Option<Count> {
    let (_, outcomes) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let number = |name: &str| {
        let outcome = outcomes.split("; ").find_map(|outcome| outcome.strip_suffix(name))?;
        outcome.trim().parse().ok()
    };
    Some(Count { passed: number("passed")?, failed: number("failed")?, skipped: number("ignored")? })
}

/// The report of Playwright's `--reporter=json`. Tests that did not run at all count as skipped.
pub(crate) fn playwright(report: &str) -> Option<Count> {
    let report: Value = serde_json::from_str(report).ok()?;
    let number = |name: &str| report["stats"][name].as_u64();
    let failed = number("unexpected")? + number("flaky")?;
    Some(Count { passed: number("expected")?, failed, skipped: number("skipped")? })
}

/// One of the lines with which `node --test --test-reporter=tap` ends: `# pass 12`.
pub(crate) fn tap(line: &str) -> Option<Count> {
    let (outcome, number) = line.strip_prefix("# ")?.split_once(' ')?;
    let number = number.parse().ok()?;
    match outcome {
        "pass" => Some(Count { passed: number, ..Count::default() }),
        "fail" | "cancelled" => Some(Count { failed: number, ..Count::default() }),
        "skipped" | "todo" => Some(Count { skipped: number, ..Count::default() }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(passed: u64, failed: u64, skipped: u64) -> Option<Count> {
        Some(Count { passed, failed, skipped })
    }

    #[test]
    fn suite_results_of_nextest_are_counted() {
        for (line, expected) in [
            (
                r#"{"type":"suite","event":"ok","passed":12,"failed":0,"ignored":0,"measured":0,"filtered_out":0,"exec_time":0.1}"#,
                count(12, 0, 0),
            ),
            (
                r#"{"type":"suite","event":"failed","passed":10,"failed":2,"ignored":3,"measured":0,"filtered_out":1,"exec_time":62.0}"#,
                count(10, 2, 3),
            ),
            (r#"{"type":"suite","event":"started","test_count":12}"#, None),
            (r#"{"type":"test","event":"ok","name":"model::key$passed","exec_time":0.005}"#, None),
            ("     Summary [   0.123s] 12 tests run: 12 passed, 0 skipped", None),
        ] {
            assert_eq!(nextest(line), expected, "{line}");
        }
    }

    #[test]
    fn results_of_libtest_are_counted() {
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
    fn playwrights_report() {
        let report = r#"{"suites":[],"stats":{"startTime":"2026-01-01","duration":1.5,"expected":12,"skipped":4,"unexpected":2,"flaky":1}}"#;
        assert_eq!(playwright(report), count(12, 3, 4));
        assert_eq!(playwright("{}"), None);
        assert_eq!(playwright(""), None);
    }

    #[test]
    fn the_last_lines_of_tap() {
        let lines = [
            "ok 1 - copies",
            "# tests 9",
            "# suites 0",
            "# pass 3",
            "# fail 1",
            "# cancelled 1",
            "# skipped 2",
            "# todo 2",
        ];
        let mut total = Count::default();
        lines.into_iter().filter_map(tap).for_each(|more| total.add(more));
        assert_eq!(Some(total), count(3, 2, 4));
    }

    #[test]
    fn a_skipped_test_is_not_clean() {
        assert!(!Count { passed: 9, failed: 0, skipped: 1 }.clean());
    }
}
