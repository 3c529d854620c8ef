//! `cargo xtask screenshots`: the pictures in the documentation, made anew so that they stay true.

use crate::count::Count;
use crate::process::Result;
use crate::step::{Steps, say};
use crate::{build, e2e, npm};
use std::process::ExitCode;

pub(crate) fn run() -> Result<ExitCode> {
    let mut steps = Steps::new();
    build::all(&mut steps)?;
    steps.run("browser test packages", npm::install)?;
    steps.run("screenshots", || e2e::playwright(&["--project=screenshots".to_owned()], &mut Count::default()))?;
    say(&format!("docs/images is up to date, {}", steps.total()));
    Ok(ExitCode::SUCCESS)
}
