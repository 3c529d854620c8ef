//! The program that binds the client to JavaScript and compresses files. It is compiled when it is first needed.

use crate::process;
use std::process::Command;

/// To be given its arguments.
pub(crate) fn command() -> Command {
    let mut cargo = process::cargo();
    cargo.args(["run", "--quiet", "--package", "site-tools", "--"]);
    cargo
}
