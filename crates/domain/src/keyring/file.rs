//! The file of a keyring: where it is, who may read it, and how it is written.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown},
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use zeroize::{Zeroize as _, Zeroizing};

use super::error::KeyringError;
use crate::{Entropy, audit::keys};

/// The name of the file in the data directory.
pub(super) const FILE_NAME: &str = "master.key";

/// Where a keyring is, and who may read it there.
#[derive(Clone, Debug)]
pub(crate) struct KeyringFile {
    pub(super) path: PathBuf,
    /// Whether the operator named it. Such a file may be readable by its group, since that is how Kubernetes gives a secret to
    /// a process that is not root.
    pub(super) named: bool,
}

impl KeyringFile {
    /// The one in the data directory.
    pub(crate) fn in_dir(data_dir: &Path) -> Self {
        Self { path: data_dir.join(FILE_NAME), named: false }
    }

    /// One that the operator named.
    pub(crate) fn named(path: PathBuf) -> Self {
        Self { path, named: true }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What changes when the file does. `None`: it is not there, or can't be looked at.
    pub(crate) fn look(&self) -> Option<Look> {
        let file = fs::metadata(&self.path).ok()?;
        let (modified, changed) = ((file.mtime(), file.mtime_nsec()), (file.ctime(), file.ctime_nsec()));
        Some(Look { file: (file.dev(), file.ino(), file.size()), modified, changed })
    }

    /// Files with a keyring's text that a program left beside it which was killed while it wrote.
    pub(crate) fn left_over(&self) -> Vec<PathBuf> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let files = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let is_aside = |file: &PathBuf| {
            let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
            file.file_stem() == self.path.file_stem()
                && ending.len() == 16
                && ending.bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        files.filter(is_aside).collect()
    }

    /// Refuses permissions under which others could read it, or write to it.
    pub(crate) fn check(&self, metadata: &fs::Metadata) -> Result<u32, KeyringError> {
        let mode = metadata.mode() & 0o777;
        let forbidden = if self.named { 0o037 } else { 0o077 };
        if mode & forbidden == 0 {
            Ok(mode)
        } else {
            Err(KeyringError::Permissions { path: self.path.clone(), mode, named: self.named })
        }
    }
}

/// A look at a keyring's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    file: (u64, u64, u64),
    modified: (i64, i64),
    changed: (i64, i64),
}

/// A line with a new key.
pub(super) fn new_line(kind: &str, id: &str, entropy: &dyn Entropy, adopts: bool) -> Zeroizing<String> {
    let mut key = [0; 32];
    entropy.fill(&mut key);
    let text = Zeroizing::new(STANDARD.encode(key));
    key.zeroize();
    Zeroizing::new(if kind == "audit" {
        keys::line(id, &text, adopts)
    } else {
        format!("{kind} {id} {}\n", text.as_str())
    })
}

/// The name under which a file is written before it takes the place of `path`.
fn aside(path: &Path, entropy: &dyn Entropy) -> PathBuf {
    let mut suffix = [0; 8];
    entropy.fill(&mut suffix);
    path.with_extension(format!("{:016x}", u64::from_ne_bytes(suffix)))
}

/// Gives the keyring another text, whole, with its mode and its owner; `None` leaves it. One process at a time, so that all see what
/// the first has written. A file that the operator named is theirs to write, as is one that can't be written.
pub(crate) fn rewrite(
    file: &KeyringFile,
    entropy: &dyn Entropy,
    change: impl FnOnce(&str) -> Option<Zeroizing<String>>,
) -> io::Result<()> {
    let path = file.path();
    let Some(folder) = path.parent().filter(|_| !file.named) else {
        return Err(io::ErrorKind::ReadOnlyFilesystem.into());
    };
    let folder = fs::File::open(folder)?;
    folder.lock()?;
    // A link is what a secret that is mounted looks like; the file behind it is not ours.
    let before = fs::symlink_metadata(path)?;
    if before.is_symlink() || before.permissions().readonly() {
        return Err(io::ErrorKind::ReadOnlyFilesystem.into());
    }
    let text = Zeroizing::new(fs::read_to_string(path)?);
    let Some(text) = change(&text) else { return Ok(()) };
    let aside = aside(path, entropy);
    let written = (|| {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
        io::Write::write_all(&mut file, text.as_bytes())?;
        file.set_permissions(before.permissions())?;
        let made = file.metadata()?;
        if (made.uid(), made.gid()) != (before.uid(), before.gid()) {
            // Whoever runs this command may be another user than the server, which must still be able to read it.
            fchown(&file, Some(before.uid()), Some(before.gid()))?;
        }
        file.sync_all()?;
        fs::rename(&aside, path)?;
        folder.sync_all()
    })();
    if written.is_err() {
        let _ = fs::remove_file(&aside);
    }
    written
}

/// Written aside and linked into place, so that two processes that start at once use the same file.
pub(super) fn create(path: &Path, entropy: &dyn Entropy) -> io::Result<()> {
    let mut text = Zeroizing::new(String::from(
        "# The keyring of this Keydesk. Without it no API key verifies and none can be revealed.\n\
         # Keep a copy apart from the database's backups: together they open every key.\n",
    ));
    for (kind, id) in [("pepper", "p1"), ("master", "m1"), ("audit", "a1")] {
        text.push_str(&new_line(kind, id, entropy, false));
    }
    let aside = aside(path, entropy);
    let written = (|| {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
        io::Write::write_all(&mut file, text.as_bytes())?;
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
        file.sync_all()?;
        match fs::hard_link(&aside, path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            other => other,
        }?;
        match path.parent() {
            Some(parent) => fs::File::open(parent)?.sync_all(),
            None => Ok(()),
        }
    })();
    let _ = fs::remove_file(&aside);
    written
}
