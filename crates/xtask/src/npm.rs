//! Node's packages: the optimiser of wasm, and the browser tests.

use crate::digest;
use crate::paths;
use crate::process::{self, Failure, Result};
use crate::step::say;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

const NO_NODE: &str = "node and npm are not here; install Node.js 20 or later (https://nodejs.org)";

/// The optimiser if it is installed already.
pub(crate) fn wasm_opt() -> Option<PathBuf> {
    if quick() {
        return None;
    }
    let program = bin("wasm-opt");
    (program.is_file() && process::answers("node", "--version")).then_some(program)
}

/// The variable that leaves the client as large as it is compiled, which saves whoever works on a page most of a minute.
const QUICK: &str = "KEYDESK_QUICK_CLIENT";

fn quick() -> bool {
    std::env::var_os(QUICK).is_some()
}

/// The optimiser, installed if it must be. It is never worth failing for: without it the client works, only larger.
pub(crate) fn optimizer() -> Result<PathBuf> {
    if quick() {
        return Err(Failure::new(format!("{QUICK} is set")));
    }
    install()?;
    wasm_opt().ok_or_else(|| Failure::new("the package `binaryen` has no wasm-opt for this machine"))
}

/// A program of an installed package.
pub(crate) fn bin(name: &str) -> PathBuf {
    paths::end2end().join("node_modules").join(".bin").join(name)
}

/// What the client's build and the browser tests need.
pub(crate) fn install() -> Result<()> {
    install_in(&paths::end2end())
}

/// `npm ci`, unless exactly these packages are there.
pub(crate) fn install_in(folder: &Path) -> Result<()> {
    // Whoever comes while it is being installed waits, and finds it there.
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    if !process::answers("node", "--version") || !process::answers("npm", "--version") {
        return Err(Failure::new(NO_NODE));
    }
    let stamp = folder.join("node_modules").join(".lock-digest");
    let wanted = digest::tree(&[folder.join("package.json"), folder.join("package-lock.json")])?;
    if fs::read_to_string(&stamp).is_ok_and(|kept| kept == wanted) {
        return Ok(());
    }
    say("  installing Node's packages with npm");
    process::capture(process::command("npm").current_dir(folder).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1").args([
        "ci",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
    ]))?;
    fs::write(&stamp, wanted).map_err(Failure::at(&stamp))
}
