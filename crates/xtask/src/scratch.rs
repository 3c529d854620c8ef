//! Where data go that are thrown away.

use crate::process;
use std::path::PathBuf;

/// The system's folder in memory if it has one with room, else its temporary one. The tests make thousands of databases of
/// many files each, and none of them asks what a power cut leaves.
pub(crate) fn folder() -> PathBuf {
    const FOLDER: &str = "/dev/shm";
    const ROOM_KIB: u64 = 4 << 20;
    let printed = process::capture(process::command("df").args(["--output=avail", "-k", FOLDER])).ok();
    let available = printed.and_then(|printed| printed.lines().last()?.trim().parse::<u64>().ok());
    if available.is_some_and(|available| available >= ROOM_KIB) { FOLDER.into() } else { std::env::temp_dir() }
}
