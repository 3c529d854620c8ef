//! `cargo xtask test`: everything that must hold, in one command.
//!
//! A step that fails does not keep the next from running, so that one run tells all that is wrong; only what needs the
//! release binary is left out when that could not be built.

use crate::count::{self, Count};
use crate::postgres::{self, Postgres};
use crate::process::{self, Failure, Result};
use crate::step::{Steps, say};
use crate::{build, e2e, layering, proxies, schemathesis, wasm};
use std::process::{Command, ExitCode};

const STEPS: [&str; 9] =
    ["fmt", "layering", "clippy", "clippy-wasm", "tests", "doctests", "doc", "e2e", "schemathesis"];

/// What `--only` may name.
pub(crate) fn names() -> [&'static str; 9] {
    STEPS
}

pub(crate) fn run(args: &[String]) -> Result<ExitCode> {
    let chosen = chosen(args)?;
    let wanted = |name: &str| chosen.iter().any(|step| step == name);
    let mut steps = Steps::new();
    let mut count = Count::default();

    // Each failure is in the table already.
    if wanted("fmt") {
        let _ = steps.run("formatting", || process::run(process::cargo().args(["fmt", "--all", "--check"])));
    }
    if wanted("layering") {
        let _ = steps.run("layering", layering::check);
    }
    if wanted("clippy") {
        let _ = steps
            .run("clippy", || process::run(process::cargo().args(["clippy", "--all-targets", "--", "-D", "warnings"])));
    }
    if wanted("clippy-wasm") {
        let _ = steps.run("clippy, client", clippy_client);
    }
    if wanted("tests") {
        let _ = rust_tests(&mut steps, &mut count);
    }
    if wanted("doctests") {
        let _ =
            steps.run("doc tests", || counted(process::cargo().args(["test", "--doc"]), count::libtest, &mut count));
    }
    if wanted("doc") {
        let _ = steps.run("documentation", || {
            process::run(process::cargo().args(["doc", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))
        });
    }
    if (wanted("e2e") || wanted("schemathesis")) && build::all(&mut steps).is_ok() {
        if wanted("e2e") {
            let _ = e2e::all(&mut steps, &mut count, &[]);
        }
        if wanted("schemathesis") {
            let _ = steps.run("schemathesis", schemathesis::run);
        }
    }

    say(&format!("\n{}", steps.table()));
    let skipped = if count.skipped == 0 { String::new() } else { format!(", {} skipped", count.skipped) };
    say(&format!("{} passed, {} failed{skipped}", count.passed, count.failed));
    Ok(if steps.all_passed() && count.clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn chosen(args: &[String]) -> Result<Vec<String>> {
    let list = match args {
        [] => return Ok(STEPS.map(str::to_owned).to_vec()),
        [flag, list] if flag == "--only" => list,
        _ => return Err(Failure::new("`cargo xtask test` takes `--only STEP,...` and nothing else")),
    };
    let list: Vec<String> = list.split(',').map(str::to_owned).collect();
    match list.iter().find(|name| !STEPS.contains(&name.as_str())) {
        None => Ok(list),
        Some(unknown) => Err(Failure::new(format!("no step is called `{unknown}`; there are {}", STEPS.join(", ")))),
    }
}

/// With the compiler that makes the client where that has clippy; else with ours, for this machine, which sees almost
/// as much.
fn clippy_client() -> Result<()> {
    let compiler = wasm::find()?;
    let mut clippy = if compiler.has_clippy() {
        compiler.cargo("clippy")
    } else {
        say("  no clippy for wasm here; checking the client as native code");
        let mut clippy = process::cargo();
        clippy.args(["clippy", "-p", "client"]);
        clippy
    };
    process::run(clippy.args(["--", "-D", "warnings"]))
}

fn rust_tests(steps: &mut Steps, count: &mut Count) -> Result<()> {
    let postgres = steps.run("PostgreSQL", postgres::start)?;
    let proxies = steps.run("proxies", proxies::find)?;
    let (mut command, read): (_, fn(&str) -> Option<Count>) = if process::answers("cargo-nextest", "--version") {
        let mut command = process::cargo();
        command.args(["nextest", "run", "--no-fail-fast", "--status-level=fail", "--final-status-level=slow"]);
        (command, count::nextest)
    } else {
        let mut command = process::cargo();
        command.args(["test", "--no-fail-fast", "--lib", "--bins", "--tests"]);
        (command, count::libtest)
    };
    steps.run("Rust tests", || counted(with(&mut command, &postgres).env(proxies::FOLDER, &proxies), read, count))
}

fn with<'a>(command: &'a mut Command, postgres: &Postgres) -> &'a mut Command {
    command.env(postgres::URL, &postgres.url)
}

/// Runs a test runner, adding what it says to the total. A skipped test fails the step.
fn counted(command: &mut Command, read: fn(&str) -> Option<Count>, total: &mut Count) -> Result<()> {
    let mut count = Count::default();
    let success = process::watch(command, |line| {
        if let Some(more) = read(line) {
            count.add(more);
        }
    })?;
    total.add(count);
    if !success {
        return Err(Failure::new(format!("{} failed", count.failed)));
    }
    if !count.clean() {
        return Err(Failure::new(format!("{} skipped, which is no way to pass", count.skipped)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_steps_can_be_chosen() {
        let args = |list: &str| ["--only".to_owned(), list.to_owned()];
        assert_eq!(chosen(&args("fmt,e2e")).unwrap(), ["fmt", "e2e"]);
        assert_eq!(chosen(&[]).unwrap().len(), STEPS.len());
        let failure = chosen(&args("fmt,lint")).unwrap_err();
        assert!(failure.to_string().contains("`lint`"), "{failure}");
    }

    #[test]
    fn a_skipped_test_fails_its_step() {
        let line = "test result: ok. 1 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s";
        let mut total = Count::default();
        let result = counted(process::command("echo").arg(line), count::libtest, &mut total);
        assert!(result.is_err());
        assert_eq!(total, Count { passed: 1, failed: 0, skipped: 1 });
    }
}
