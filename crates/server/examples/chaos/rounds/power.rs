//! What a power cut leaves of a database: all that was flushed to the disk, and of the rest whatever was on its way.

use std::{fs, io, path::Path};

use super::{Random, copied};

const FILES: [&str; 2] = ["keydesk.db", "keydesk.db-wal"];
const SECTOR: usize = 512;
const HEAD: usize = 24;

/// An entry of the journal that shim.c writes.
struct Entry<'a> {
    what: u8,
    /// Place in [`FILES`].
    file: usize,
    at: usize,
    data: &'a [u8],
    /// Where it stands in the journal.
    place: usize,
}

fn entries(journal: &[u8]) -> Vec<Entry<'_>> {
    let number = |at: usize| {
        let bytes = journal.get(at..at + 8)?.try_into().ok()?;
        usize::try_from(u64::from_ne_bytes(bytes)).ok()
    };
    let mut entries = Vec::new();
    let mut place = 0;
    while let (Some(at), Some(length)) = (number(place + 8), number(place + 16)) {
        // The last one may have been cut off by the kill.
        let Some(data) = journal.get(place + HEAD..place + HEAD + length) else { break };
        let (what, file) = (journal[place], usize::from(journal[place + 1]) - 1);
        entries.push(Entry { what, file, at, data, place });
        place += HEAD + length;
    }
    entries
}

/// Copies the deployment as it was `before` the server started to a folder, and does there what the journal tells.
///
/// What a flush that succeeded covers is there. What one that failed had to flush may be lost, even if a later one succeeds:
/// the system takes it for written.
pub(crate) fn image(before: &Path, journal: &Path, into: &Path, random: &mut Random) {
    copied(before, into);
    let journal = fs::read(journal).expect("a journal");
    let entries = entries(&journal);
    let mut files = FILES.map(|name| match fs::read(into.join(name)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        read => read.expect("a copy of the deployment"),
    });
    // Some power cuts lose all that was on its way, some nothing, and most a part.
    let kind = random.below(4);
    for entry in entries.iter().filter(|entry| matches!(entry.what, b'W' | b'T')) {
        let flushed = entries
            .iter()
            .find(|flush| flush.file == entry.file && matches!(flush.what, b'S' | b'F') && flush.at > entry.place)
            .is_some_and(|flush| flush.what == b'S');
        let bytes = &mut files[entry.file];
        let fate = match kind {
            _ if flushed => Fate::There,
            0 => Fate::Lost,
            1 => Fate::There,
            _ => random.one_of(&[Fate::There, Fate::Lost, Fate::Torn]),
        };
        match (entry.what, fate) {
            (_, Fate::Lost) => {}
            (b'T', _) => bytes.resize(entry.at, 0),
            (_, fate) => {
                for (number, sector) in entry.data.chunks(SECTOR).enumerate() {
                    if fate == Fate::There || random.coin() {
                        let at = entry.at + number * SECTOR;
                        let end = at + sector.len();
                        bytes.resize(bytes.len().max(end), 0);
                        bytes[at..end].copy_from_slice(sector);
                    }
                }
            }
        }
    }
    for (name, bytes) in FILES.iter().zip(files) {
        if !bytes.is_empty() {
            fs::write(into.join(name), bytes).expect("room");
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    There,
    Lost,
    Torn,
}
