//! What is preloaded into a server, so that its disk and its clock fail as a trial says.

use std::{
    fs::{self, File},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    process,
};

use tokio::process::Command;

use crate::support::command;

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/chaos/shim.c");

/// How writes to the database fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Write {
    Works = 0,
    IoError = 1,
    /// Half of it is written.
    Torn = 2,
    /// Half of it is written, and that is said.
    Short = 3,
    NoSpace = 4,
}

/// The switches of one server, or of several.
#[derive(Debug)]
pub(crate) struct Shim {
    library: PathBuf,
    switches: PathBuf,
    file: File,
    journal: Option<PathBuf>,
}

impl Shim {
    /// With its files in this folder.
    pub(crate) fn new(folder: &Path) -> Self {
        let switches = folder.join("switches");
        let file = File::options().read(true).write(true).create_new(true).open(&switches).expect("a new file");
        file.write_all_at(&[0; 32], 0).expect("room");
        Self { library: library(), switches, file, journal: None }
    }

    /// The same, and what is written and flushed is noted in this file.
    pub(crate) fn with_journal(folder: &Path, journal: &Path) -> Self {
        Self { journal: Some(journal.to_owned()), ..Self::new(folder) }
    }

    /// The binary with it.
    pub(crate) fn command(&self) -> Command {
        let mut command = command();
        command.env("LD_PRELOAD", &self.library).env("CHAOS_SWITCHES", &self.switches);
        command.envs(self.journal.iter().map(|journal| ("CHAOS_JOURNAL", journal)));
        command
    }

    /// Sets the wall clock so far ahead.
    pub(crate) fn set_clock(&self, milliseconds: i64) {
        self.file.write_all_at(&milliseconds.to_ne_bytes(), 0).expect("room");
    }

    /// Whether flushing fails, and how writing does, once in so many times.
    pub(crate) fn fail(&self, flush: bool, write: Write, one_of: i32) {
        let bytes: Vec<u8> =
            [i32::from(flush), write as i32, one_of].iter().flat_map(|word| word.to_ne_bytes()).collect();
        self.file.write_all_at(&bytes, 8).expect("room");
    }

    /// How often something failed.
    pub(crate) fn failed(&self) -> i64 {
        let mut bytes = [0; 8];
        self.file.read_exact_at(&mut bytes, 24).expect("a number");
        i64::from_ne_bytes(bytes)
    }
}

/// Compiles it, if it has changed, into the folder of what cargo has built.
fn library() -> PathBuf {
    let own = std::env::current_exe().expect("a path of this program");
    let library = own.ancestors().nth(2).expect("a folder beside this program's").join("chaos-shim.so");
    let modified = |path: &Path| fs::metadata(path).and_then(|found| found.modified()).ok();
    if modified(&library) <= modified(Path::new(SOURCE)) {
        // Several programs may do so at once.
        let new = library.with_extension(process::id().to_string());
        let args = ["-Wall", "-Wextra", "-shared", "-fPIC", "-O2", SOURCE, "-o"];
        let made = process::Command::new("cc").args(args).arg(&new).status().expect("a C compiler `cc`");
        assert!(made.success(), "the shim could not be compiled");
        fs::rename(&new, &library).expect("a place for the shim");
    }
    library
}
