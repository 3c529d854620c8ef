//! Where things are: all below the workspace's root, but for what is thrown away.

use crate::process;
use std::path::{Path, PathBuf};

/// The workspace's root.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// `target/`, which is always the workspace's own: the stamps in it describe the files beside them.
pub(crate) fn target() -> PathBuf {
    root().join("target")
}

/// What xtask itself keeps between runs: stamps and half-made client files.
pub(crate) fn work() -> PathBuf {
    target().join("xtask")
}

/// The browser's files, as they will be embedded.
pub(crate) fn site() -> PathBuf {
    target().join("site")
}

pub(crate) fn end2end() -> PathBuf {
    root().join("end2end")
}

/// For data that is thrown away: the system's folder in memory if it has one with room, else its temporary one. The
/// tests make thousands of databases of many files each, and none of them asks what a power cut leaves.
pub(crate) fn scratch() -> PathBuf {
    const FOLDER: &str = "/dev/shm";
    const ROOM_KIB: u64 = 4 << 20;
    let printed = process::capture(process::command("df").args(["--output=avail", "-k", FOLDER])).ok();
    let available = printed.and_then(|printed| printed.lines().last()?.trim().parse::<u64>().ok());
    if available.is_some_and(|available| available >= ROOM_KIB) { FOLDER.into() } else { std::env::temp_dir() }
}
