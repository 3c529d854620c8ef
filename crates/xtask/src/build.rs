//! The release binary with the browser's side inside.

use crate::process::{self, Failure, Result};
use crate::step::{Steps, say};
use crate::{client, lint, paths, site};
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, ExitCode};

/// How the server is compiled. The client is always built as for a release.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    Release,
    /// As the Rust tests compile it, so that tests of the whole product cost no second compilation.
    Dev,
}

impl Profile {
    /// The variable that asks for another profile than `release`.
    pub(crate) const VARIABLE: &str = "KEYDESK_PROFILE";

    /// The profile of `serve`, `build`, `chaos` and `ha`.
    pub(crate) fn asked() -> Result<Self> {
        match std::env::var(Self::VARIABLE).as_deref() {
            Err(_) | Ok("release") => Ok(Self::Release),
            Ok("dev") => Ok(Self::Dev),
            Ok(other) => Err(Failure::new(format!("{} is `{other}`; it may be `release` or `dev`", Self::VARIABLE))),
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Dev => "dev",
        }
    }

    /// The finished server.
    pub(crate) fn binary(self) -> PathBuf {
        let folder = match self {
            Self::Release => "release",
            Self::Dev => "debug",
        };
        paths::target().join(folder).join("keydesk")
    }
}

/// `cargo xtask build`
pub(crate) fn run() -> Result<ExitCode> {
    let steps = Steps::new();
    let binary = all(&steps)?;
    say(&format!("{} is ready, {}", binary.display(), steps.total()));
    Ok(ExitCode::SUCCESS)
}

/// Client, site and server, as a release unless the environment says otherwise; returns the binary.
pub(crate) fn all(steps: &Steps) -> Result<PathBuf> {
    with(Profile::asked()?, steps)
}

/// Client, site and server; each step does only what is not up to date. Returns the binary.
pub(crate) fn with(profile: Profile, steps: &Steps) -> Result<PathBuf> {
    let _lock = lock()?;
    site(steps)?;
    let mut cargo = match profile {
        Profile::Release => release("build"),
        Profile::Dev => {
            let mut cargo = lint::cargo();
            // Beside an example, which fills databases with many keys, cargo builds the binary with the features of tests.
            cargo.args(["build", "--example", "seed"]);
            cargo
        }
    };
    steps.compile("build server", cargo.args(["--bin", "keydesk"]))?;
    Ok(profile.binary())
}

/// The browser's side, which the server embeds: `.cargo/config.toml` tells its build where.
pub(crate) fn site(steps: &Steps) -> Result<()> {
    let client = client::build(steps)?;
    steps.run("assemble site", || site::assemble(&client))
}

/// Two builds at once would remove each other's unfinished files. The lock ends with the file, or with this process.
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

/// A cargo command on the server's release build.
pub(crate) fn release(verb: &str) -> Command {
    let mut cargo = process::cargo();
    cargo.args([verb, "--release", "-p", "server"]);
    cargo
}
