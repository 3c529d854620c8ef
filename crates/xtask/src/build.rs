//! The release binary with the browser's side inside.

use crate::process::{self, Failure, Result};
use crate::step::{Steps, say};
use crate::{client, paths, site};
use std::fs::{self, File};
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
    let _lock = lock()?;
    let client = client::build(steps)?;
    steps.run("assemble site", || site::assemble(&client))?;
    steps.run("build server", || process::run(release("build").args(["--bin", "keydesk"])))
}

/// Two builds at once would take each other's half-made files away. The lock ends with the file, or with us.
fn lock() -> Result<File> {
    let path = paths::work().join("lock");
    fs::create_dir_all(paths::work()).map_err(Failure::at(&path))?;
    let file = File::create(&path).map_err(Failure::at(&path))?;
    if file.try_lock().is_err() {
        say("waiting for another `cargo xtask` to finish its build");
        file.lock().map_err(Failure::at(&path))?;
    }
    Ok(file)
}

/// A cargo command on the server's release build. Everything that touches it must name the same site, or it would be
/// built over and over.
pub(crate) fn release(verb: &str) -> Command {
    let mut cargo = process::cargo();
    cargo.args([verb, "--release", "-p", "server"]).env("KEYDESK_SITE", paths::site());
    cargo
}
