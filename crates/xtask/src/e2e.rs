//! The browser tests.

use crate::build::{self, Profile};
use crate::count::{self, Count};
use crate::digest;
use crate::process::{self, Failure, Result};
use crate::step::{Steps, say};
use crate::{browser, languages, npm, paths, scratch};
use std::fs;
use std::path::Path;
use std::process::ExitCode;

/// `cargo xtask e2e [-- ARGS]`
pub(crate) fn run(args: &[String]) -> Result<ExitCode> {
    let steps = Steps::new();
    let binary = build::with(Profile::Dev, &steps)?;
    let mut count = Count::default();
    all(&steps, &mut count, &binary, args)?;
    say(&format!("{} passed, {}", count.passed, steps.total()));
    Ok(ExitCode::SUCCESS)
}

/// The tests on this binary, counted.
pub(crate) fn all(steps: &Steps, count: &mut Count, binary: &Path, args: &[String]) -> Result<()> {
    steps.run("browser test packages", npm::install)?;
    steps.run("browser", browser::find)?;
    // Their tests fail without it, and say what is missing.
    let _ = steps.run("languages of the examples", languages::install);
    steps.run("browser test types", || {
        process::run(process::command(npm::bin("tsc")).current_dir(paths::end2end()).arg("--noEmit"))
    })?;
    steps.run("browser tests", || playwright(&paths::end2end(), binary, args, count))
}

/// Runs Playwright with the configuration in `folder`, and adds to `count` what its report says.
pub(crate) fn playwright(folder: &Path, binary: &Path, args: &[String], count: &mut Count) -> Result<()> {
    let report = paths::work().join("playwright.json");
    fs::create_dir_all(paths::work()).map_err(Failure::at(&report))?;
    // The report of an earlier run would be counted again.
    fs::write(&report, "").map_err(Failure::at(&report))?;
    let mut command = process::command(npm::bin("playwright"));
    command
        .current_dir(folder)
        .args(["test", "--reporter=list,json"])
        .args(args)
        .env("PLAYWRIGHT_JSON_OUTPUT_FILE", &report)
        .env("TMPDIR", scratch::folder())
        .env("KEYDESK_BIN", binary)
        // A specification that is named is meant, whichever it is.
        .envs((!args.is_empty()).then_some(("KEYDESK_EXAMPLES", "all")))
        .env(Profile::VARIABLE, Profile::Dev.name());
    if let Some(browser) = browser::find()? {
        command.env("KEYDESK_BROWSER", browser);
    }
    let ran = process::run(&mut command);
    let text = fs::read_to_string(&report).map_err(Failure::at(&report))?;
    let seen = count::playwright(&text).ok_or_else(|| Failure::new("Playwright left no report"))?;
    let is_clean = seen.clean();
    count.add(seen);
    if ran.is_ok() && is_clean { Ok(()) } else { Err(Failure::new("the browser tests did not all run and pass")) }
}

/// The tests of the scripts in `public/`, which need no browser.
pub(crate) fn scripts(count: &mut Count) -> Result<()> {
    npm::install()?;
    let folder = paths::end2end().join("unit");
    let tests = digest::files(&folder)?.into_iter().filter(|file| file.to_string_lossy().ends_with(".test.js"));
    let mut command = process::command("node");
    command.args(["--test", "--test-reporter=tap"]).args(tests);
    let mut seen = Count::default();
    let success = process::watch(&mut command, |line| seen.add(count::tap(line).unwrap_or_default()))?;
    // With no file to run, node would report success.
    let clean = success && seen.clean() && seen.passed > 0;
    count.add(seen);
    if clean { Ok(()) } else { Err(Failure::new("the tests of scripts did not all run and pass")) }
}
