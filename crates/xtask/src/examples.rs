//! `cargo xtask examples` and `cargo xtask tryton`: the examples as their readers run them.

use crate::build::{self, Profile};
use crate::count::Count;
use crate::digest;
use crate::process::{self, Failure, Result};
use crate::step::{Steps, say};
use crate::{e2e, paths, postgres, python};
use std::path::Path;
use std::process::ExitCode;

/// Where the tests of examples are, below `end2end`.
const TESTS: &str = "tests/examples";

/// `cargo xtask examples [NAME...]`
pub(crate) fn run(names: &[String]) -> Result<ExitCode> {
    let specs = specs(names, &paths::end2end().join(TESTS))?;
    let steps = Steps::new();
    let binary = build::with(Profile::Dev, &steps)?;
    let mut count = Count::default();
    e2e::all(&steps, &mut count, &binary, &specs)?;
    say(&format!("{} passed, {}", count.passed, steps.total()));
    Ok(ExitCode::SUCCESS)
}

/// `cargo xtask tryton`
pub(crate) fn tryton() -> Result<ExitCode> {
    let folder = paths::root().join("examples/crm-tryton");
    let steps = Steps::new();
    let binary = build::with(Profile::Dev, &steps)?;
    let python = steps.run("Tryton", || python::packages_of(&folder))?;
    let postgres = steps.run("PostgreSQL", postgres::start)?;
    let mut test = process::command(python);
    test.current_dir(&folder).arg("test_sync.py").env(postgres::URL, &postgres.url).env("KEYDESK_BIN", binary);
    steps.run("contacts in step with Tryton's parties", || process::run(&mut test))?;
    say(&steps.total());
    Ok(ExitCode::SUCCESS)
}

/// The tests of these examples; of none, all.
fn specs(names: &[String], tests: &Path) -> Result<Vec<String>> {
    if names.is_empty() {
        return Ok(vec![format!("{TESTS}/")]);
    }
    let known = digest::files(tests)?;
    let known: Vec<_> = known.iter().filter_map(|file| file.file_name()?.to_str()?.strip_suffix(".spec.ts")).collect();
    let spec = |name: &String| {
        if known.contains(&name.as_str()) {
            return Ok(format!("{TESTS}/{name}.spec.ts"));
        }
        Err(Failure::new(format!("no example is called `{name}`; there are {}", known.join(", "))))
    };
    names.iter().map(spec).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn only_examples_that_are_there_can_be_named() {
        let folder = tempfile::tempdir().unwrap();
        for file in ["crm.spec.ts", "live-widget.spec.ts", "notes.md"] {
            fs::write(folder.path().join(file), "").unwrap();
        }
        let specs = |names: &[&str]| specs(&words(names), folder.path());
        assert_eq!(specs(&[]).unwrap(), ["tests/examples/"]);
        assert_eq!(specs(&["live-widget"]).unwrap(), ["tests/examples/live-widget.spec.ts"]);
        let failure = specs(&["crm", "erp"]).unwrap_err().to_string();
        assert_eq!(failure, "no example is called `erp`; there are crm, live-widget");
    }
}
