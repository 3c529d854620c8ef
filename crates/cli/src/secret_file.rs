//! Secrets that stand in files of their own, so that a configuration file can be shown.

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

/// Longest, in bytes.
const FILE_MAX: usize = 4096;

/// Why there is no secret in a file. Nothing of what is in it is repeated.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoSecret {
    #[error("{setting}: {} can't be read: {source}", .file.display())]
    Unreadable { setting: &'static str, file: PathBuf, source: io::Error },
    #[error("{setting}: {} must hold one line of text, of at most 4096 bytes", .file.display())]
    NotOne { setting: &'static str, file: PathBuf },
}

/// The line in a file, without its end.
pub(crate) fn read(setting: &'static str, file: &Path) -> Result<Zeroizing<String>, NoSecret> {
    let mut text = Zeroizing::new(Vec::with_capacity(FILE_MAX + 1));
    let opened = File::open(file).and_then(|opened| opened.take(FILE_MAX as u64 + 1).read_to_end(&mut text));
    opened.map_err(|source| NoSecret::Unreadable { setting, file: file.to_owned(), source })?;
    let line = std::str::from_utf8(&text).ok().filter(|text| text.len() <= FILE_MAX);
    let line = line.map(|text| text.trim_end_matches(['\n', '\r']));
    let line = line.filter(|line| !line.is_empty() && !line.chars().any(char::is_control));
    let line = line.ok_or_else(|| NoSecret::NotOne { setting, file: file.to_owned() })?;
    Ok(Zeroizing::new(line.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_secret_is_one_line() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        for (text, expected) in [("a b", "a b"), ("secret\n", "secret"), ("secret\r\n", "secret")] {
            fs::write(&file, text).unwrap();
            assert_eq!(read("x.file", &file).unwrap().as_str(), expected);
        }
        for wrong in [&b""[..], b"\n", b"secret\nother", b"\xffsecret", &[b'a'; FILE_MAX + 1]] {
            fs::write(&file, wrong).unwrap();
            let error = read("x.file", &file).unwrap_err().to_string();
            assert!(
                error.starts_with("x.file: ") && error.contains("one line") && !error.contains("secret\n"),
                "{error}"
            );
        }
        let error = read("x.file", &folder.path().join("none")).unwrap_err().to_string();
        assert!(error.contains("can't be read"), "{error}");
    }
}
