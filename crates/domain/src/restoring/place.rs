use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use model::Instant;
use store::{BESIDE, DatabaseLock, RESTORING, beside, make_private, real, replaced_by};

use super::error::RestoreError;
use crate::regular_file;

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
        let database = real(database);
        let lock = DatabaseLock::alone(&database)?.ok_or(RestoreError::AtWork)?;
        Ok(Self { folder: beside(&database, RESTORING), database, _lock: lock })
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
        let mut opened = regular_file(file).map_err(at(file))?;
        let metadata = opened.metadata().map_err(at(file))?;
        let identity = |metadata: &fs::Metadata| (metadata.dev(), metadata.ino());
        if self.replaced().is_some_and(|own| fs::metadata(own).is_ok_and(|own| identity(&own) == identity(&metadata))) {
            return Err(RestoreError::Itself(file.to_owned()));
        }
        let mut magic = [0; MAGIC.len()];
        if opened.read_exact(&mut magic).is_err() || magic != *MAGIC {
            return Err(RestoreError::Unfit {
                file: file.to_owned(),
                reason: "it is not a SQLite database".to_owned(),
            });
        }
        // Left by a restore that was killed.
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder).map_err(at(&self.folder))?;
        }
        DirBuilder::new().mode(0o700).create(&self.folder).map_err(at(&self.folder))?;
        for ending in ["", "-wal"] {
            let (from, to) = (beside(file, ending), beside(&self.staged(), ending));
            if from.exists() {
                let mut from = regular_file(&from).map_err(at(&from))?;
                let new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&to);
                io::copy(&mut from, &mut new.map_err(at(&to))?).map_err(at(&to))?;
            }
        }
        Ok(())
    }

    /// Puts the file that was made ready in its place, and returns the name under which the replaced file is kept: the
    /// database, or the log of one that is missing.
    ///
    /// Whoever looks finds either the old database with its log, or none, or the new one, wherever this is killed:
    /// - without a log beside it, one rename takes the place of the old database;
    /// - a log that is left, of a database that could not be opened or is missing, belongs to that database alone: SQLite would
    ///   write it into the new one. So the log has its second name first; then the database goes there, then the log leaves,
    ///   then the new one comes. In between there is no database, and [`Store::open`](store::Store::open) makes none while the log or the
    ///   folder of this restore lies there.
    pub(super) fn put(&self, now: Instant) -> Result<Option<PathBuf>, RestoreError> {
        let staged = self.staged();
        // Its log was written back when it was closed; what is left of one would be lost.
        if beside(&staged, BESIDE[0]).exists() {
            let left = io::Error::other("its log could not be written back");
            return Err(RestoreError::File { file: staged, source: left });
        }
        File::open(&staged).and_then(|file| file.sync_all()).map_err(at(&staged))?;
        let aside = replaced_by(&self.database, now);
        let logs: Vec<&str> = BESIDE.into_iter().filter(|ending| beside(&self.database, ending).exists()).collect();
        for ending in &logs {
            keep(&beside(&self.database, ending), &beside(&aside, ending))?;
        }
        self.reach_disk()?;
        let kept = match (self.replaced(), logs.first()) {
            (Some(own), None) => {
                keep(own, &aside)?;
                Some(aside)
            }
            (Some(own), Some(_)) => {
                make_private(own).and_then(|()| fs::rename(own, &aside)).map_err(at(own))?;
                Some(aside)
            }
            (None, Some(log)) => Some(beside(&aside, log)),
            (None, None) => None,
        };
        self.reach_disk()?;
        for log in logs.iter().map(|ending| beside(&self.database, ending)) {
            fs::remove_file(&log).map_err(at(&log))?;
        }
        self.reach_disk()?;
        fs::rename(&staged, &self.database).map_err(at(&staged))?;
        self.reach_disk()?;
        Ok(kept)
    }

    /// Has the names in the folder of the database reach the disk.
    fn reach_disk(&self) -> Result<(), RestoreError> {
        match self.database.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            Some(folder) => File::open(folder).and_then(|folder| folder.sync_all()).map_err(at(folder)),
            None => Ok(()),
        }
    }
}

/// Gives a file a second name, for its owner alone; where the file system has no such thing, a copy.
fn keep(file: &Path, aside: &Path) -> Result<(), RestoreError> {
    if fs::hard_link(file, aside).is_err() {
        // Created private before anything is written.
        let mut copy = OpenOptions::new().write(true).create_new(true).mode(0o600).open(aside).map_err(at(aside))?;
        let copied = File::open(file).and_then(|mut file| io::copy(&mut file, &mut copy));
        copied.and_then(|_| copy.sync_all()).map_err(at(aside))?;
    }
    make_private(aside).map_err(at(aside))
}

impl Drop for Place {
    fn drop(&mut self) {
        // A folder that is left behind is removed by the next restore.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn whatever_lies_there_is_kept_under_one_name_for_its_owner_alone() {
        for (there, kept) in [
            (&["", "-wal", "-shm"][..], Some("")),
            (&[""], Some("")),
            (&["-wal", "-shm"], Some("-wal")),
            (&["-shm"], Some("-shm")),
            (&[], None),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let database = folder.path().join("keydesk.db");
            let place = Place::take(&database).unwrap();
            for ending in there {
                fs::write(beside(&database, ending), format!("old{ending}")).unwrap();
                fs::set_permissions(beside(&database, ending), fs::Permissions::from_mode(0o644)).unwrap();
            }
            fs::create_dir(&place.folder).unwrap();
            fs::write(place.staged(), "new").unwrap();
            let now = Instant::from_millis(0);
            let aside = replaced_by(&database, now);
            assert_eq!(place.put(now).unwrap(), kept.map(|ending| beside(&aside, ending)), "{there:?}");
            assert_eq!(fs::read_to_string(&database).unwrap(), "new");
            for ending in ["", "-wal", "-shm"] {
                let (own, kept) = (beside(&database, ending), beside(&aside, ending));
                assert_eq!(kept.exists(), there.contains(&ending), "{there:?} {ending}");
                assert!(ending.is_empty() || !own.exists(), "{there:?} {ending}");
                if kept.exists() {
                    assert_eq!(fs::read_to_string(&kept).unwrap(), format!("old{ending}"));
                    assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
                }
            }
        }
    }

    #[test]
    fn a_database_whose_log_was_not_written_back_is_not_put_in_place() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("keydesk.db");
        let place = Place::take(&database).unwrap();
        fs::create_dir(&place.folder).unwrap();
        fs::write(place.staged(), "new").unwrap();
        fs::write(beside(&place.staged(), "-wal"), "its newest pages").unwrap();
        assert!(place.put(Instant::from_millis(0)).is_err());
        assert!(!database.exists());
    }
}
