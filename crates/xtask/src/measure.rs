//! `cargo xtask bench --browser`: what a person waits for, in a real browser.

use crate::count::Count;
use crate::process::{self, Result};
use crate::step::{Steps, say};
use crate::{browser, build, e2e, npm, paths};
use std::process::ExitCode;

pub(crate) fn run() -> Result<ExitCode> {
    let mut steps = Steps::new();
    build::all(&mut steps)?;
    steps.run("browser test packages", npm::install)?;
    steps.run("Lighthouse", || npm::install_in(&paths::end2end().join("lighthouse")))?;
    steps.run("browser", browser::find)?;
    steps.run("build seed", || process::run(process::cargo().args(["build", "--example", "seed"])))?;
    // One after the other, so that nothing else is measured with it.
    let words = ["--project=measure", "--workers=1"].map(str::to_owned);
    steps.run("the browser", || e2e::playwright(&words, &mut Count::default()))?;
    say(&steps.total());
    Ok(ExitCode::SUCCESS)
}
