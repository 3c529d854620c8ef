//! `cargo xtask screenshots`: the pictures in the documentation, made anew so that they stay true.

use crate::count::Count;
use crate::process::Result;
use crate::step::{Steps, say};
use crate::{apt, browser, build, e2e, npm};
use std::process::ExitCode;

pub(crate) fn run() -> Result<ExitCode> {
    let mut steps = Steps::new();
    build::all(&mut steps)?;
    steps.run("browser test packages", npm::install)?;
    steps.run("browser", browser::find)?;
    if apt::available() {
        // Debian's own face is far wider than those of other systems. Without them the pictures are as true, but less handsome.
        steps.run("faces", || Ok(apt::install(&["fonts-inter", "fonts-jetbrains-mono"]).is_ok()))?;
    }
    steps.run("screenshots", || e2e::playwright(&["--project=screenshots".to_owned()], &mut Count::default()))?;
    say(&format!("docs/images is up to date, {}", steps.total()));
    Ok(ExitCode::SUCCESS)
}
