//! Debian's packages, when we are on Debian and may install them.

use crate::process::{self, Failure, Result};
use crate::step::say;
use std::path::Path;
use std::sync::OnceLock;

/// True when `apt-get install` can work: it exists and we are root.
pub(crate) fn available() -> bool {
    Path::new("/usr/bin/apt-get").exists() && is_root()
}

/// True when this process may do everything.
pub(crate) fn is_root() -> bool {
    process::capture(process::command("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

/// Installs packages without recommended extras, having fetched the package lists once.
pub(crate) fn install(packages: &[&str]) -> Result<()> {
    refresh()?;
    say(&format!("  installing {} with apt-get", packages.join(", ")));
    process::capture(
        process::command("apt-get")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(["install", "-y", "-q", "--no-install-recommends"])
            .args(packages),
    )
    .map(drop)
}

/// The packages that `install` would bring, with those that they need and that are not here.
pub(crate) fn would_install(packages: &[&str]) -> Result<Vec<String>> {
    // Lists of whatever age will do for who may not fetch new ones.
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
