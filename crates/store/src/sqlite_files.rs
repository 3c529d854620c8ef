//! The files of a SQLite database: their names, and who may read them.

use std::{
    ffi::OsString,
    fs::{self, OpenOptions, Permissions},
    io,
    os::unix::{
        ffi::OsStrExt as _,
        fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    },
    path::{Path, PathBuf},
};

use rustix::{
    fs::{Access, AtFlags, CWD, accessat},
    process::geteuid,
};

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

/// Links that are followed from one to the next, as the kernel does.
const LINKS_MOST: usize = 40;

/// A database's file itself, also where it is reached by a link, and also before it is there: what lies beside it has its name.
pub fn real(database: &Path) -> PathBuf {
    let mut path = database.to_owned();
    for _ in 0..LINKS_MOST {
        match fs::read_link(&path) {
            Ok(target) => path = path.parent().map_or_else(|| target.clone(), |folder| folder.join(&target)),
            // It is no link.
            Err(_) => break,
        }
    }
    path
}

/// The files of a database that are there, the lock and the databases that it took the place of among them, by name.
pub(crate) fn existing(database: &Path) -> Vec<PathBuf> {
    let database = &*real(database);
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
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(real(database)) {
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

/// Refuses a file that has a second name: by each name it would have another log and another lock. The name under which a restore
/// keeps it for a moment is none of those.
pub(crate) fn one_name(database: &Path) -> Result<(), StoreError> {
    let Ok(metadata) = fs::metadata(database) else { return Ok(()) };
    let identity = |metadata: &fs::Metadata| (metadata.dev(), metadata.ino());
    let is_it = |file: &PathBuf| fs::metadata(file).is_ok_and(|other| identity(&other) == identity(&metadata));
    let own = existing(database).into_iter().filter(is_it).count() as u64;
    if metadata.nlink() <= own.max(1) {
        return Ok(());
    }
    Err(StoreError::Unsuitable(format!(
        "{} has another name as well (a hard link), by which it would have another log; remove that name, or give Keydesk a copy",
        database.display()
    )))
}

/// Refuses to make a database where a restore was killed, or where the log of another one lies: SQLite would write that log into
/// the new database.
pub(crate) fn nothing_left_over(database: &Path) -> Result<(), StoreError> {
    let database = &*real(database);
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

/// Device and inode.
pub(crate) type Identity = (u64, u64);

/// Device and inode of a file; `None`: there is none, or it has no name any more, as one that is mounted by itself, and was replaced
/// where it comes from.
pub(crate) fn identity(path: &Path) -> io::Result<Option<Identity>> {
    match fs::metadata(path) {
        Ok(metadata) => Ok((metadata.nlink() > 0).then(|| (metadata.dev(), metadata.ino()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
