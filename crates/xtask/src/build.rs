//! The release binary with the browser's side inside.

use crate::process::{self, Result};
use crate::step::{Steps, say};
use crate::{client, paths, site};
use std::process::{Command, ExitCode};

/// `cargo xtask build`
pub(crate) fn run() -> Result<ExitCode> {
    let mut steps = Steps::new();
    all(&mut steps)?;
    say(&format!("{} is ready, {}", paths::binary().display(), steps.total()));
    Ok(ExitCode::SUCCESS)
}

/// Client, site and server; each does only what is not up to date.
pub(crate) fn all(steps: &mut Steps) -> Result<()> {
    let client = client::build(steps)?;
    steps.run("assemble site", || site::assemble(&client))?;
    steps.run("build server", || process::run(release("build").args(["--bin", "keydesk"])))
}

/// A cargo command on the server's release build. Everything that touches it must name the same site, or it would be
/// built over and over.
pub(crate) fn release(verb: &str) -> Command {
    let mut cargo = process::cargo();
    cargo.args([verb, "--release", "-p", "server"]).env("KEYDESK_SITE", paths::site());
    cargo
}
