//! `cargo xtask screenshots`: the pictures and the recording in the documentation, taken again so that they stay true.

use crate::count::Count;
use crate::process::{self, Result};
use crate::step::{Steps, say};
use crate::{apt, browser, build, e2e, npm, paths, python};
use std::process::ExitCode;

pub(crate) fn run() -> Result<ExitCode> {
    let steps = Steps::new();
    let binary = build::all(&steps)?;
    steps.run("browser test packages", npm::install)?;
    steps.run("browser", browser::find)?;
    if apt::available() {
        // Debian's own font is far wider than those of other systems. Without these the pictures are as true, but less
        // handsome.
        steps.run("faces", || Ok(apt::install(&["fonts-inter", "fonts-jetbrains-mono"]).is_ok()))?;
    }
    let folder = paths::end2end().join("screenshots");
    steps.run("screenshots", || e2e::playwright(&folder, &binary, &[], &mut Count::default()))?;
    steps.run("recording", || {
        let python = python::packages_of(&folder)?;
        let mut animate = process::command(python);
        animate.arg(folder.join("animate.py")).arg(paths::work().join("first-call"));
        process::run(animate.arg(paths::root().join("docs/images/first-call.webp")))
    })?;
    say(&format!("docs/images is up to date, {}", steps.total()));
    Ok(ExitCode::SUCCESS)
}
