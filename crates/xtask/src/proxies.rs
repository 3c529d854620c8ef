//! The proxies that the tests run. nginx, Caddy and HAProxy are Debian's packages, unpacked below `target/` and not installed,
//! so that no service is started and nothing outside of the workspace changes. Envoy and Traefik come with Python's packages.

use crate::digest::Stamp;
use crate::process::{self, Failure, Result};
use crate::step::say;
use crate::{apt, paths, python};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// The variable in which tests find the folder.
pub(crate) const FOLDER: &str = "TEST_PROXIES";

const OF_DEBIAN: [&str; 3] = ["nginx", "caddy", "haproxy"];
const OF_PYTHON: [&str; 2] = ["envoy", "traefik"];

/// The folder with the proxies that are not installed. If a proxy is neither there nor installed, its tests fail.
pub(crate) fn find() -> Result<PathBuf> {
    let folder = paths::target().join("proxies");
    let root = folder.join("root");
    unpack(&folder, &root)?;
    link(&root.join("usr/bin"))?;
    Ok(root)
}

fn link(programs: &Path) -> Result<()> {
    fs::create_dir_all(programs).map_err(Failure::at(programs))?;
    for name in OF_PYTHON {
        let (program, link) = (python::program(name)?, programs.join(name));
        if fs::read_link(&link).is_ok_and(|there| there == program) {
            continue;
        }
        match fs::remove_file(&link) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(Failure::at(&link)(error)),
            _ => symlink(program, &link).map_err(Failure::at(&link))?,
        }
    }
    Ok(())
}

fn unpack(folder: &Path, root: &Path) -> Result<()> {
    let packages = folder.join("packages");
    let stamp = Stamp::new("proxies");
    let missing: Vec<_> = OF_DEBIAN.into_iter().filter(|program| !is_installed(program)).collect();
    let wanted = missing.join("\n");
    if missing.is_empty() || !Path::new("/usr/bin/apt-get").exists() || (stamp.fresh(&wanted) && packages.exists()) {
        return Ok(());
    }
    say(&format!("  unpacking {} from Debian's packages", missing.join(", ")));
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(Failure::at(folder))?;
    }
    for folder in [packages.as_path(), root] {
        fs::create_dir_all(folder).map_err(Failure::at(folder))?;
    }
    process::capture(
        process::command("apt-get").arg("download").args(apt::would_install(&missing)?).current_dir(&packages),
    )?;
    for package in fs::read_dir(&packages).map_err(Failure::at(&packages))?.flatten() {
        process::capture(process::command("dpkg-deb").arg("--extract").arg(package.path()).arg(root))?;
    }
    stamp.keep(&wanted)
}

fn is_installed(program: &str) -> bool {
    ["/usr/sbin", "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"]
        .iter()
        .any(|folder| Path::new(folder).join(program).is_file())
}
