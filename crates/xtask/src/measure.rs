//! `cargo xtask bench --browser`: what a person waits for, in a real browser.

use crate::count::Count;
use crate::process::{self, Result};
use crate::step::{Steps, say};
use crate::{browser, build, e2e, npm, paths};
use std::process::ExitCode;

pub(crate) fn run() -> Result<ExitCode> {
    let steps = Steps::new();
    let binary = build::all(&steps)?;
    steps.run("browser test packages", npm::install)?;
    steps.run("Lighthouse", || npm::install_in(&paths::end2end().join("lighthouse")))?;
    steps.run("browser", browser::find)?;
    // It fills databases with many keys. Not as a release, which only this would use: that takes longer to build than it saves.
    steps.compile("build seed", process::cargo().args(["build", "--example", "seed"]))?;
    let folder = paths::end2end().join("measure");
    steps.run("the browser", || e2e::playwright(&folder, &binary, &[], &mut Count::default()))?;
    say(&steps.total());
    Ok(ExitCode::SUCCESS)
}
