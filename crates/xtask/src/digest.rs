//! Digests of contents: names for assets that may be cached for ever, and stamps that tell whether work is still good.

use crate::process::{Failure, Result};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Sixteen hexadecimal digits of SHA-256: enough that no two versions of a file ever share a name.
pub(crate) fn short(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(8).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// `favicon.svg` becomes `favicon.<digest>.svg`; only the file's own name changes.
pub(crate) fn hashed_name(name: &str, bytes: &[u8]) -> String {
    let digest = short(bytes);
    let (folder, file) = name.rsplit_once('/').map_or(("", name), |(folder, file)| (folder, file));
    let file = match file.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => format!("{stem}.{digest}.{extension}"),
        _ => format!("{file}.{digest}"),
    };
    if folder.is_empty() { file } else { format!("{folder}/{file}") }
}

/// One digest over the names and contents of all files at and below `paths`.
pub(crate) fn tree(paths: &[PathBuf]) -> Result<String> {
    let mut all = Vec::new();
    for path in paths {
        for file in files(path)? {
            let bytes = fs::read(&file).map_err(Failure::at(&file))?;
            all.extend_from_slice(file.to_string_lossy().as_bytes());
            all.extend_from_slice(short(&bytes).as_bytes());
        }
    }
    Ok(short(&all))
}

/// All files at and below `path`, in a stable order; none when it does not exist.
pub(crate) fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut found = Vec::new();
    if path.is_dir() {
        let mut entries = fs::read_dir(path)
            .and_then(|entries| {
                entries.map(|entry| entry.map(|entry| entry.path())).collect::<std::io::Result<Vec<_>>>()
            })
            .map_err(Failure::at(path))?;
        entries.sort();
        for entry in entries {
            found.extend(files(&entry)?);
        }
    }
    Ok(found)
}

/// A note in `target/xtask` on the inputs of a piece of work.
pub(crate) struct Stamp(PathBuf);

impl Stamp {
    pub(crate) fn new(name: &str) -> Self {
        Self(crate::paths::work().join(format!("{name}.stamp")))
    }

    /// True when the work was last finished from exactly these inputs.
    pub(crate) fn fresh(&self, inputs: &str) -> bool {
        fs::read_to_string(&self.0).is_ok_and(|kept| kept == inputs)
    }

    pub(crate) fn keep(&self, inputs: &str) -> Result<()> {
        fs::create_dir_all(crate::paths::work()).map_err(Failure::at(&self.0))?;
        fs::write(&self.0, inputs).map_err(Failure::at(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_sha_256() {
        assert_eq!(short(b"abc"), "ba7816bf8f01cfea");
    }

    #[test]
    fn hashed_names_keep_folder_and_extension() {
        let digest = short(b"x");
        for (name, hashed) in [
            ("favicon.svg", format!("favicon.{digest}.svg")),
            ("fonts/a.b/icon.woff2", format!("fonts/a.b/icon.{digest}.woff2")),
            ("LICENSE", format!("LICENSE.{digest}")),
            (".hidden", format!(".hidden.{digest}")),
        ] {
            assert_eq!(hashed_name(name, b"x"), hashed);
        }
    }

    #[test]
    fn a_tree_digest_moves_with_content_and_with_names() {
        let folder = tempfile::tempdir().unwrap();
        let digest = || tree(&[folder.path().to_path_buf()]).unwrap();
        fs::write(folder.path().join("a"), "1").unwrap();
        let first = digest();
        fs::write(folder.path().join("a"), "2").unwrap();
        let second = digest();
        fs::rename(folder.path().join("a"), folder.path().join("b")).unwrap();
        let third = digest();
        assert!(first != second && second != third && first != third);
    }
}
