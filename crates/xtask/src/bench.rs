//! `cargo xtask bench`: the numbers of docs/performance.md.

use crate::process::{self, Result};
use crate::step::{Steps, say};
use crate::{build, postgres};
use std::process::ExitCode;

pub(crate) fn run(args: &[String]) -> Result<ExitCode> {
    let mut steps = Steps::new();
    build::all(&mut steps)?;
    let postgres =
        if args.iter().any(|arg| arg == "--postgres") { Some(steps.run("PostgreSQL", postgres::start)?) } else { None };
    if !args.iter().any(|arg| arg == "--timing") {
        steps.run("decisions, in process", || {
            process::run(process::cargo().args(["bench", "-p", "verify", "-p", "domain"]))
        })?;
    }
    // The bench starts its neighbours: the empty handler that it compares with, and what makes a million keys.
    steps.run("build the bench", || process::run(build::release("build").arg("--examples")))?;
    steps.run("the server, over HTTP", || {
        let mut bench = build::release("run");
        if let Some(postgres) = &postgres {
            bench.env(postgres::URL, &postgres.url);
        }
        process::run(bench.args(["--example", "bench", "--"]).args(args))
    })?;
    say(&steps.total());
    Ok(ExitCode::SUCCESS)
}
