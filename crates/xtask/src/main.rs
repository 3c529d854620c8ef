//! `cargo xtask`: set-up, build, test and measurement.
//!
//! Everything that a fresh clone needs beyond Rust itself is found or installed from here, so that two commands are
//! enough: `cargo xtask serve` and `cargo xtask test`. If something can't be installed, xtask ends with one sentence
//! that says what to install.

mod advisories;
mod apt;
mod bench;
mod beside;
mod browser;
mod build;
mod chaos;
mod client;
mod count;
mod css;
mod deny;
mod digest;
mod doc;
mod e2e;
mod examples;
mod fuzz;
mod ha;
mod languages;
mod layering;
mod lifeline;
mod lint;
mod measure;
mod nodes;
mod npm;
mod package;
mod paths;
mod port;
mod postgres;
mod process;
mod proxies;
mod python;
mod schemathesis;
mod scratch;
mod screenshots;
mod security_page;
mod serve;
mod site;
mod site_tools;
mod step;
mod test;
mod tools;
mod upgrades;
mod wasm;

use process::{Failure, Result};
use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask <command>

  serve [--quick | --release] [-- ARGS]
                              build, then run the server on 127.0.0.1:3000 with its data in data/; ARGS go to `keydesk serve`.
                              --quick: as soon as can be, not optimised; --release: optimised, in target/release.
                              Without either, the release if one was made before, else the quick one
  build                       the release binary target/release/keydesk, with the browser's side inside
  test [--only STEP,...]      everything that must hold; see below for the steps
  e2e [-- ARGS]               build as the Rust tests do, then the browser tests; ARGS go to Playwright
  examples [NAME...]          install what the examples run on, and run their tests, or those of the named ones
  tryton                      the test of the example that keeps contacts in step with Tryton, on a throwaway PostgreSQL
  package                     a package for Debian in target/debian, of the release; as root it is installed, tried and removed
  bench [--keys N] [--postgres]
                              the measurements of docs/performance.md
  bench --million             of these the pages of a million keys, on SQLite and PostgreSQL
  bench --load [--rounds N] [--seconds N]
                              its measurements under load, beside bare axum, nginx and HAProxy
  bench --gateway [--calls] [--bodies] [--streams] [--rounds N] [--seconds N]
                              the gateway beside nginx, HAProxy and Caddy: small calls, half load, bodies of 1 GB, streams
  bench --creates [--postgres]
                              how many keys 1, 8 and 32 callers create
  bench --revocation [--trials N]
                              how long other nodes accept a key that was deleted, with notifications and without
  bench --overshoot [--seconds N]
                              how many calls too many three nodes allow: by shares, with Redis, of a quota
  bench --memory              what three limits of each of 100,000 keys cost in memory
  attack [--seconds N] [--postgres]
                              what good callers feel while strangers flood the server and hold connections
  chaos [--rounds N] [--only NAME,...] [--seed N]
                              the trials of docs/trials.md, 50 rounds of each: kills, full disks, failed flushes, torn writes,
                              damaged databases, clock steps, failovers, little room
  ha [--rounds N] [--only NAME,...]
                              nodes on a PostgreSQL that fails over and a Valkey that goes: parts are killed and cut off, 20 rounds
                              each (primary, etcd, node, cut-primary, cut-node, lagging, limits); needs root
  nodes [N] [--redis] [--port N]
                              N nodes (3) on one throwaway PostgreSQL, with what to try; --redis: their rate limits are kept there
  bench --browser             its measurements in a browser
  upgrades [--only N]         builds the newest commit of each migration (or of N) from the history, and runs it and today's server on
                              one database, after each other and beside each other, and on what the releases left in upgrade/
  fuzz [--seconds N]          run each fuzz target for a minute, or for N seconds
  advisories DIR              check the dependencies for known faults against DIR, a checkout of RustSec's advisory-db, and
                              write docs/advisories.txt; also says when Leptos is out of its release candidates
  screenshots                 make docs/images/*.png anew
  postgres -- COMMAND         run COMMAND with TEST_POSTGRES_URL set to a throwaway PostgreSQL

Environment:
  TEST_REDIS_SERVER, TEST_PROMTOOL, TEST_H2LOAD
                              the programs redis-server, promtool and h2load, in place of those on the path or Debian's
  TEST_POSTGRES_URL           a PostgreSQL whose superuser the tests may use, in place of a throwaway one
  KEYDESK_PROFILE             `dev`: `serve`, `build` and `chaos` make the server as the tests do, sooner and slower, in target/debug;
                              `start`: as `serve --quick` does; `release`
  KEYDESK_WASM_COMPILER       `rustup` or `debian`: which compiler makes the client, in place of the first that works
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let Some(rustdoc) = doc::asked() {
        return doc::write_and_test(&rustdoc, &args);
    }
    match dispatch(&args) {
        Ok(code) => code,
        Err(failure) => {
            step::say(&format!("error: {failure}"));
            ExitCode::FAILURE
        }
    }
}

fn dispatch(args: &[String]) -> Result<ExitCode> {
    let Some((command, rest)) = args.split_first() else {
        step::say(USAGE);
        return Ok(ExitCode::from(2));
    };
    let (own, passed_on) = split_at_dashes(rest);
    match command.as_str() {
        "serve" => serve::run(own, passed_on),
        "build" => no_arguments(own).and_then(|()| build::run()),
        "test" => test::run(own),
        "e2e" => e2e::run(&[own, passed_on].concat()),
        "examples" => examples::run(own),
        "tryton" => no_arguments(own).and_then(|()| examples::tryton()),
        "package" => no_arguments(own).and_then(|()| package::run()),
        "attack" => bench::run(&[&["--attack".to_owned()], own].concat()),
        "chaos" => chaos::run(own),
        "bench" if own == ["--browser"] => measure::run(),
        "bench" => bench::run(own),
        "fuzz" => fuzz::run(own),
        "ha" => ha::run(own),
        "nodes" => nodes::run(own),
        "advisories" => advisories::run(own).map(|()| ExitCode::SUCCESS),
        "screenshots" => no_arguments(own).and_then(|()| screenshots::run()),
        "upgrades" => upgrades::run(own),
        "postgres" => postgres::run(&[own, passed_on].concat()),
        "help" | "--help" | "-h" => {
            step::say(&format!("{USAGE}\nSteps of `test`: {}", test::names().join(", ")));
            Ok(ExitCode::SUCCESS)
        }
        other => {
            step::say(&format!("error: there is no `cargo xtask {other}`\n\n{USAGE}"));
            Ok(ExitCode::from(2))
        }
    }
}

fn split_at_dashes(args: &[String]) -> (&[String], &[String]) {
    match args.iter().position(|arg| arg == "--") {
        Some(at) => (&args[..at], &args[at + 1..]),
        None => (args, &[]),
    }
}

fn no_arguments(args: &[String]) -> Result<()> {
    match args.first() {
        None => Ok(()),
        Some(arg) => {
            Err(Failure::new(format!("`{arg}` is not understood here; `cargo xtask help` lists the commands")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_after_the_dashes_are_passed_on() {
        let args = ["--keys", "1", "--", "--headed", "--"].map(String::from);
        let (own, passed_on) = split_at_dashes(&args);
        assert_eq!(own, ["--keys", "1"]);
        assert_eq!(passed_on, ["--headed", "--"]);
    }
}
