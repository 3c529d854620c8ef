//! Lines of a file, each with its checksum: `<crc32 as 8 hex digits> <json>`. What one line says has happened as a whole, or
//! not at all.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};

/// The file can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file system says so.
    #[error("the journal {} can't be {what}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// `opened`, `read` or `written`.
        what: &'static str,
        /// Why.
        source: io::Error,
    },
    /// Another process has it.
    #[error("the journal {} is in use by another process", .0.display())]
    InUse(PathBuf),
    /// What was to be written can't be.
    #[error("an event can't be written: {0}")]
    Form(#[from] serde_json::Error),
}

/// How the file ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// With a whole line.
    Whole,
    /// In the middle of a line. If the process was killed there, nobody has heard of what it was to say, since that is told after it is
    /// written; if the file was cut off later, the mark beside it tells.
    Unfinished,
    /// With lines that are not what was written. They are cut off, and what they said is lost.
    Broken,
}

/// The longest line. A line holds what happened at one instant.
const LINE_MAX: u64 = 1 << 24;

/// A file that is open for writing at its end.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    /// Bytes of whole lines. What lies beyond was not written to its end.
    whole: u64,
    /// Bytes that it had when it was begun anew.
    begun: u64,
    /// Bytes that were cut off when it was opened.
    cut: u64,
    /// Lines that wait to be written.
    waiting: Vec<u8>,
}

impl Journal {
    /// Opens a file, or makes it, and gives each whole line of it to `take`, in order, until that refuses one. What follows the last
    /// line that was taken is cut off.
    ///
    /// # Errors
    /// [`JournalError`] if the file can't be opened or read, or if another process has it.
    pub fn open<R: DeserializeOwned>(
        path: &Path,
        mut take: impl FnMut(R) -> bool,
    ) -> Result<(Self, Tail), JournalError> {
        let failed = |what| move |source| JournalError::Io { path: path.to_owned(), what, source };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(failed("opened"))?;
        file.try_lock().map_err(|_| JournalError::InUse(path.to_owned()))?;
        let (whole, tail) = read(&file, &mut take).map_err(failed("read"))?;
        let cut = file.metadata().map_err(failed("read"))?.len().saturating_sub(whole);
        file.set_len(whole).map_err(failed("written"))?;
        (&file).seek(SeekFrom::Start(whole)).map_err(failed("written"))?;
        Ok((Self { path: path.to_owned(), file, whole, begun: 0, cut, waiting: Vec::new() }, tail))
    }

    /// Adds a line, which [`Self::flush`] writes.
    ///
    /// # Errors
    /// [`JournalError::Form`] if it is no JSON.
    pub fn add<R: Serialize>(&mut self, record: &R) -> Result<(), JournalError> {
        let start = self.waiting.len();
        self.waiting.extend_from_slice(b"00000000 ");
        serde_json::to_writer(&mut self.waiting, record)?;
        let crc = crc32fast::hash(self.waiting.get(start + 9..).unwrap_or_default());
        if let Some(mut place) = self.waiting.get_mut(start..start + 8) {
            // Eight digits fit into eight places.
            let _ = write!(place, "{crc:08x}");
        }
        self.waiting.push(b'\n');
        Ok(())
    }

    /// Hands what waits to the operating system, which keeps it when the process is killed.
    ///
    /// # Errors
    /// [`JournalError::Io`]; then it waits on, and the file ends where it ended before.
    pub fn flush(&mut self) -> Result<(), JournalError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        if let Err(source) = self.file.write_all(&self.waiting) {
            // Half a line must not stand before the next try.
            let undone = self.file.set_len(self.whole).and_then(|()| self.file.seek(SeekFrom::Start(self.whole)));
            drop(undone);
            return Err(JournalError::Io { path: self.path.clone(), what: "written", source });
        }
        self.whole += self.waiting.len() as u64;
        self.waiting.clear();
        // A large buffer was needed once.
        self.waiting.shrink_to(1 << 20);
        Ok(())
    }

    /// Bytes of the file.
    pub fn len(&self) -> u64 {
        self.whole
    }

    /// Bytes by which the file has grown since it was begun anew.
    pub fn grown(&self) -> u64 {
        self.whole - self.begun
    }

    /// Bytes behind the last line that was taken, which were cut off when it was opened.
    pub fn cut(&self) -> u64 {
        self.cut
    }

    /// Whether nothing was ever written.
    pub fn is_empty(&self) -> bool {
        self.whole == 0
    }

    /// Bytes that wait to be written.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file, for whoever has the disk write it down now and then, without holding the world up.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn handle(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    /// Begins a file anew beside the old one. It takes its place with [`Self::replace`].
    ///
    /// # Errors
    /// [`JournalError`] if it can't be made.
    pub fn anew(path: &Path) -> Result<Self, JournalError> {
        let beside = path.with_extension("new");
        match std::fs::remove_file(&beside) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(JournalError::Io { path: beside, what: "written", source });
            }
            _ => {}
        }
        Self::open::<serde::de::IgnoredAny>(&beside, |_| true).map(|(journal, _)| journal)
    }

    /// Puts this file, which was begun beside another, in the other's place. It is on the disk then.
    ///
    /// # Errors
    /// [`JournalError`]; then the other is still in its place.
    pub fn replace(mut self, path: &Path) -> Result<Self, JournalError> {
        self.flush()?;
        let failed = |source| JournalError::Io { path: path.to_owned(), what: "written", source };
        self.file.sync_all().map_err(failed)?;
        std::fs::rename(&self.path, path).map_err(failed)?;
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
        }
        path.clone_into(&mut self.path);
        self.begun = self.whole;
        Ok(self)
    }
}

fn read<R: DeserializeOwned>(file: &File, take: &mut impl FnMut(R) -> bool) -> io::Result<(u64, Tail)> {
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let mut line = Vec::new();
    let mut whole = 0;
    loop {
        line.clear();
        let length = io::Read::take(&mut reader, LINE_MAX).read_until(b'\n', &mut line)?;
        if length == 0 {
            return Ok((whole, Tail::Whole));
        }
        if line.last() != Some(&b'\n') {
            return Ok((whole, if (length as u64) < LINE_MAX { Tail::Unfinished } else { Tail::Broken }));
        }
        if !understood(&line).is_some_and(&mut *take) {
            return Ok((whole, Tail::Broken));
        }
        whole += length as u64;
    }
}

fn understood<R: DeserializeOwned>(line: &[u8]) -> Option<R> {
    let (crc, json) = line.strip_suffix(b"\n")?.split_at_checked(9)?;
    let crc = u32::from_str_radix(std::str::from_utf8(crc).ok()?.strip_suffix(' ')?, 16).ok()?;
    if crc != crc32fast::hash(json) {
        return None;
    }
    serde_json::from_slice(json).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(path: &Path) -> (Vec<u32>, Tail) {
        let mut lines = Vec::new();
        let (_, tail) = Journal::open(path, |line| {
            lines.push(line);
            true
        })
        .unwrap();
        (lines, tail)
    }

    fn written(path: &Path) {
        let (mut journal, _) = Journal::open::<u32>(path, |_| true).unwrap();
        for line in [1_u32, 22, 333] {
            journal.add(&line).unwrap();
        }
        journal.flush().unwrap();
    }

    #[test]
    fn a_file_that_is_cut_anywhere_gives_its_whole_lines_and_goes_on_after_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        written(&path);
        let bytes = std::fs::read(&path).unwrap();
        for cut in 0..=bytes.len() {
            std::fs::write(&path, &bytes[..cut]).unwrap();
            let ends: Vec<_> = (0..bytes.len()).filter(|at| bytes[*at] == b'\n').map(|at| at + 1).collect();
            let lines = ends.iter().filter(|end| **end <= cut).count();
            let tail = if cut == 0 || ends.contains(&cut) { Tail::Whole } else { Tail::Unfinished };
            assert_eq!(opened(&path), ([1, 22, 333][..lines].to_vec(), tail), "cut at {cut}");
            let (mut journal, _) = Journal::open::<u32>(&path, |_| true).unwrap();
            journal.add(&4444_u32).unwrap();
            journal.flush().unwrap();
            drop(journal);
            assert_eq!(opened(&path), ([&[1, 22, 333][..lines], &[4444]].concat(), Tail::Whole), "cut at {cut}");
        }
    }

    #[test]
    fn a_byte_that_is_wrong_ends_the_file_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        written(&path);
        let bytes = std::fs::read(&path).unwrap();
        for wrong in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[wrong] ^= 1;
            std::fs::write(&path, &bytes).unwrap();
            let (lines, tail) = opened(&path);
            assert!(lines.len() < 3 && tail != Tail::Whole, "byte {wrong} gives {lines:?}, {tail:?}");
            assert_eq!(lines[..], [1, 22, 333][..lines.len()]);
        }
    }

    #[test]
    fn two_processes_do_not_share_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let (_journal, _) = Journal::open::<u32>(&path, |_| true).unwrap();
        assert!(matches!(Journal::open::<u32>(&path, |_| true), Err(JournalError::InUse(_))));
    }
}
