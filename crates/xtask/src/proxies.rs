//! The proxies that the tests run. nginx, Caddy and HAProxy are Debian's packages, unpacked below `target/` and not installed,
//! so that no service is started and nothing outside of the workspace changes. Envoy and Traefik come with Python's packages.
//! PHP comes beside them, for an API that reads headers as PHP does, and PgBouncer, which stands before PostgreSQL.

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

/// Packages, each with its program.
const OF_DEBIAN: [(&str, &str); 5] =
    [("nginx", "nginx"), ("caddy", "caddy"), ("haproxy", "haproxy"), ("php-cli", "php"), ("pgbouncer", "pgbouncer")];
const OF_PYTHON: [&str; 2] = ["envoy", "traefik"];

/// The folder with the proxies that are not installed. If a proxy is neither there nor installed, its tests fail.
pub(crate) fn find() -> Result<PathBuf> {
    let folder = paths::target().join("proxies");
    let root = folder.join("root");
    unpack(&folder, &root)?;
    link(&root.join("usr/bin"))?;
    link_php(&root.join("usr/bin"))?;
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

/// Debian's program has its version in its name; the short name is made when the package is installed.
fn link_php(programs: &Path) -> Result<()> {
    let link = programs.join("php");
    let versioned =
        |name: &str| name.strip_prefix("php").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let found = fs::read_dir(programs).map_err(Failure::at(programs))?.flatten();
    let found = found.map(|entry| entry.file_name()).find(|name| name.to_str().is_some_and(versioned));
    match found {
        Some(name) if !link.exists() => symlink(name, &link).map_err(Failure::at(&link)),
        _ => Ok(()),
    }
}

fn unpack(folder: &Path, root: &Path) -> Result<()> {
    let packages = folder.join("packages");
    let stamp = Stamp::new("proxies");
    let missing = OF_DEBIAN.into_iter().filter(|(_, program)| !is_installed(program));
    let missing: Vec<_> = missing.map(|(package, _)| package).collect();
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
