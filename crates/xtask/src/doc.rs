//! The documentation, written from what the tests have compiled.
//!
//! `cargo doc` checks all dependencies once more. `cargo test --doc` calls rustdoc with the libraries that are there already, so
//! xtask stands in for rustdoc then: it has the documentation of the crate written, with every warning an error, before the
//! crate's examples run.

use crate::process::{Failure, Result};
use std::env;
use std::ffi::OsString;
use std::process::{Command, ExitCode};

/// Holds the rustdoc that xtask stands in for.
const STANDS_IN: &str = "KEYDESK_RUSTDOC";

/// Options of doc tests alone, and whether a value follows.
const OF_TESTS: [(&str, bool); 7] = [
    ("--test", false),
    ("--no-run", false),
    ("--no-capture", false),
    ("--test-args", true),
    ("--test-run-directory", true),
    ("--test-runtool", true),
    ("--test-runtool-arg", true),
];

/// Has `cargo test --doc` write the documentation too.
pub(crate) fn write_too(cargo: &mut Command) -> Result<()> {
    let this = env::current_exe().map_err(|error| Failure::new(format!("xtask does not find itself: {error}")))?;
    cargo.env(STANDS_IN, env::var_os("RUSTDOC").unwrap_or_else(|| "rustdoc".into())).env("RUSTDOC", this);
    Ok(())
}

/// The rustdoc to stand in for, when cargo has called this program for it.
pub(crate) fn asked() -> Option<OsString> {
    env::var_os(STANDS_IN)
}

/// Runs rustdoc as cargo asks, and before it, for a crate's examples, once more to write its documentation.
pub(crate) fn write_and_test(rustdoc: &OsString, args: &[String]) -> ExitCode {
    if let Some(args) = writing(args) {
        let written = run(Command::new(rustdoc).args(args).args(["-D", "warnings", "--out-dir", "target/doc"]));
        if written != ExitCode::SUCCESS {
            return written;
        }
    }
    run(Command::new(rustdoc).args(args))
}

/// The options with which rustdoc writes what it would test. None: it was not asked for tests.
fn writing(args: &[String]) -> Option<Vec<&str>> {
    args.iter().find(|arg| *arg == "--test")?;
    let (mut kept, mut left) = (Vec::new(), args.iter());
    while let Some(arg) = left.next() {
        let name = arg.split_once('=').map_or(arg.as_str(), |(name, _)| name);
        match OF_TESTS.iter().find(|(option, _)| *option == name) {
            None => kept.push(arg.as_str()),
            Some((_, true)) if name == arg => drop(left.next()),
            Some(_) => {}
        }
    }
    Some(kept)
}

fn run(rustdoc: &mut Command) -> ExitCode {
    let status = rustdoc.status().ok().and_then(|status| status.code());
    status.and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_tests_do_not_reach_the_writing() {
        let asked =
            "--edition=2024 --crate-name model --test src/lib.rs --test-run-directory /a --test-args=-q -L b --no-run";
        let asked: Vec<String> = asked.split(' ').map(str::to_owned).collect();
        assert_eq!(writing(&asked).unwrap().join(" "), "--edition=2024 --crate-name model src/lib.rs -L b");
        assert_eq!(writing(&["-vV".to_owned()]), None);
    }
}
