//! `cargo xtask bench` and `cargo xtask attack`: the numbers of docs/performance.md.

use crate::process::{self, Failure, Result};
use crate::step::{Steps, say};
use crate::{apt, build, postgres, proxies, tools};
use std::path::PathBuf;
use std::process::ExitCode;

/// Measurements that are made alone.
const ALONE: [&str; 10] = [
    "--timing",
    "--load",
    "--gateway",
    "--creates",
    "--attack",
    "--revocation",
    "--overshoot",
    "--import",
    "--memory",
    "--million",
];

pub(crate) fn run(args: &[String]) -> Result<ExitCode> {
    let steps = Steps::new();
    build::all(&steps)?;
    let is = |flag: &str| args.iter().any(|arg| arg == flag);
    let wants_postgres = ["--postgres", "--revocation", "--overshoot", "--import", "--million"].into_iter().any(is);
    let postgres = if wants_postgres { Some(steps.run("PostgreSQL", postgres::start)?) } else { None };
    let wants_neighbours = ["--load", "--gateway"].into_iter().any(is);
    let neighbours = if wants_neighbours { Some(steps.run("wrk and proxies", neighbours)?) } else { None };
    let redis = if is("--overshoot") { Some(tools::REDIS.find()?) } else { None };
    if !ALONE.into_iter().any(is) {
        steps.run("decisions, in process", || {
            process::run(process::cargo().args(["bench", "-p", "verify", "-p", "domain"]))
        })?;
    }
    // The bench starts other examples: the empty handler that it compares with, the one that makes a million keys, and those who
    // follow the contact centre.
    steps.run("build the bench", || {
        let examples = ["bench", "empty", "seed", "follow"].into_iter().flat_map(|example| ["--example", example]);
        process::run(build::release("build").args(examples))
    })?;
    steps.run("the server, over HTTP", || {
        let mut bench = build::release("run");
        if let Some(postgres) = &postgres {
            bench.env(postgres::URL, &postgres.url);
        }
        if let Some(redis) = &redis {
            bench.env(tools::REDIS.variable, redis);
        }
        if let Some(neighbours) = &neighbours {
            bench.env(proxies::FOLDER, neighbours);
        }
        process::run(bench.args(["--example", "bench", "--"]).args(args))
    })?;
    say(&steps.total());
    Ok(ExitCode::SUCCESS)
}

/// The generator of load, and the folder of the proxies that are measured beside Keydesk.
fn neighbours() -> Result<PathBuf> {
    // wrk ends with a failure even when it is asked for its version.
    let is_here = || process::command("wrk").arg("--version").output().is_ok();
    if !is_here() && apt::available() {
        apt::install(&["wrk"])?;
    }
    if is_here() {
        proxies::find()
    } else {
        Err(Failure::new("wrk is not here; install it (https://github.com/wg/wrk)"))
    }
}
