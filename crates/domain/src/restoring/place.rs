use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use model::Instant;
use store::{BESIDE, DatabaseLock, beside};

use super::error::RestoreError;

/// How every SQLite database begins.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// The place of a SQLite database, while nobody else is at work on it.
pub(super) struct Place {
    database: PathBuf,
    /// What is to be put there is made ready in here, on the same disk.
    folder: PathBuf,
    _lock: DatabaseLock,
}

fn at(file: &Path) -> impl FnOnce(io::Error) -> RestoreError {
    let file = file.to_owned();
    move |source| RestoreError::File { file, source }
}

impl Place {
    /// Takes it. Fails while any other program has the database open.
    pub(super) fn take(database: &Path) -> Result<Self, RestoreError> {
        // A link stays a link: what it leads to is replaced.
        let database = fs::canonicalize(database).unwrap_or_else(|_| database.to_owned());
        let lock = DatabaseLock::alone(&database)?.ok_or(RestoreError::AtWork)?;
        Ok(Self { folder: beside(&database, ".restoring"), database, _lock: lock })
    }

    /// The database that is there.
    pub(super) fn replaced(&self) -> Option<&Path> {
        self.database.exists().then_some(&*self.database)
    }

    /// Where the file lies that is made ready.
    pub(super) fn staged(&self) -> PathBuf {
        self.folder.join("keydesk.db")
    }

    /// Copies a backup, so that it stays as it is. A log that lies beside it belongs to it.
    pub(super) fn stage(&self, file: &Path) -> Result<(), RestoreError> {
        let mut opened = File::open(file).map_err(at(file))?;
        let metadata = opened.metadata().map_err(at(file))?;
        let identity = |metadata: &fs::Metadata| (metadata.dev(), metadata.ino());
        if self.replaced().is_some_and(|own| fs::metadata(own).is_ok_and(|own| identity(&own) == identity(&metadata))) {
            return Err(RestoreError::Itself(file.to_owned()));
        }
        let mut magic = [0; MAGIC.len()];
        if opened.read_exact(&mut magic).is_err() || magic != *MAGIC {
            return Err(RestoreError::Unfit { file: file.to_owned(), reason: "it is no SQLite database".to_owned() });
        }
        // What a restore left behind that was killed.
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder).map_err(at(&self.folder))?;
        }
        DirBuilder::new().mode(0o700).create(&self.folder).map_err(at(&self.folder))?;
        for ending in ["", "-wal"] {
            let (from, to) = (beside(file, ending), beside(&self.staged(), ending));
            if from.exists() {
                let mut from = File::open(&from).map_err(at(&from))?;
                let new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&to);
                io::copy(&mut from, &mut new.map_err(at(&to))?).map_err(at(&to))?;
            }
        }
        Ok(())
    }

    /// Puts the file that was made ready in its place, in one step, and gives the name under which the one before is kept.
    pub(super) fn put(&self, now: Instant) -> Result<Option<PathBuf>, RestoreError> {
        let staged = self.staged();
        File::open(&staged).and_then(|file| file.sync_all()).map_err(at(&staged))?;
        let aside = match self.replaced() {
            Some(own) => {
                let stamp = now.to_string().replace(':', "-");
                let aside = beside(own, &format!(".replaced-{stamp}"));
                keep(own, &aside)?;
                // Nothing is left there unless the database could not be opened. A log must not be taken for the new one's.
                for ending in BESIDE {
                    let (from, to) = (beside(own, ending), beside(&aside, ending));
                    if from.exists() {
                        fs::rename(&from, &to).map_err(at(&from))?;
                    }
                }
                Some(aside)
            }
            None => None,
        };
        fs::rename(&staged, &self.database).map_err(at(&staged))?;
        if let Some(folder) = self.database.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(at(folder))?;
        }
        Ok(aside)
    }
}

/// Gives a file a second name; where the file system has no such thing, a copy.
fn keep(file: &Path, aside: &Path) -> Result<(), RestoreError> {
    if fs::hard_link(file, aside).is_err() {
        fs::copy(file, aside).and_then(|_| File::open(aside)?.sync_all()).map_err(at(aside))?;
    }
    Ok(())
}

impl Drop for Place {
    fn drop(&mut self) {
        // A folder that is left behind is removed by the next restore.
        let _ = fs::remove_dir_all(&self.folder);
    }
}
