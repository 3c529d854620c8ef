use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use rustix::{fs::statvfs, process::geteuid};

use crate::{Finding, Keydesk, keyring::KeyringFile, spent_links};

/// Free disk below which `doctor` warns, in bytes: 1 GiB.
const DISK_LOW: u64 = 1 << 30;

impl Keydesk {
    /// Checks what lies in files: who may read it, and whether the disk has room.
    pub(crate) fn examine_files(&self) -> Vec<Finding> {
        let mut files = self.inner.store.files();
        let mut folders = BTreeSet::from([self.inner.data_dir.clone()]);
        folders.extend(files.first().and_then(|file| file.parent()).map(Path::to_owned));
        files.extend([spent_links::path(&self.inner.data_dir)].into_iter().filter(|file| file.exists()));
        files.extend(self.inner.keyring_file.iter().flat_map(KeyringFile::left_over));
        let mut findings = vec![self.check_keyring()];
        if !files.is_empty() {
            findings.push(check_files(&files));
        }
        findings.extend(folders.iter().map(|folder| check_folder(folder)));
        findings.push(check_disk(&self.inner.data_dir));
        findings
    }

    fn check_keyring(&self) -> Finding {
        const WHAT: &str = "keyring";
        let Some(file) = &self.inner.keyring_file else {
            return Finding::new(WHAT, true, "from the environment", "");
        };
        let path = file.path().display();
        match fs::metadata(file.path()) {
            Ok(metadata) => {
                let found = format!("{path} (mode {:03o})", metadata.mode() & 0o777);
                Finding::new(WHAT, file.check(&metadata).is_ok(), found, &format!("run: chmod 600 {path}"))
            }
            Err(error) => Finding::new(WHAT, false, error.to_string(), "restore the keyring from your backup"),
        }
    }
}

/// The files that Keydesk writes hold names, addresses and what is sealed: they are for their owner alone.
fn check_files(files: &[PathBuf]) -> Finding {
    const WHAT: &str = "database files";
    let (mut open, mut foreign) = (Vec::new(), Vec::new());
    for file in files {
        let Ok(metadata) = fs::metadata(file) else { continue };
        let mode = metadata.mode() & 0o777;
        if mode & 0o077 != 0 {
            open.push((file, mode));
        } else if !geteuid().is_root() && metadata.uid() != geteuid().as_raw() {
            foreign.push(file);
        }
    }
    let named = |files: &[&PathBuf]| files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(" ");
    if !open.is_empty() {
        let found: Vec<_> = open.iter().map(|(file, mode)| format!("{} (mode {mode:03o})", file.display())).collect();
        let paths: Vec<_> = open.iter().map(|(file, _)| *file).collect();
        let found = format!("others can read {}", found.join(", "));
        return Finding::new(WHAT, false, found, &format!("run: chmod 600 {}", named(&paths)));
    }
    if !foreign.is_empty() {
        let found = format!("another user owns {}", named(&foreign));
        return Finding::new(WHAT, false, found, "give them to the user that Keydesk runs as");
    }
    Finding::new(WHAT, true, format!("{} for their owner alone", files.len()), "")
}

/// In a folder that others can write to, they can put other files in the place of ours. One that they can only look into is
/// named: that is the operator's choice, and the files in it are for their owner alone.
fn check_folder(folder: &Path) -> Finding {
    const WHAT: &str = "folder";
    let shown = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    match fs::metadata(shown) {
        Ok(metadata) => {
            let mode = metadata.mode() & 0o777;
            let found = format!("{} (mode {mode:03o})", shown.display());
            let advice = (mode & 0o077 != 0).then(|| {
                let who =
                    if mode & 0o022 != 0 { "others can replace what is in it" } else { "others can look into it" };
                format!("{who}; run: chmod 700 {}", shown.display())
            });
            Finding { what: WHAT, ok: mode & 0o022 == 0, found, advice }
        }
        Err(error) => Finding::new(WHAT, false, format!("{}: {error}", shown.display()), "check that it is there"),
    }
}

fn check_disk(data_dir: &Path) -> Finding {
    const WHAT: &str = "disk";
    match statvfs(data_dir) {
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let found = format!("{:.1} GiB free", free as f64 / (1u64 << 30) as f64);
            Finding::new(WHAT, free >= DISK_LOW, found, "make room: a full disk refuses every change")
        }
        Err(_) => Finding::new(WHAT, false, "free space unknown", "check by hand that the disk has room"),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_folder_is_named_when_others_look_in_and_bad_when_they_can_write() {
        let dir = tempfile::tempdir().unwrap();
        for (mode, ok, advised) in [
            (0o700, true, false),
            (0o755, true, true),
            (0o750, true, true),
            (0o770, false, true),
            (0o1777, false, true),
        ] {
            fs::set_permissions(dir.path(), fs::Permissions::from_mode(mode)).unwrap();
            let finding = check_folder(dir.path());
            assert_eq!((finding.ok, finding.advice.is_some()), (ok, advised), "{mode:o}");
        }
    }

    #[test]
    fn the_disk_is_asked_without_another_program() {
        let finding = check_disk(Path::new("/"));
        assert!(finding.found.ends_with("GiB free"), "{finding:?}");
    }
}
