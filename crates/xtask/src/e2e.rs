//! The browser tests.

use crate::count::{self, Count};
use crate::process::{self, Failure, Result};
use crate::step::{Steps, say};
use crate::{browser, build, npm, paths};
use std::process::ExitCode;

/// `cargo xtask e2e [-- ARGS]`
pub(crate) fn run(args: &[String]) -> Result<ExitCode> {
    let mut steps = Steps::new();
    build::all(&mut steps)?;
    let mut count = Count::default();
    all(&mut steps, &mut count, args)?;
    say(&format!("{} passed, {}", count.passed, steps.total()));
    Ok(ExitCode::SUCCESS)
}

/// The tests on the binary as it was last built, counted.
pub(crate) fn all(steps: &mut Steps, count: &mut Count, args: &[String]) -> Result<()> {
    steps.run("browser test packages", npm::install)?;
    steps.run("browser", browser::find)?;
    steps.run("browser test types", || {
        process::run(process::command(npm::bin("tsc")).current_dir(paths::end2end()).arg("--noEmit"))
    })?;
    // Fills the data of the test that looks at very many keys. Not the release build, which the tests of Rust have no use
    // for: it takes minutes longer to build than it saves.
    steps.run("build seed", || process::run(process::cargo().args(["build", "--example", "seed"])))?;
    let words = [&["--project=many", "--project=chromium"].map(str::to_owned)[..], args].concat();
    steps.run("browser tests", || playwright(&words, count))
}

/// Runs Playwright and adds to `count` what it says.
pub(crate) fn playwright(args: &[String], count: &mut Count) -> Result<()> {
    let mut command = process::command(npm::bin("playwright"));
    command.current_dir(paths::end2end()).env("KEYDESK_BIN", paths::binary()).arg("test").args(args);
    if let Some(browser) = browser::find()? {
        command.env("KEYDESK_BROWSER", browser);
    }
    let mut seen = Count::default();
    let success = process::watch(&mut command, |line| {
        if let Some(more) = count::playwright(line) {
            seen.add(more);
        }
    })?;
    count.add(seen);
    if success && seen.clean() { Ok(()) } else { Err(Failure::new("the browser tests did not all run and pass")) }
}
