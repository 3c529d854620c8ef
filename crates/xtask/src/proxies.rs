//! nginx, Caddy and HAProxy for the tests: Debian's packages, unpacked below `target/` and not installed, so that no service
//! is started and nothing outside of the workspace changes.

use crate::digest::Stamp;
use crate::process::{self, Failure, Result};
use crate::step::say;
use crate::{apt, paths};
use std::fs;
use std::path::{Path, PathBuf};

/// The variable in which tests find the folder.
pub(crate) const FOLDER: &str = "TEST_PROXIES";

const PROGRAMS: [&str; 3] = ["nginx", "caddy", "haproxy"];

/// The folder into which they are unpacked. Empty where they are installed already, or no package can be had: then tests
/// look where programs usually are, and say which one is missing.
pub(crate) fn find() -> Result<PathBuf> {
    let folder = paths::target().join("proxies");
    let (packages, root) = (folder.join("packages"), folder.join("root"));
    let stamp = Stamp::new("proxies");
    let missing: Vec<_> = PROGRAMS.into_iter().filter(|program| !is_installed(program)).collect();
    let wanted = missing.join("\n");
    if missing.is_empty() || !Path::new("/usr/bin/apt-get").exists() || stamp.fresh(&wanted) {
        return Ok(root);
    }
    say(&format!("  unpacking {} from Debian's packages", missing.join(", ")));
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(Failure::at(&folder))?;
    }
    for folder in [&packages, &root] {
        fs::create_dir_all(folder).map_err(Failure::at(folder))?;
    }
    process::capture(
        process::command("apt-get").arg("download").args(apt::would_install(&missing)?).current_dir(&packages),
    )?;
    for package in fs::read_dir(&packages).map_err(Failure::at(&packages))?.flatten() {
        process::capture(process::command("dpkg-deb").arg("--extract").arg(package.path()).arg(&root))?;
    }
    stamp.keep(&wanted)?;
    Ok(root)
}

fn is_installed(program: &str) -> bool {
    ["/usr/sbin", "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"]
        .iter()
        .any(|folder| Path::new(folder).join(program).is_file())
}
