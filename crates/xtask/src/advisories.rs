//! Known faults of dependencies, from a checkout of RustSec's advisory-db.
//!
//! The tests have no network, so what was found stands in a record: the date of the database, and every package that was
//! checked against it.

use crate::process::{self, Failure, Result};
use crate::step::say;
use crate::{deny, paths};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// A record that is older is worth a warning.
const OLD_DAYS: i64 = 90;

/// Where cargo-deny looks for the database of `deny.toml`: the name has a digest of the database's address in it.
fn database() -> PathBuf {
    paths::target().join("advisory-db/advisory-db-3157b0e258782691")
}

fn record() -> PathBuf {
    paths::root().join("docs/advisories.txt")
}

/// `cargo xtask advisories DIR`: checks all packages against the checkout in DIR, and writes the record. The checkout is
/// kept in `target/`, where the step `deny` finds it.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let [folder] = args else {
        return Err(Failure::new("`cargo xtask advisories` takes the folder of a checkout of RustSec's advisory-db"));
    };
    let folder = fs::canonicalize(folder).map_err(Failure::at(Path::new(folder)))?;
    let git = |args: &[&str]| -> Result<String> {
        Ok(process::capture(process::command("git").arg("-C").arg(&folder).args(args))?.trim().to_owned())
    };
    let (date, commit) = (git(&["show", "-s", "--format=%cs", "HEAD"])?, git(&["rev-parse", "HEAD"])?);
    let database = database();
    if database.exists() {
        fs::remove_dir_all(&database).map_err(Failure::at(&database))?;
    }
    let source = format!("file://{}", folder.display());
    process::capture(process::command("git").args(["clone", "--quiet", "--depth=1", &source]).arg(&database))?;
    deny::run(&["advisories"])?;
    let packages = packages()?;
    let mut text = format!(
        "# Written by `cargo xtask advisories DIR`: none of these packages has an advisory that deny.toml does not name, by\n\
         # RustSec's database of this date and commit.\n{date} {commit}\n"
    );
    for package in &packages {
        let _ = writeln!(text, "{package}");
    }
    let record = record();
    fs::write(&record, text).map_err(Failure::at(&record))?;
    say(&format!("  {} packages have no known fault, by the database of {date}", packages.len()));
    newer_leptos();
    Ok(())
}

/// Checks versions, licences and sources, and the advisories where a copy of their database is; then says how old the last
/// check of advisories is.
pub(crate) fn check() -> Result<()> {
    let mut checks = vec!["bans", "licenses", "sources"];
    if database().is_dir() {
        checks.push("advisories");
    }
    deny::run(&checks)?;
    compare()
}

/// Says how old the record is, and which packages came after it. Neither is a failure: nobody could mend it without a network.
fn compare() -> Result<()> {
    let record = record();
    let text = fs::read_to_string(&record).map_err(Failure::at(&record))?;
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    let head = lines.next().unwrap_or_default();
    let date = head.split(' ').next().unwrap_or_default();
    let today = process::capture(process::command("date").args(["-u", "+%Y-%m-%d"]))?;
    let (Some(then), Some(now)) = (days(date), days(today.trim())) else {
        return Err(Failure::new(format!("{} begins with no date", record.display())));
    };
    let known: BTreeSet<&str> = lines.collect();
    let packages = packages()?;
    let new: Vec<_> = packages.iter().filter(|package| !known.contains(package.as_str())).map(String::as_str).collect();
    say(&format!("  advisories: checked by RustSec's database of {date}, {} packages since then", new.len()));
    if now - then > OLD_DAYS {
        say(&format!("  warning: that is {} days ago; run `cargo xtask advisories DIR` with a newer one", now - then));
    }
    if !new.is_empty() {
        say(&format!("  warning: not checked yet: {}; run `cargo xtask advisories DIR`", new.join(", ")));
    }
    Ok(())
}

/// Names and versions of all that comes from a registry, as Cargo.lock has them.
fn packages() -> Result<BTreeSet<String>> {
    let lock = paths::root().join("Cargo.lock");
    Ok(of_lock(&fs::read_to_string(&lock).map_err(Failure::at(&lock))?))
}

fn of_lock(text: &str) -> BTreeSet<String> {
    let packages = text.split("[[package]]").filter(|package| package.contains("\nsource = "));
    let value = |package: &str, name: &str| {
        let line = package.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = \""));
        line.map(|rest| rest.trim_end_matches('"').to_owned())
    };
    packages.filter_map(|package| Some(format!("{} {}", value(package, "name")?, value(package, "version")?))).collect()
}

/// Days since the beginning of 1970 of a date such as 2026-08-21.
fn days(date: &str) -> Option<i64> {
    let mut parts = date.splitn(3, '-').map(str::parse::<i64>);
    let (year, month, day) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    // Years begin in March, so that a leap day is the last of its year.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let of_year = (153 * month + 2) / 5 + day - 1;
    Some(year * 365 + year / 4 - year / 100 + year / 400 + of_year - 719_468)
}

/// Leptos is pinned to a release candidate until its release is out. Asks the registry, and is silent without one.
fn newer_leptos() {
    let mut info = process::cargo();
    let Ok(text) = process::capture(info.args(["info", "--quiet", "--color=never", "leptos"])) else { return };
    if let Some(latest) = text.lines().find_map(|line| line.strip_prefix("version: ")?.split_once("(latest ")) {
        say(&format!("  Leptos {} is out; move to it from the release candidate", latest.1.trim_end_matches(')')));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_packages_of_a_registry_are_checked() {
        let lock = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.2.3\"\nsource = \"registry+x\"\n\n\
                    [[package]]\nname = \"own\"\nversion = \"0.1.0\"\ndependencies = [\n \"a\",\n]\n";
        assert_eq!(of_lock(lock).into_iter().collect::<Vec<_>>(), ["a 1.2.3"]);
    }

    #[test]
    fn days_between_dates_count_leap_days() {
        assert_eq!(days("1970-01-01"), Some(0));
        assert_eq!(days("2000-03-01").zip(days("2000-02-28")).map(|(a, b)| a - b), Some(2));
        assert_eq!(days("2026-11-26").zip(days("2026-08-21")).map(|(a, b)| a - b), Some(97));
        assert_eq!(days("soon"), None);
    }
}
