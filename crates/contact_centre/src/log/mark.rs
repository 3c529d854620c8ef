//! How far a log was told, in a small file beside its journal. Whoever cuts the journal off does not cut this.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use super::{Cursor, JournalError};

/// Bytes of the file: a checksum, a space, a place, spaces, and the end of the line. All fit into one write, which a process that is
/// killed has made or not.
const LENGTH: usize = 50;
/// Bytes of a place; the longest has 37.
const PLACE: usize = 40;

/// A file with one place of the log: the last that anybody may have been told of.
#[derive(Debug)]
pub struct Mark {
    path: PathBuf,
    file: File,
}

impl Mark {
    /// Opens the mark beside a journal, or makes one that says nothing. The lock of the journal is its own, too.
    ///
    /// # Errors
    /// [`JournalError::Io`] if it can't be opened.
    pub fn beside(journal: &Path) -> Result<Self, JournalError> {
        let path = journal.with_extension("told");
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&path) {
            Ok(file) => Ok(Self { path, file }),
            Err(source) => Err(JournalError::Io { path, what: "opened", source }),
        }
    }

    /// The place that it says; none if it says none.
    ///
    /// # Errors
    /// [`JournalError::Io`] if it can't be read.
    pub fn told(&self) -> Result<Option<Cursor>, JournalError> {
        let mut text = Vec::with_capacity(LENGTH);
        (&self.file).seek(SeekFrom::Start(0)).map_err(|source| self.failed("read", source))?;
        // What is longer was not written here.
        let limit = LENGTH as u64 + 1;
        (&self.file).take(limit).read_to_end(&mut text).map_err(|source| self.failed("read", source))?;
        Ok(understood(&text))
    }

    /// Says another place. To be called after what leads to it is written, and before anybody is told of it.
    ///
    /// # Errors
    /// [`JournalError::Io`] if it can't be written.
    pub fn tell(&mut self, place: &Cursor) -> Result<(), JournalError> {
        let place = place.to_string();
        let text = format!("{place:<PLACE$}");
        let line = format!("{:08x} {text}\n", crc32fast::hash(text.as_bytes()));
        let written = self.file.seek(SeekFrom::Start(0)).and_then(|_| self.file.write_all(line.as_bytes()));
        written.map_err(|source| self.failed("written", source))
    }

    /// Has the disk keep what it says.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub fn sync(&self) -> Result<(), JournalError> {
        self.file.sync_all().map_err(|source| self.failed("written", source))
    }

    fn failed(&self, what: &'static str, source: io::Error) -> JournalError {
        JournalError::Io { path: self.path.clone(), what, source }
    }
}

fn understood(text: &[u8]) -> Option<Cursor> {
    let line = std::str::from_utf8(text).ok()?.strip_suffix('\n')?;
    let (crc, place) = line.split_once(' ')?;
    if u32::from_str_radix(crc, 16).ok()? != crc32fast::hash(place.as_bytes()) {
        return None;
    }
    place.trim_end().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_the_last_place_and_nothing_where_it_is_not_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("main.journal");
        let mut mark = Mark::beside(&journal).unwrap();
        assert_eq!(mark.told().unwrap(), None);
        for place in ["kkkkkkkkkkkkkkkk-18446744073709551615", "k3-7"] {
            let place = place.parse().unwrap();
            mark.tell(&place).unwrap();
            assert_eq!(Mark::beside(&journal).unwrap().told().unwrap(), Some(place));
        }
        let path = folder.path().join("main.told");
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(bytes.len(), LENGTH);
        for wrong in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[wrong] ^= 1;
            std::fs::write(&path, &bytes).unwrap();
            assert_eq!(mark.told().unwrap(), None, "byte {wrong}");
            std::fs::write(&path, &bytes[..wrong]).unwrap();
            assert_eq!(mark.told().unwrap(), None, "cut at {wrong}");
        }
    }
}
