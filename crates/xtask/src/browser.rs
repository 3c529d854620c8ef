//! A Chromium for the browser tests.

use crate::process::{self, Failure, Result};
use crate::{apt, npm};
use std::path::{Path, PathBuf};

/// Its path; `None` when Playwright has installed and finds its own.
pub(crate) fn find() -> Result<Option<PathBuf>> {
    const DEBIAN: &str = "/usr/bin/chromium";
    if Path::new(DEBIAN).exists() {
        return Ok(Some(DEBIAN.into()));
    }
    if apt::available() && apt::install(&["chromium"]).is_ok() && Path::new(DEBIAN).exists() {
        return Ok(Some(DEBIAN.into()));
    }
    process::capture(process::command(npm::bin("playwright")).args(["install", "chromium"])).map(|_| None).map_err(
        |failure| Failure::new(format!("no Chromium: neither apt-get nor Playwright could install one ({failure})")),
    )
}
