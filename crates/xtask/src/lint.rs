//! Clippy as the compiler of the workspace.
//!
//! `cargo clippy` would go through the workspace, and all that it depends on, once more beside the compilation for the tests.
//! Its driver is a compiler itself: what xtask compiles for tests is compiled by it, and each lint is judged on the way.

use crate::process::{self, Failure, Result};
use crate::step::Steps;
use std::path::PathBuf;
use std::process::Command;

/// The compiler that cargo uses for the workspace's own crates.
const COMPILER: &str = "RUSTC_WORKSPACE_WRAPPER";

/// Cargo, with clippy as its compiler if there is one. Lints are warnings, which cargo repeats as long as they are true.
pub(crate) fn cargo() -> Command {
    let mut cargo = process::cargo();
    compile_with(&mut cargo);
    cargo
}

/// The same for a command that calls cargo.
pub(crate) fn compile_with(command: &mut Command) {
    if let Ok(driver) = driver() {
        command.env(COMPILER, driver);
    }
}

/// Compiles what is left, and fails if the compiler warned of anything in the workspace.
pub(crate) fn judge(steps: &Steps) -> Result<()> {
    steps.run("clippy", || {
        driver()?;
        let mut cargo = cargo();
        let mut warnings = 0_u32;
        let targets = ["--lib", "--bins", "--tests", "--examples", "--benches"];
        let success = process::watch(cargo.args(["test", "--no-run"]).args(targets), |line| {
            warnings += u32::from(is_summary(line));
        })?;
        match (success, warnings) {
            (false, _) => Err(Failure::new("cargo says above what is wrong")),
            (true, 0) => Ok(()),
            (true, _) => Err(Failure::new("cargo repeats the warnings above")),
        }
    })
}

/// Cargo's line after the warnings of a crate: "warning: `model` (lib) generated 2 warnings".
fn is_summary(line: &str) -> bool {
    line.contains("` (") && line.contains(" generated ") && line.contains(" warning")
}

fn driver() -> Result<PathBuf> {
    let sysroot = process::capture(process::command("rustc").args(["--print", "sysroot"]))?;
    let driver =
        PathBuf::from(sysroot.trim()).join("bin").join(format!("clippy-driver{}", std::env::consts::EXE_SUFFIX));
    if driver.is_file() {
        return Ok(driver);
    }
    Err(Failure::new("this toolchain has no clippy: `rustup component add clippy`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_of_the_workspace_are_counted_and_others_are_not() {
        assert!(is_summary("warning: `model` (lib) generated 1 warning"));
        assert!(is_summary(
            "warning: `store` (lib test) generated 12 warnings (run `cargo fix --lib -p store` to apply 1)"
        ));
        assert!(!is_summary(
            "warning: the following packages contain code that will be rejected by a future version of Rust"
        ));
        assert!(!is_summary("   Compiling generated v0.1.0"));
    }
}
