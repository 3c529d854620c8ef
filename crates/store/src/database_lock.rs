//! Who is at work on a SQLite database, and on which files.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::fs::{FlockOperation, flock};
use tokio::time::sleep;

use crate::{
    StoreError,
    sqlite_files::{BESIDE, LOCK, beside, identity, real},
};

/// Says that somebody is at work on a database, for as long as it lives: any number of programs that read and write it, or one
/// that puts another file in its place. It is the lock of a file beside it, so that it goes when its program does.
///
/// In that file stand the numbers (inodes) of the files that those at work have opened: the database's, and those beside it. So
/// whoever comes learns that another file is in the place of one, while they go on with the old one: with two files and one log, or
/// two logs and one file, SQLite would mix them.
#[derive(Debug)]
pub struct DatabaseLock {
    file: File,
    path: PathBuf,
    /// The file is ours, and goes with us: no database was opened that needs it.
    is_made: bool,
}

/// How often it is looked at again whether those at work have another file, and how long between: two that come at the same moment
/// can be in each other's way.
const LOOKS: u32 = 50;
const LOOKS_AT_NOTHING: u32 = 5;
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// The files that those at work have opened, by their numbers; 0: there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Note {
    database: u64,
    /// `None`: nobody has opened it yet, or only a release that notes the database alone.
    beside: Option<[u64; 2]>,
}

impl Note {
    /// As many bytes always, so that it is written at once: three numbers of 20 digits, and blanks.
    const LENGTH: usize = 64;

    /// The files that are there.
    fn of(database: &Path) -> io::Result<Self> {
        let number = |file: &Path| identity(file).map(|found| found.map_or(0, |(_, inode)| inode));
        let [log, shared] = BESIDE.map(|ending| number(&beside(&real(database), ending)));
        Ok(Self { database: number(database)?, beside: Some([log?, shared?]) })
    }

    fn parse(text: &str) -> Option<Self> {
        let numbers: Vec<u64> = text.split_whitespace().map(|number| number.parse().ok()).collect::<Option<_>>()?;
        match *numbers.as_slice() {
            [database] => Some(Self { database, beside: None }),
            [database, log, shared] => Some(Self { database, beside: Some([log, shared]) }),
            _ => None,
        }
    }

    /// Whether the log that is there was written for the file that is noted here, and another is in its place.
    fn left_log_for(self, there: Self) -> bool {
        let log = |note: Self| note.beside.map_or(0, |[log, _]| log);
        self.database != there.database && log(self) != 0 && log(self) == log(there)
    }

    /// Whether these files are those that are there.
    fn fits(self, there: Self) -> bool {
        self.database == there.database && (self.beside.is_none() || self.beside == there.beside)
    }
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = match self.beside {
            Some([log, shared]) => format!("{} {log} {shared}", self.database),
            None => self.database.to_string(),
        };
        write!(f, "{text:<0$}", Self::LENGTH)
    }
}

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

    /// Makes sure that those at work on this database have opened the files that are there now, if there are any. Call it with a
    /// shared lock.
    pub(crate) async fn claim(&mut self, database: &Path) -> Result<(), StoreError> {
        let path = self.path.clone();
        let failed = |error: io::Error| unusable(&path, &error);
        for look in 0..LOOKS {
            let there = Note::of(database).map_err(failed)?;
            // Also to have it again: on the way to the other lock it was given up.
            match flock(&self.file, FlockOperation::NonBlockingLockShared) {
                // Meanwhile whoever made the file has removed it.
                Ok(()) if !self.is_in_place() => {
                    if let Some(lock) = Self::take(database, FlockOperation::NonBlockingLockShared)? {
                        *self = lock;
                        continue;
                    }
                }
                Ok(()) => match self.noted().map_err(failed)? {
                    Some(noted) if noted.fits(there) => return Ok(()),
                    // Those at work are of a release that notes nothing.
                    None if look >= LOOKS_AT_NOTHING => return Ok(()),
                    // It is noted by whoever finds nobody else at work.
                    noted if flock(&self.file, FlockOperation::NonBlockingLockExclusive).is_ok() => {
                        if noted.is_some_and(|noted| noted.left_log_for(there))
                            && !is_empty(&beside(&real(database), BESIDE[0]))
                        {
                            return Err(StoreError::Unsuitable(format!(
                                "the log beside {0} is that of another file, which was in its place when `keydesk` was last at work; \
                                 put that file back, or run `keydesk restore` with the right one",
                                database.display()
                            )));
                        }
                        self.note(Note { beside: None, ..there }).map_err(failed)?;
                        continue;
                    }
                    _ => {}
                },
                Err(rustix::io::Errno::WOULDBLOCK) => {}
                Err(error) => return Err(failed(error.into())),
            }
            sleep(BETWEEN_LOOKS).await;
        }
        let there = Note::of(database).map_err(failed)?;
        let shown = database.display();
        Err(StoreError::Unsuitable(match self.noted().map_err(failed)? {
            Some(noted) if noted.database == there.database => format!(
                "the log beside {shown} is not the one that a running `keydesk` has open: that was removed or replaced; stop every \
                 `keydesk`, and start again"
            ),
            _ => format!(
                "{shown} is not the file that a running `keydesk` has open: that was moved away or replaced; stop every `keydesk`, and \
                 put the right file in its place with `keydesk restore`"
            ),
        }))
    }

    /// Notes the files beside the database, which SQLite has opened now. Call it with a lock that is claimed.
    pub(crate) fn note_log(&self, database: &Path) -> Result<(), StoreError> {
        let failed = |error: io::Error| unusable(&self.path, &error);
        let there = Note::of(database).map_err(failed)?;
        if self.noted().map_err(failed)? == Some(there) { Ok(()) } else { self.note(there).map_err(failed) }
    }

    /// The files that are noted.
    fn noted(&self) -> io::Result<Option<Note>> {
        let mut text = [0; Note::LENGTH];
        let length = self.file.read_at(&mut text, 0)?;
        Ok(std::str::from_utf8(&text[..length]).ok().and_then(Note::parse))
    }

    fn note(&self, note: Note) -> io::Result<()> {
        self.file.write_all_at(note.to_string().as_bytes(), 0)
    }

    /// The lock of whoever must be alone. `None`: somebody else is at work.
    pub fn alone(database: &Path) -> Result<Option<Self>, StoreError> {
        Self::take(database, FlockOperation::NonBlockingLockExclusive)
    }

    fn take(database: &Path, operation: FlockOperation) -> Result<Option<Self>, StoreError> {
        // One lock, by whichever name the file is reached.
        let path = beside(&real(database), LOCK);
        let failed = |error: io::Error| unusable(&path, &error);
        for _ in 0..LOOKS {
            let Some((file, is_made)) = open(&path).map_err(failed)? else { continue };
            let lock = Self { file, path: path.clone(), is_made };
            match flock(&lock.file, operation) {
                Ok(()) if lock.is_in_place() => return Ok(Some(lock)),
                // Whoever made it has removed it before it was locked.
                Ok(()) => {}
                Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
                Err(error) => return Err(failed(error.into())),
            }
        }
        Ok(None)
    }

    /// Whether the file is still there: whoever comes locks the one that is. One that can't be looked at is not taken for one that
    /// is gone.
    pub(crate) fn is_in_place(&self) -> bool {
        let (Ok(now), Ok(own)) = (identity(&self.path), self.file.metadata()) else { return true };
        now == Some((own.dev(), own.ino()))
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// From now on a database needs the file.
    pub(crate) fn keep(&mut self) {
        self.is_made = false;
    }

    /// Gives it up, whoever still holds a clone.
    pub(crate) fn release(&self) {
        // It goes with the file in any case.
        let _ = flock(&self.file, FlockOperation::Unlock);
    }
}

impl Drop for DatabaseLock {
    /// Leaves nothing behind where no database was opened, unless somebody else locks it by now.
    fn drop(&mut self) {
        if self.is_made && flock(&self.file, FlockOperation::NonBlockingLockExclusive).is_ok() && self.is_in_place() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Whether somebody is at work on a database. Makes nothing.
pub(crate) fn at_work(database: &Path) -> bool {
    let Ok(file) = File::open(beside(&real(database), LOCK)) else { return false };
    flock(&file, FlockOperation::NonBlockingLockExclusive) == Err(rustix::io::Errno::WOULDBLOCK)
}

/// The file of a lock, and whether it was made; `None`: another made it at the same moment.
fn open(path: &Path) -> io::Result<Option<(File, bool)>> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        opened => return opened.map(|file| Some((file, false))),
    }
    match options.create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(None),
        made => made.map(|file| Some((file, true))),
    }
}

/// Whether a file holds nothing. One that can't be looked at does.
fn is_empty(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|metadata| metadata.len() == 0)
}

fn unusable(path: &Path, error: &io::Error) -> StoreError {
    StoreError::Database(format!("{} can't be used: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_read_as_it_is_written_also_that_of_an_earlier_release() {
        for beside in [None, Some([0, 0]), Some([u64::MAX; 2])] {
            let note = Note { database: u64::MAX, beside };
            let text = note.to_string();
            assert_eq!((text.len(), Note::parse(&text)), (Note::LENGTH, Some(note)));
        }
        assert_eq!(Note::parse("17"), Some(Note { database: 17, beside: None }));
        for text in ["", "17 18", "seventeen", "1 2 3 4"] {
            assert_eq!(Note::parse(text), None, "{text}");
        }
    }

    #[tokio::test]
    async fn a_lock_of_no_database_leaves_no_file_unless_another_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("keydesk.db");
        let lock = beside(&database, LOCK);
        drop(DatabaseLock::alone(&database).unwrap().unwrap());
        assert!(!lock.exists());
        let first = DatabaseLock::shared(&database).await.unwrap();
        let mut second = DatabaseLock::shared(&database).await.unwrap();
        drop(first);
        assert!(lock.exists() && second.is_in_place(), "the second has it");
        fs::remove_file(&lock).unwrap();
        assert!(!second.is_in_place());
        second.claim(&database).await.unwrap();
        assert!(second.is_in_place(), "it was taken anew");
    }

    #[test]
    fn a_link_has_the_lock_of_what_it_leads_to_before_that_is_there() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("volume")).unwrap();
        let (link, file) = (folder.path().join("link.db"), folder.path().join("volume/keydesk.db"));
        std::os::unix::fs::symlink("volume/keydesk.db", &link).unwrap();
        let _lock = DatabaseLock::alone(&link).unwrap().unwrap();
        assert!(DatabaseLock::alone(&file).unwrap().is_none());
        fs::write(&file, "").unwrap();
        assert!(DatabaseLock::alone(&link).unwrap().is_none());
    }
}
