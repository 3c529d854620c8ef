//! Whether the files of a SQLite database are those that are open.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use crate::{
    StoreError,
    database_lock::{DatabaseLock, at_work},
    sqlite_files::{BESIDE, Identity, beside, identity, real},
};

/// The files of a database that is open.
#[derive(Debug)]
pub(crate) struct DatabaseFile {
    /// As it was named: a link may lead elsewhere later.
    named: PathBuf,
    pub(crate) path: PathBuf,
    pub(crate) lock: DatabaseLock,
    identity: Option<Identity>,
    /// Of the files beside it.
    beside: [Option<Identity>; 2],
    /// Whether it was seen to hold anything.
    is_filled: AtomicBool,
}

impl DatabaseFile {
    /// The files that are open under this path. Call it when SQLite has opened them.
    pub(crate) fn new(named: &Path, mut lock: DatabaseLock) -> Self {
        lock.keep();
        let path = real(named);
        let beside = BESIDE.map(|ending| identity(&beside(&path, ending)).unwrap_or(None));
        let identity = identity(named).unwrap_or(None);
        Self { named: named.to_owned(), path, lock, identity, beside, is_filled: AtomicBool::new(false) }
    }

    /// What says that a file is not the one that is open any more: what is written to that is lost. One that can't be looked at is
    /// not taken for one that is gone.
    pub(crate) fn displaced(&self) -> Option<StoreError> {
        let is_open = |file: &Path, opened| identity(file).map_or(true, |now| now == opened);
        if !is_open(&self.named, self.identity) || self.is_emptied() {
            return Some(StoreError::Replaced);
        }
        let files = BESIDE.map(|ending| beside(&self.path, ending));
        let log = files.into_iter().zip(self.beside).find(|(file, opened)| !is_open(file, *opened));
        let lost = log.map(|(file, _)| file);
        lost.or_else(|| (!self.lock.is_in_place()).then(|| self.lock.path().to_owned())).map(StoreError::Removed)
    }

    /// Whether it was cut off to nothing in its place, which SQLite never does.
    fn is_emptied(&self) -> bool {
        match fs::metadata(&self.path) {
            Ok(metadata) if metadata.len() == 0 => self.is_filled.load(Relaxed),
            Ok(_) => {
                self.is_filled.store(true, Relaxed);
                false
            }
            Err(_) => false,
        }
    }
}

/// Refuses a database that is not there while somebody is at work on it, as its log says that is.
pub(crate) fn not_moved_away(database: &Path) -> Result<(), StoreError> {
    let database = &*real(database);
    if database.exists() || !beside(database, BESIDE[0]).exists() || !at_work(database) {
        return Ok(());
    }
    Err(StoreError::Unsuitable(format!(
        "{} was moved away while a `keydesk` is at work on it; stop every `keydesk`, and put the file in its place with `keydesk \
         restore`",
        database.display()
    )))
}
