//! What a round of each trial does, for `cargo xtask chaos` and for its small twins among the tests. A round panics when
//! something is not as it was promised.

mod callers;
mod check;
pub(crate) mod clock_steps;
pub(crate) mod corrupted_images;
mod deployment;
pub(crate) mod failed_fsync;
pub(crate) mod forwarder;
pub(crate) mod kills;
mod ledger;
mod power;
mod random;
mod random_damage;
mod shim;
pub(crate) mod tight;
pub(crate) mod torn_writes;

use std::{fs, path::Path};

use tempfile::TempDir;

pub(crate) use self::{
    callers::{Callers, Site},
    check::check,
    deployment::Deployment,
    ledger::{Counts, Deed},
    random::Random,
    shim::Shim,
};
use self::{ledger::Ledger, shim::Write};

/// A folder that is gone when this is dropped; in memory, where the machine has such a place.
pub(crate) fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.expect("a temporary folder")
}

/// Copies the files of a folder to another, which is made.
fn copied(from: &Path, to: &Path) {
    fs::create_dir(to).expect("a new folder");
    for file in fs::read_dir(from).expect("a folder").flatten().filter(|file| file.path().is_file()) {
        fs::copy(file.path(), to.join(file.file_name())).expect("a copy");
    }
}
