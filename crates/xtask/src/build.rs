//! The binary with the browser's side inside.

use crate::client::{self, Size};
use crate::process::{self, Failure, Result};
use crate::step::{Steps, say};
use crate::{lint, paths, site};
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// The machine that xtask runs on, as rustc calls it.
const HOST: &str = env!("HOST_TARGET");

/// How the server is compiled, and its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    Release,
    /// As soon as can be, for the first start from a fresh clone: not optimised, and without gRPC.
    Start,
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
            Ok("start") => Ok(Self::Start),
            Ok("dev") => Ok(Self::Dev),
            Ok(other) => {
                Err(Failure::new(format!("{} is `{other}`; it may be `release`, `start` or `dev`", Self::VARIABLE)))
            }
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Start => "start",
            Self::Dev => "dev",
        }
    }

    /// A cargo command on what this profile builds.
    pub(crate) fn cargo(self, verb: &str) -> Command {
        match self {
            Self::Release => release(verb),
            Self::Start => {
                let mut cargo = process::cargo();
                cargo.args([verb, "--profile", "start", "-p", "server", "--no-default-features"]);
                // Named although it is the usual one: then macros are compiled without our flags, as they are for the client, and
                // not once for each.
                cargo.args(["--target", HOST]);
                cargo.env("KEYDESK_SITE", paths::start_site());
                cargo
            }
            Self::Dev => {
                let mut cargo = process::cargo();
                cargo.arg(verb);
                cargo
            }
        }
    }

    /// The finished server.
    pub(crate) fn binary(self) -> PathBuf {
        let folder = match self {
            Self::Release => paths::target().join("release"),
            Self::Start => paths::target().join(HOST).join("start"),
            Self::Dev => paths::target().join("debug"),
        };
        folder.join("keydesk")
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
    let mut cargo = profile.cargo("build");
    match profile {
        Profile::Release => site(steps)?,
        Profile::Start => start_site(steps)?,
        Profile::Dev => {
            site(steps)?;
            lint::compile_with(&mut cargo);
            // Beside an example, which fills databases with many keys, cargo builds the binary with the features of tests.
            cargo.args(["--example", "seed"]);
            // The tests of examples run it as it is.
            cargo.args(["--example", "protected_service"]);
        }
    }
    steps.compile("build server", cargo.args(["--bin", "keydesk"]))?;
    let binary = profile.binary();
    name(&binary, &paths::target().join("bin"))?;
    Ok(binary)
}

/// The browser's side, which the server embeds: `.cargo/config.toml` tells its build where.
pub(crate) fn site(steps: &Steps) -> Result<()> {
    let client = client::build(Size::Small, steps)?;
    steps.run("assemble site", || site::assemble(&client, &paths::site(), Size::Small))
}

/// The same for the first start.
fn start_site(steps: &Steps) -> Result<()> {
    let client = client::build(Size::AsCompiled, steps)?;
    steps.run("assemble site", || site::assemble(&client, &paths::start_site(), Size::AsCompiled))
}

/// Makes `folder/keydesk` the binary that was built last, whatever its profile: what README's commands call.
fn name(binary: &Path, folder: &Path) -> Result<()> {
    let link = folder.join("keydesk");
    if fs::read_link(&link).is_ok_and(|leads_to| leads_to == binary) {
        return Ok(());
    }
    fs::create_dir_all(folder).map_err(Failure::at(folder))?;
    let new = folder.join(format!(".keydesk-{}", std::process::id()));
    symlink(binary, &new).map_err(Failure::at(&new))?;
    // At every moment there is one or the other.
    fs::rename(&new, &link).map_err(Failure::at(&link))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_binary_that_was_built_last_has_the_name() {
        let folder = tempfile::tempdir().unwrap();
        let bin = folder.path().join("bin");
        for built in ["start", "release", "release"] {
            let binary = folder.path().join(built);
            name(&binary, &bin).unwrap();
            assert_eq!(fs::read_link(bin.join("keydesk")).unwrap(), binary);
        }
        assert_eq!(fs::read_dir(&bin).unwrap().count(), 1);
    }
}
