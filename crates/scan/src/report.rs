use std::path::{Path, PathBuf};

use model::PlainSecret;

use crate::{
    finder::Form,
    found::{Finding, Findings, Place},
};

/// Files that could not be read and are named. Further ones are counted.
pub const UNREAD_MAX: usize = 1_000;

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Which; `None`: standard input.
    pub path: Option<PathBuf>,
    /// Why.
    pub why: String,
}

/// What was found, and in how much.
#[derive(Debug, Default)]
pub struct Report {
    /// Each secret once, in the order of their first places.
    pub findings: Vec<Finding>,
    /// How often something was found that is not among them, since there were too many.
    pub left_out: u64,
    /// Files that were read to their end; standard input is one.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that are compressed: they were read as they are, and nobody knows what is in them.
    pub packed: u64,
    /// Files of a history whose content git did not write down, since it took them for no text.
    pub hidden: u64,
    /// Symbolic links in folders: they were not followed.
    pub links: u64,
    /// Sockets, pipes and devices in folders: they were not opened.
    pub special: u64,
    /// What could not be read: the first [`UNREAD_MAX`].
    pub unread: Vec<Unread>,
    /// How many altogether.
    pub unread_count: u64,
}

/// A report that is still being made, by one thread.
#[derive(Debug, Default)]
pub(crate) struct Part {
    findings: Findings,
    counts: Report,
}

impl Part {
    pub(crate) fn found(&mut self, form: Form, secret: PlainSecret, place: Place) {
        self.findings.add(form, secret, place);
    }

    pub(crate) fn read(&mut self, bytes: u64, packed: bool, hidden: u64) {
        self.counts.files += 1;
        self.counts.bytes += bytes;
        self.counts.packed += u64::from(packed);
        self.counts.hidden += hidden;
    }

    pub(crate) fn link(&mut self) {
        self.counts.links += 1;
    }

    pub(crate) fn special(&mut self) {
        self.counts.special += 1;
    }

    pub(crate) fn unread(&mut self, path: Option<&Path>, why: String) {
        self.counts.unread_count += 1;
        if self.counts.unread.len() < UNREAD_MAX {
            self.counts.unread.push(Unread { path: path.map(Path::to_owned), why });
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.findings.merge(other.findings);
        let (counts, more) = (&mut self.counts, other.counts);
        counts.files += more.files;
        counts.bytes += more.bytes;
        counts.packed += more.packed;
        counts.hidden += more.hidden;
        counts.links += more.links;
        counts.special += more.special;
        counts.unread_count += more.unread_count;
        counts.unread.extend(more.unread);
        counts.unread.truncate(UNREAD_MAX);
    }

    pub(crate) fn done(self) -> Report {
        let (findings, left_out) = self.findings.done();
        let mut counts = self.counts;
        counts.unread.sort_by(|one, other| one.path.cmp(&other.path));
        Report { findings, left_out, ..counts }
    }
}
