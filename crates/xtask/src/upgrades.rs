//! `cargo xtask upgrades`: this binary and those of before, one after the other and beside each other, on one database; and on what
//! the releases left behind (`upgrade/`).

use crate::process::{self, Failure, Result};
use crate::step::{Steps, say};
use crate::{build, paths, postgres};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const MIGRATIONS: &str = "crates/store/migrations/sqlite/";

pub(crate) fn run(args: &[String]) -> Result<ExitCode> {
    let only = match args {
        [] => None,
        [flag, number] if flag == "--only" => {
            Some(number.parse::<usize>().map_err(|_| Failure::new("--only wants the number of a migration"))?)
        }
        _ => return Err(Failure::new("`cargo xtask upgrades` takes `--only N` and nothing else")),
    };
    let steps = Steps::new();
    let newest = build::with(build::Profile::Dev, &steps)?;
    let postgres = steps.run("PostgreSQL", postgres::start)?;
    let mut commits = releases()?;
    commits.retain(|tables, _| only.is_none_or(|only| only == *tables));
    let mut trial = process::cargo();
    trial.args(["run", "--example", "upgrades", "--"]).arg(paths::root().join("upgrade")).arg(newest);
    trial.env(postgres::URL, &postgres.url);
    for (tables, commit) in &commits {
        let old = steps.run(&format!("build {} of migration {tables}", &commit[..10]), || build_at(*tables, commit))?;
        trial.arg(old);
    }
    steps.run("old and new on one database", || process::run(&mut trial))?;
    say(&steps.total());
    Ok(ExitCode::SUCCESS)
}

/// For each migration but the newest, the newest commit whose tables are made by exactly those up to it. The very first had no release.
fn releases() -> Result<BTreeMap<usize, String>> {
    let history = git(&["rev-list", "--topo-order", "HEAD"])?;
    let mut found = BTreeMap::new();
    let mut seen = String::new();
    let now = migrations("HEAD")?;
    for commit in history.lines() {
        // Most commits change no table: their tree is the one that was looked at last.
        // The first commits have no such folder.
        let tree = git(&["rev-parse", &format!("{commit}:{MIGRATIONS}")]).unwrap_or_default();
        if tree == seen {
            continue;
        }
        seen = tree;
        let then = migrations(commit)?;
        if let Some(tables) = then.last().filter(|_| then.len() > 1 && then.len() < now.len() && now.starts_with(&then))
        {
            found.entry(*tables).or_insert_with(|| commit.to_owned());
        }
    }
    if found.is_empty() {
        return Err(Failure::new(
            "no earlier release is in the history of this clone; fetch all of it (`git fetch --unshallow`)",
        ));
    }
    Ok(found)
}

/// The numbers of the migrations that a commit has.
fn migrations(commit: &str) -> Result<Vec<usize>> {
    let names = git(&["ls-tree", "--name-only", commit, MIGRATIONS])?;
    let numbers = names.lines().filter_map(|name| name.trim_start_matches(MIGRATIONS).get(..4)?.parse().ok());
    Ok(numbers.collect())
}

/// The server of a commit. All are built in one folder, so that what they have in common is compiled once.
fn build_at(tables: usize, commit: &str) -> Result<PathBuf> {
    let folder = paths::target().join("upgrades");
    let kept = folder.join(format!("{tables}-{}", &commit[..10]));
    if kept.exists() {
        return Ok(kept);
    }
    let source = folder.join("source");
    check_out(&source, commit)?;
    let mut cargo = process::cargo();
    // Its pages are not asked for: whatever site it embeds will do.
    cargo.current_dir(&source).env("KEYDESK_SITE", paths::target().join("site"));
    cargo
        .args(["build", "--quiet", "--package", "server", "--bin", "keydesk", "--target-dir"])
        .arg(folder.join("build"));
    process::run(&mut cargo)?;
    fs::copy(folder.join("build/debug/keydesk"), &kept).map_err(Failure::at(&kept))?;
    Ok(kept)
}

fn check_out(source: &Path, commit: &str) -> Result<()> {
    if source.join(".git").exists() {
        return process::run(
            Command::new("git").arg("-C").arg(source).args(["checkout", "--quiet", "--force", "--detach", commit]),
        );
    }
    git(&["worktree", "prune"])?;
    let source = source.to_string_lossy();
    git(&["worktree", "add", "--quiet", "--force", "--detach", &source, commit]).map(drop)
}

fn git(args: &[&str]) -> Result<String> {
    process::capture(process::command("git").args(args)).map(|text| text.trim().to_owned())
}
