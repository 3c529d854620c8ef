//! The files of a SQLite database: who may read them, and who is at work on them.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions, Permissions},
    io,
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{FlockOperation, flock},
    process::geteuid,
};

use crate::StoreError;

/// Files that SQLite keeps beside a database.
pub const BESIDE: [&str; 2] = ["-wal", "-shm"];

/// A database's file by another ending.
pub fn beside(database: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(database);
    name.push(ending);
    PathBuf::from(name)
}

/// The files of a database that are there.
pub(crate) fn existing(database: &Path) -> Vec<PathBuf> {
    let beside = BESIDE.iter().map(|ending| beside(database, ending));
    std::iter::once(database.to_owned()).chain(beside).filter(|file| file.exists()).collect()
}

/// Makes the database's file, or what is there of its files, readable for their owner alone. SQLite gives the files that it
/// makes beside a database that one's mode. Files of another user stay as they are.
pub(crate) fn keep_private(database: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(database) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    for file in existing(database) {
        let metadata = match fs::metadata(&file) {
            // Whoever closes the database last takes away what is beside it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            metadata => metadata?,
        };
        if metadata.mode() & 0o077 != 0 && metadata.uid() == geteuid().as_raw() {
            fs::set_permissions(&file, Permissions::from_mode(0o600))?;
        }
    }
    Ok(())
}

/// The file of a database that is open.
#[derive(Debug)]
pub(crate) struct DatabaseFile {
    pub(crate) path: PathBuf,
    pub(crate) lock: DatabaseLock,
    /// Device and inode.
    identity: Option<(u64, u64)>,
}

impl DatabaseFile {
    /// The file that is open under this path.
    pub(crate) fn new(path: &Path, lock: DatabaseLock) -> Self {
        Self { path: path.to_owned(), lock, identity: identity(path).unwrap_or(None) }
    }

    /// Whether the file is where it was opened. One that can't be looked at is not taken for one that is gone.
    pub(crate) fn is_in_place(&self) -> bool {
        identity(&self.path).map_or(true, |now| now == self.identity)
    }
}

/// Device and inode of a file; `None`: there is none.
fn identity(path: &Path) -> io::Result<Option<(u64, u64)>> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some((metadata.dev(), metadata.ino()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Says that somebody is at work on a database, for as long as it lives: any number of programs that read and write it, or one
/// that puts another file in its place. It is the lock of a file beside it, so that it goes when its program does.
#[derive(Debug)]
pub struct DatabaseLock(File);

impl DatabaseLock {
    /// The lock of one among many.
    pub(crate) fn shared(database: &Path) -> Result<Self, StoreError> {
        Self::take(database, FlockOperation::NonBlockingLockShared)?.ok_or_else(|| {
            StoreError::Unsuitable("a backup is being restored into it; try again when that is done".to_owned())
        })
    }

    /// The lock of whoever must be alone. `None`: somebody else is at work.
    pub fn alone(database: &Path) -> Result<Option<Self>, StoreError> {
        Self::take(database, FlockOperation::NonBlockingLockExclusive)
    }

    fn take(database: &Path, operation: FlockOperation) -> Result<Option<Self>, StoreError> {
        // One lock, by whichever name the file is reached.
        let file = fs::canonicalize(database).unwrap_or_else(|_| database.to_owned());
        let path = beside(&file, ".lock");
        let failed = |error: io::Error| StoreError::Database(format!("{} can't be used: {error}", path.display()));
        let file =
            OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path).map_err(failed)?;
        match flock(&file, operation) {
            Ok(()) => Ok(Some(Self(file))),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(failed(error.into())),
        }
    }

    /// Gives it up, whoever still holds a clone.
    pub(crate) fn release(&self) {
        // It goes with the file in any case.
        let _ = flock(&self.0, FlockOperation::Unlock);
    }
}
