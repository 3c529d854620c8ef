//! How many tests passed, from what test runners write for programs to read.

use serde_json::Value;

/// Tests by outcome. A skipped test is not a passed one.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
    /// The names of those that failed, as far as their runner tells them: what is read first, often where the beginning of a long
    /// output was cut off.
    pub(crate) failures: Vec<String>,
}

impl Count {
    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.failures.extend(other.failures);
    }

    /// Whether every test ran and passed.
    pub(crate) fn clean(&self) -> bool {
        self.failed == 0 && self.skipped == 0
    }

    fn failure(name: String) -> Self {
        Self { failures: vec![name], ..Self::default() }
    }
}

/// A line of `cargo nextest run --message-format libtest-json`, where a test has failed or a test binary has ended.
pub(crate) fn nextest(line: &str) -> Option<Count> {
    let report: Value = serde_json::from_str(line).ok()?;
    match (report["type"].as_str()?, report["event"].as_str()?) {
        ("test", "failed") => Some(Count::failure(report["name"].as_str()?.to_owned())),
        ("suite", "ok" | "failed") => {
            let number = |name: &str| report[name].as_u64();
            let (passed, failed, skipped) = (number("passed")?, number("failed")?, number("ignored")?);
            Some(Count { passed, failed, skipped, ..Count::default() })
        }
        _ => None,
    }
}

/// `test name ... FAILED`, or `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s`, the only
/// output of `cargo test` that programs can read.
pub(crate) fn libtest(line: &str) -> Option<Count> {
    if let Some(name) = line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED")) {
        return Some(Count::failure(name.to_owned()));
    }
    let (_, outcomes) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let number = |name: &str| {
        let outcome = outcomes.split("; ").find_map(|outcome| outcome.strip_suffix(name))?;
        outcome.trim().parse().ok()
    };
    let (passed, failed, skipped) = (number("passed")?, number("failed")?, number("ignored")?);
    Some(Count { passed, failed, skipped, ..Count::default() })
}

/// The report of Playwright's `--reporter=json`. Tests that did not run at all count as skipped.
pub(crate) fn playwright(report: &str) -> Option<Count> {
    let report: Value = serde_json::from_str(report).ok()?;
    let number = |name: &str| report["stats"][name].as_u64();
    let failed = number("unexpected")? + number("flaky")?;
    let mut failures = Vec::new();
    failed_specs(&report["suites"], "", &mut failures);
    Some(Count { passed: number("expected")?, failed, skipped: number("skipped")?, failures })
}

/// The tests of these suites that did not pass, with the titles of what they are in and the first line of what was wrong.
fn failed_specs(suites: &Value, above: &str, failures: &mut Vec<String>) {
    for suite in suites.as_array().into_iter().flatten() {
        let title = format!("{above}{} › ", suite["title"].as_str().unwrap_or_default());
        for spec in suite["specs"].as_array().into_iter().flatten().filter(|spec| spec["ok"] == false) {
            let message = spec["tests"][0]["results"][0]["error"]["message"].as_str().unwrap_or_default();
            let message = plain(message.lines().next().unwrap_or_default());
            failures.push(format!("{title}{}: {message}", spec["title"].as_str().unwrap_or_default()));
        }
        failed_specs(&suite["suites"], &title, failures);
    }
}

/// A text without its colours.
fn plain(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap_or_default();
    parts.fold(first.to_owned(), |text, part| text + part.split_once('m').map_or(part, |(_, rest)| rest))
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
        Some(Count { passed, failed, skipped, ..Count::default() })
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
            (
                r#"{"type":"test","event":"failed","name":"model::key$passed"}"#,
                Some(Count::failure("model::key$passed".to_owned())),
            ),
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
            ("test key::parse ... FAILED", Some(Count::failure("key::parse".to_owned()))),
        ] {
            assert_eq!(libtest(line), expected, "{line}");
        }
    }

    #[test]
    fn playwrights_report() {
        let report = r#"{"suites":[],"stats":{"startTime":"2026-01-01","duration":1.5,"expected":12,"skipped":4,"unexpected":2,"flaky":1}}"#;
        assert_eq!(playwright(report), count(12, 3, 4));
        let report = r#"{"stats":{"expected":1,"skipped":0,"unexpected":1,"flaky":0},"suites":[{"title":"keys.spec.ts","specs":[
            {"title":"well","ok":true}],"suites":[{"title":"a form","specs":[{"title":"is kept","ok":false,
            "tests":[{"results":[{"error":{"message":"Test timeout of 60000ms exceeded.\nCall log"}}]}]}]}]}]}"#;
        let failures = vec!["keys.spec.ts › a form › is kept: Test timeout of 60000ms exceeded.".to_owned()];
        assert_eq!(playwright(report), Some(Count { passed: 1, failed: 1, skipped: 0, failures }));
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
        assert!(!Count { passed: 9, skipped: 1, ..Count::default() }.clean());
    }
}
