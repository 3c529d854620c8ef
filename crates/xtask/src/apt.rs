//! Debian's packages, when we are on Debian and may install them.

use crate::process::{self, Failure, Result};
use crate::step::say;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

/// The program that Debian's packages ask before they start a service.
const POLICY: &str = "/usr/sbin/policy-rc.d";

/// True when `apt-get install` can work: it exists and we are root.
pub(crate) fn available() -> bool {
    Path::new("/usr/bin/apt-get").exists() && is_root()
}

/// True when this process may do everything.
pub(crate) fn is_root() -> bool {
    process::capture(process::command("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

/// Installs packages without recommended extras, having fetched the package lists once. No service of theirs is started.
pub(crate) fn install(packages: &[&str]) -> Result<()> {
    // Debian's tools refuse to install two things at once.
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    refresh()?;
    let _quiet = Quiet::begin(Path::new(POLICY))?;
    say(&format!("  installing {} with apt-get", packages.join(", ")));
    process::capture(
        process::command("apt-get")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(["install", "-y", "-q", "--no-install-recommends"])
            .args(packages),
    )
    .map(drop)
}

/// The packages that `install` would install, with their missing dependencies.
pub(crate) fn would_install(packages: &[&str]) -> Result<Vec<String>> {
    // Without permission to fetch new package lists, old ones are good enough.
    if is_root() {
        refresh()?;
    }
    let mut simulation = process::command("apt-get");
    simulation.args(["install", "--simulate", "-q", "--no-install-recommends"]).args(packages);
    let plan = process::capture(&mut simulation)?;
    let added = plan.lines().filter_map(|line| line.strip_prefix("Inst ")?.split_whitespace().next());
    Ok(added.map(str::to_owned).collect())
}

/// Names of packages that match a regular expression.
pub(crate) fn search(pattern: &str) -> Result<Vec<String>> {
    refresh()?;
    let found = process::capture(process::command("apt-cache").args(["search", "--names-only", pattern]))?;
    Ok(found.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect())
}

/// While it lives, the policy in this file keeps packages from starting services. When dropped, it restores the file.
struct Quiet {
    policy: PathBuf,
    kept: PathBuf,
}

impl Quiet {
    fn begin(policy: &Path) -> Result<Self> {
        // 101 is "forbidden by policy".
        const FORBIDDEN: &str = "#!/bin/sh\n# Written by `cargo xtask` for the time of an installation.\nexit 101\n";
        let quiet = Self { policy: policy.to_path_buf(), kept: policy.with_extension("d.before-xtask") };
        // A file left by an installation that was killed must not be taken for the administrator's own.
        if fs::read_to_string(policy).is_ok_and(|text| text == FORBIDDEN) {
            return Ok(quiet);
        }
        match fs::rename(policy, &quiet.kept) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(Failure::at(policy)(error)),
            _ => {}
        }
        fs::write(policy, FORBIDDEN).map_err(Failure::at(policy))?;
        fs::set_permissions(policy, fs::Permissions::from_mode(0o755)).map_err(Failure::at(policy))?;
        Ok(quiet)
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        let restored = match fs::rename(&self.kept, &self.policy) {
            Err(error) if error.kind() == ErrorKind::NotFound => fs::remove_file(&self.policy),
            other => other,
        };
        if let Err(error) = restored {
            say(&format!("  {} could not be put back ({error}): services will not start", self.policy.display()));
        }
    }
}

fn refresh() -> Result<()> {
    static REFRESHED: OnceLock<std::result::Result<(), String>> = OnceLock::new();
    REFRESHED
        .get_or_init(|| {
            say("  fetching Debian's package lists");
            process::capture(process::command("apt-get").args(["update", "-q"])).map(drop).map_err(|f| f.to_string())
        })
        .clone()
        .map_err(Failure::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    fn says(policy: &Path) -> Option<i32> {
        Command::new(policy).status().ok()?.code()
    }

    #[test]
    fn services_are_forbidden_for_a_while_and_the_policy_is_put_back() {
        let folder = tempfile::tempdir().unwrap();
        let policy = folder.path().join("policy-rc.d");
        let quiet = Quiet::begin(&policy).unwrap();
        assert_eq!(says(&policy), Some(101));
        drop(quiet);
        assert!(!policy.exists());

        fs::write(&policy, "#!/bin/sh\nexit 3\n").unwrap();
        fs::set_permissions(&policy, fs::Permissions::from_mode(0o755)).unwrap();
        let _killed = std::mem::ManuallyDrop::new(Quiet::begin(&policy).unwrap());
        assert_eq!(says(&policy), Some(101));
        drop(Quiet::begin(&policy).unwrap());
        assert_eq!(says(&policy), Some(3));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
