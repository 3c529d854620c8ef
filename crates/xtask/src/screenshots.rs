//! `cargo xtask screenshots`: the pictures in the documentation, taken again so that they stay true.

use crate::count::Count;
use crate::process::Result;
use crate::step::{Steps, say};
use crate::{apt, browser, build, e2e, npm, paths};
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
    say(&format!("docs/images is up to date, {}", steps.total()));
    Ok(ExitCode::SUCCESS)
}
