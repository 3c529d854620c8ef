//! The files of a SQLite database: who may read them, and who is at work on them.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions, Permissions},
    io,
    os::unix::{
        ffi::OsStrExt as _,
        fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    },
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::{
    fs::{Access, AtFlags, CWD, FlockOperation, accessat, flock},
    process::geteuid,
};
use tokio::time::sleep;

use model::Instant;

use crate::StoreError;

/// Files that SQLite keeps beside a database: its log, and what the programs at work on it share.
pub const BESIDE: [&str; 2] = ["-wal", "-shm"];
/// The ending of the folder in which a restore makes a database ready.
pub const RESTORING: &str = ".restoring";
/// The ending of the file whose lock says that somebody is at work.
pub(super) const LOCK: &str = ".lock";
/// How the ending begins of a database that another took the place of.
pub(super) const REPLACED: &str = ".replaced-";

/// A database's file by another ending.
pub fn beside(database: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(database);
    name.push(ending);
    PathBuf::from(name)
}

/// The name under which a database is kept that is replaced at an instant.
pub fn replaced_by(database: &Path, at: Instant) -> PathBuf {
    beside(database, &format!("{REPLACED}{}", at.to_string().replace(':', "-")))
}

/// A database's file itself, by whichever name it is reached: what lies beside it has its name.
pub(crate) fn real(database: &Path) -> PathBuf {
    fs::canonicalize(database).unwrap_or_else(|_| database.to_owned())
}

/// The files of a database that are there, the lock and the databases that it took the place of among them, by name.
pub(crate) fn existing(database: &Path) -> Vec<PathBuf> {
    let own = [""].iter().chain(&BESIDE).chain([&LOCK]).map(|ending| beside(database, ending));
    let mut found: Vec<PathBuf> = own.filter(|file| file.exists()).collect();
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let begins = database.file_name().map(|name| [name.as_bytes(), REPLACED.as_bytes()].concat()).unwrap_or_default();
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let replaced = entries.filter(|entry| entry.file_name().as_bytes().starts_with(&begins));
    found.extend(replaced.map(|entry| database.with_file_name(entry.file_name())));
    found.sort();
    found
}

/// Makes the database's file, and whatever of its files is there, readable for their owner alone. SQLite gives the files that it
/// makes beside a database that one's mode.
pub(crate) fn keep_private(database: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(database) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    existing(database).iter().try_for_each(|file| match make_private(file) {
        // Whoever closes the database last removes what lies beside it.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        made => made,
    })
}

/// Makes a file readable for its owner alone. One of another user stays as it is.
pub fn make_private(file: &Path) -> io::Result<()> {
    let metadata = fs::metadata(file)?;
    if metadata.mode() & 0o077 != 0 && metadata.uid() == geteuid().as_raw() {
        fs::set_permissions(file, Permissions::from_mode(0o600))?;
    }
    Ok(())
}

/// Refuses to make a database where a restore was killed, or where the log of another one lies: SQLite would write that log into
/// the new database.
pub(crate) fn nothing_left_over(database: &Path) -> Result<(), StoreError> {
    if database.exists() {
        return Ok(());
    }
    let shown = |path: PathBuf| path.display().to_string();
    let refuse = |reason: String| Err(StoreError::Unsuitable(reason));
    if beside(database, RESTORING).exists() {
        return refuse(format!(
            "a restore into {} was broken off; run `keydesk restore` again (what was there before is kept beside it)",
            shown(database.to_owned())
        ));
    }
    let log = beside(database, BESIDE[0]);
    if log.exists() {
        return refuse(format!(
            "{} belongs to a database that is missing; put that back, run `keydesk restore` with a backup, or move the log away",
            shown(log)
        ));
    }
    Ok(())
}

/// Why a database can't be written, where it is on a file system or of a mode that lets it be read alone. Asked without opening it:
/// whoever closes a file takes the locks away that SQLite has on it in the same process.
pub(crate) fn unwritable(database: &Path) -> Option<rustix::io::Errno> {
    let may_write = |path: &Path| accessat(CWD, path, Access::WRITE_OK, AtFlags::EACCESS);
    if !database.is_file() {
        return None;
    }
    let database = &real(database);
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match may_write(database) {
        // Beside it SQLite makes its log.
        Ok(()) if !beside(database, LOCK).exists() => may_write(folder).err(),
        Ok(()) => None,
        Err(error) => Some(error),
    }
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

/// Device and inode of a file; `None`: there is none, or it has no name any more, as one that is mounted by itself, and was replaced
/// where it comes from.
fn identity(path: &Path) -> io::Result<Option<(u64, u64)>> {
    match fs::metadata(path) {
        Ok(metadata) => Ok((metadata.nlink() > 0).then(|| (metadata.dev(), metadata.ino()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Says that somebody is at work on a database, for as long as it lives: any number of programs that read and write it, or one
/// that puts another file in its place. It is the lock of a file beside it, so that it goes when its program does.
///
/// In that file stands the number of the database's file (its inode) that those at work have opened. So whoever comes learns that
/// another file is in its place now, while they go on with the old one: with two files and one log, SQLite would mix them.
#[derive(Debug)]
pub struct DatabaseLock(File);

/// How often it is looked at again whether those at work have another file, and how long between: two that come at the same moment
/// can be in each other's way.
const LOOKS: u32 = 50;
const LOOKS_AT_NOTHING: u32 = 5;
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

impl DatabaseLock {
    /// The lock of one among many.
    pub(crate) async fn shared(database: &Path) -> Result<Self, StoreError> {
        for _ in 0..LOOKS {
            if let Some(lock) = Self::take(database, FlockOperation::NonBlockingLockShared)? {
                return Ok(lock);
            }
            // Somebody may be alone for a moment, who notes which file is there.
            sleep(BETWEEN_LOOKS).await;
        }
        Err(StoreError::Unsuitable("a backup is being restored into it; try again when that is done".to_owned()))
    }

    /// Makes sure that those at work on this database have opened the file that is there now, if there is one. Call it with a shared
    /// lock.
    pub(crate) async fn claim(&self, database: &Path) -> Result<(), StoreError> {
        let failed = |error: io::Error| {
            StoreError::Database(format!("{} can't be used: {error}", beside(database, LOCK).display()))
        };
        for look in 0..LOOKS {
            let inode = identity(database).map_err(failed)?.map_or(0, |(_, inode)| inode);
            // Also to have it again: on the way to the other lock it was given up.
            match flock(&self.0, FlockOperation::NonBlockingLockShared) {
                Ok(()) => match self.noted().map_err(failed)? {
                    Some(noted) if noted == inode => return Ok(()),
                    // Those at work are of a release that notes nothing.
                    None if look >= LOOKS_AT_NOTHING => return Ok(()),
                    // It is noted by whoever finds nobody else at work.
                    _ if flock(&self.0, FlockOperation::NonBlockingLockExclusive).is_ok() => {
                        self.note(inode).map_err(failed)?;
                        continue;
                    }
                    _ => {}
                },
                Err(rustix::io::Errno::WOULDBLOCK) => {}
                Err(error) => return Err(failed(error.into())),
            }
            sleep(BETWEEN_LOOKS).await;
        }
        Err(StoreError::Unsuitable(format!(
            "{} is not the file that a running `keydesk` has open: that was moved away or replaced; stop every `keydesk`, and put the \
             right file in its place with `keydesk restore`",
            database.display()
        )))
    }

    /// The file that is noted.
    fn noted(&self) -> io::Result<Option<u64>> {
        let mut text = [0; 20];
        let length = self.0.read_at(&mut text, 0)?;
        Ok(std::str::from_utf8(&text[..length]).ok().and_then(|text| text.trim().parse().ok()))
    }

    fn note(&self, inode: u64) -> io::Result<()> {
        self.0.set_len(0)?;
        self.0.write_all_at(inode.to_string().as_bytes(), 0)
    }

    /// The lock of whoever must be alone. `None`: somebody else is at work.
    pub fn alone(database: &Path) -> Result<Option<Self>, StoreError> {
        Self::take(database, FlockOperation::NonBlockingLockExclusive)
    }

    fn take(database: &Path, operation: FlockOperation) -> Result<Option<Self>, StoreError> {
        // One lock, by whichever name the file is reached.
        let path = beside(&real(database), LOCK);
        let failed = |error: io::Error| StoreError::Database(format!("{} can't be used: {error}", path.display()));
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
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
