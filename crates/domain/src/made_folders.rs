use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

/// Folders that were made, so that they can go again when nothing comes into them.
#[derive(Debug, Default)]
pub(crate) struct MadeFolders(Vec<PathBuf>);

impl MadeFolders {
    /// Makes a folder, and those above it that are missing, for their owner only.
    pub(crate) fn make(folder: &Path) -> io::Result<Self> {
        let is_missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
        let missing = folder.ancestors().take_while(is_missing).map(Path::to_owned).collect();
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        Ok(Self(missing))
    }

    /// Removes those that are empty, the innermost first.
    pub(crate) fn remove(&self) {
        // One that is not empty stays, and what is above it.
        let _ = self.0.iter().try_for_each(fs::remove_dir);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_made_and_is_empty_goes() {
        let folder = tempfile::tempdir().unwrap();
        let (upper, lower) = (folder.path().join("upper"), folder.path().join("upper/lower"));
        MadeFolders::make(&lower).unwrap().remove();
        assert!(!upper.exists() && folder.path().exists());
        fs::create_dir(&upper).unwrap();
        let made = MadeFolders::make(&lower).unwrap();
        assert!(lower.is_dir());
        made.remove();
        assert!(upper.exists() && !lower.exists(), "the upper one was there");
        let made = MadeFolders::make(&lower).unwrap();
        fs::write(lower.join("file"), "").unwrap();
        made.remove();
        assert!(lower.join("file").exists());
    }
}
