//! A Chromium for the browser tests.

use crate::process::{self, Failure, Result};
use crate::{apt, npm};
use std::path::{Path, PathBuf};

/// Debian's packages, each with a program of its own name. The first has no window, and so needs half of the time.
const DEBIAN: [&str; 2] = ["chromium-headless-shell", "chromium"];

/// Its path; `None` when Playwright has installed and finds its own.
pub(crate) fn find() -> Result<Option<PathBuf>> {
    for package in DEBIAN {
        let program = Path::new("/usr/bin").join(package);
        if program.exists() || (apt::available() && apt::install(&[package]).is_ok() && program.exists()) {
            return Ok(Some(program));
        }
    }
    process::capture(process::command(npm::bin("playwright")).args(["install", "chromium"])).map(|_| None).map_err(
        |failure| Failure::new(format!("no Chromium: neither apt-get nor Playwright could install one ({failure})")),
    )
}
