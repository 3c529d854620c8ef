//! `cargo xtask package`: the package for Debian, and what a container has in it. Both are tried as far as this machine lets them.

use crate::build::{self, Profile};
use crate::paths;
use crate::process::{self, Failure, Result};
use crate::step::{Steps, say};
use crate::{apt, port, scratch};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const CARGO_DEB: &str = "3.8.0";
const UNIT: &str = "/lib/systemd/system/keydesk.service";
/// The user of a container, as `packaging/Dockerfile` and `packaging/root.sh` have it.
const USER: &str = "10001:10001";

pub(crate) fn run() -> Result<ExitCode> {
    let steps = Steps::new();
    let binary = build::with(Profile::Release, &steps)?;
    steps.run("what a container has in it", || container(&binary))?;
    let cargo_deb = steps.run("cargo-deb", cargo_deb)?;
    let package = steps.run("package for Debian", || package(&cargo_deb))?;
    if apt::is_root() {
        steps.run("install, try and remove the package", || try_package(&package))?;
    } else {
        say("  it is only installed and tried as root");
    }
    say(&format!("{} is ready, {}", package.display(), steps.total()));
    Ok(ExitCode::SUCCESS)
}

/// Assembles the root of a container; as root, runs the server in it, alone with its libraries and as its user, until it is healthy.
fn container(binary: &Path) -> Result<()> {
    let root = scratch::folder().join(format!("keydesk-root-{}", std::process::id()));
    let tried = assemble(binary, &root).and_then(|()| if apt::is_root() { serve_in(&root) } else { Ok(()) });
    let removed = fs::remove_dir_all(&root).map_err(Failure::at(&root));
    tried.and(removed)
}

fn assemble(binary: &Path, root: &Path) -> Result<()> {
    let script = paths::root().join("packaging/root.sh");
    process::capture(process::command(script).arg(binary).arg(root)).map(drop)
}

fn serve_in(root: &Path) -> Result<()> {
    process::capture(process::command("chown").arg(USER).arg(root.join("data")))?;
    let listen = format!("127.0.0.1:{}", port::free()?);
    let keydesk = || {
        let mut command = process::command("chroot");
        command.arg(format!("--userspec={USER}")).arg(root).arg("/keydesk");
        command.env("KEYDESK_DATA_DIR", "/data").env("KEYDESK_LISTEN", &listen);
        command
    };
    let mut server = keydesk();
    let server = server.arg("serve").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let server = server.spawn().map_err(|error| Failure::new(format!("`chroot` could not be started: {error}")))?;
    let healthy = until_healthy(keydesk);
    end(server)?;
    healthy
}

/// Asks as a container's health check does.
fn until_healthy(keydesk: impl Fn() -> Command) -> Result<()> {
    let patience = Instant::now() + Duration::from_secs(30);
    loop {
        match process::capture(keydesk().arg("health")) {
            Ok(_) => return Ok(()),
            Err(failure) if Instant::now() > patience => return Err(failure),
            Err(_) => thread::sleep(Duration::from_millis(100)),
        }
    }
}

/// As a supervisor ends it.
fn end(mut server: Child) -> Result<()> {
    process::capture(process::command("kill").arg(server.id().to_string()))?;
    let status = server.wait().map_err(|error| Failure::new(format!("the server can't be waited for: {error}")))?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("the server ended with {status}"))) }
}

/// cargo-deb, built into `target/tools` where it is not installed.
fn cargo_deb() -> Result<PathBuf> {
    if process::answers("cargo-deb", "--version") {
        return Ok("cargo-deb".into());
    }
    let folder = paths::target().join("tools");
    let program = folder.join("bin/cargo-deb");
    if !program.is_file() {
        let mut install = process::cargo();
        install.args(["install", "cargo-deb", "--locked", "--version", CARGO_DEB, "--root"]).arg(&folder);
        process::run(&mut install)?;
    }
    Ok(program)
}

fn package(cargo_deb: &Path) -> Result<PathBuf> {
    let folder = paths::target().join("debian");
    fs::create_dir_all(&folder).map_err(Failure::at(&folder))?;
    let package = folder.join("keydesk.deb");
    // The binary is as it was built: it has the list of what it is made of in a section.
    let mut make = process::command(cargo_deb);
    make.args(["--package", "server", "--no-build", "--no-strip", "--output"]).arg(&package);
    process::run(&mut make)?;
    Ok(package)
}

/// Installs it, looks at what it brings, and removes it.
fn try_package(package: &Path) -> Result<()> {
    if process::capture(process::command("dpkg").args(["-s", "keydesk"])).is_ok() {
        return Err(Failure::new(
            "a package keydesk is installed here: remove it first, as this would be tried in its place",
        ));
    }
    process::capture(process::command("dpkg").arg("-i").arg(package))?;
    let tried = try_installed();
    process::capture(process::command("dpkg").args(["--purge", "keydesk"]))?;
    tried
}

fn try_installed() -> Result<()> {
    process::capture(process::command("/usr/bin/keydesk").arg("--version"))?;
    process::capture(process::command("getent").args(["passwd", "keydesk"]))?;
    // Reads the settings of the package; nothing serves there.
    let asked = process::command("/usr/bin/keydesk").args(["health", "--config", "/etc/keydesk/keydesk.toml"]).output();
    let said = asked.map_err(|error| Failure::new(format!("the installed keydesk could not be started: {error}")))?;
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    if !said.contains("127.0.0.1:3000") {
        return Err(Failure::new(format!("the installed keydesk does not read its settings: {said}")));
    }
    if process::answers("systemd-analyze", "--version") {
        process::capture(process::command("systemd-analyze").args(["verify", UNIT]))?;
        // Exposed from 0, not at all, to 10: above 20 tenths is more than this unit needs.
        process::capture(process::command("systemd-analyze").args([
            "security",
            "--offline=true",
            "--threshold=20",
            UNIT,
        ]))?;
    } else {
        say("  no systemd-analyze here: the unit was not examined");
    }
    Ok(())
}
