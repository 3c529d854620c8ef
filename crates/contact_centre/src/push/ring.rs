use std::collections::VecDeque;

use super::{Encoded, Facts};
use crate::view::Rights;

/// Things that are kept for readers who follow. Who is further behind reads the log.
const ENTRIES_MAX: usize = 2_048;
/// Bytes of them.
const BYTES_MAX: usize = 8 << 20;

/// Something that readers are told, in all the forms in which somebody wanted it.
#[derive(Debug)]
pub(super) struct Entry {
    /// The last event that whoever has read this knows of: its own, or for what is in no log the last before it.
    pub(super) seq: u64,
    /// Whether it is an event of the log.
    pub(super) logged: bool,
    /// What was written in one go has one number: a burst is the world's doing, and not that of a slow reader.
    pub(super) batch: u64,
    /// Who gets it.
    pub(super) facts: Facts,
    forms: Vec<(Rights, Encoded)>,
}

impl Entry {
    /// Something in these forms.
    pub(super) fn new(seq: u64, logged: bool, batch: u64, facts: Facts, forms: Vec<(Rights, Encoded)>) -> Self {
        Self { seq, logged, batch, facts, forms }
    }

    /// The form for a reader with these rights; none if nobody had them when it was written.
    pub(super) fn form(&self, rights: Rights) -> Option<&Encoded> {
        self.forms.iter().find(|(own, _)| *own == rights).map(|(_, form)| form)
    }

    fn bytes(&self) -> usize {
        self.forms.iter().map(|(_, form)| form.len()).sum()
    }
}

/// The newest of one feed. Each has a number; those numbers have no gap.
#[derive(Debug, Default)]
pub(super) struct Ring {
    entries: VecDeque<Entry>,
    /// The number of the first that is kept.
    first: u64,
    /// Every event after this one is in it.
    whole_after: u64,
    bytes: usize,
}

impl Ring {
    /// Puts the next in, and forgets the oldest.
    pub(super) fn push(&mut self, entry: Entry) {
        self.bytes += entry.bytes();
        self.entries.push_back(entry);
        while self.entries.len() > ENTRIES_MAX || (self.bytes > BYTES_MAX && self.entries.len() > 1) {
            let Some(oldest) = self.entries.pop_front() else { return };
            self.bytes -= oldest.bytes();
            self.first += 1;
            if oldest.logged {
                self.whole_after = oldest.seq;
            }
        }
    }

    /// Forgets everything: events until this one were written for nobody.
    pub(super) fn begin_after(&mut self, seq: u64) {
        self.first = self.end();
        self.entries.clear();
        self.bytes = 0;
        self.whole_after = seq;
    }

    /// The number of the first that is kept.
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    /// The number that the next will have.
    pub(super) fn end(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    /// The number of the first that a reader who knows everything until event `seq` has not got; none if some are missing.
    pub(super) fn enter(&self, seq: u64) -> Option<u64> {
        (seq >= self.whole_after).then(|| {
            let known = self.entries.partition_point(|entry| entry.seq <= seq);
            self.first + known as u64
        })
    }

    /// From a number on; none if that is no longer kept.
    pub(super) fn from(&self, number: u64) -> Option<impl Iterator<Item = &Entry>> {
        let place = usize::try_from(number.checked_sub(self.first)?).ok()?;
        (place <= self.entries.len()).then(|| self.entries.range(place..))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{
        event::{EventType, Subject},
        id::QueueId,
    };

    fn entry(seq: u64, logged: bool) -> Entry {
        let id = QueueId(Uuid::nil());
        let facts =
            Facts { subject: Subject::Queue(id), kind: EventType::QueueLive, agents: Vec::new(), queues: vec![id] };
        Entry::new(seq, logged, 0, facts, Vec::new())
    }

    #[test]
    fn a_reader_enters_after_what_they_know() {
        let mut ring = Ring::default();
        ring.begin_after(10);
        for seq in [11, 14, 20] {
            ring.push(entry(seq, true));
        }
        ring.push(entry(20, false));
        let rest = |seq| ring.enter(seq).map(|from| ring.from(from).unwrap().count());
        assert_eq!([9, 10, 11, 13, 14, 20, 30].map(rest), [None, Some(4), Some(3), Some(3), Some(2), Some(0), Some(0)]);
        assert_eq!(ring.from(ring.end()).unwrap().count(), 0);
        assert!(ring.from(ring.end() + 1).is_none());
    }

    #[test]
    fn it_is_bounded_and_says_from_where_on_it_is_whole() {
        let mut ring = Ring::default();
        for seq in 1..=ENTRIES_MAX as u64 + 100 {
            ring.push(entry(seq, true));
        }
        assert_eq!((ring.whole_after, ring.end()), (100, ENTRIES_MAX as u64 + 100));
        assert!(ring.from(99).is_none() && ring.from(100).is_some());
        assert_eq!((ring.enter(99), ring.enter(100)), (None, Some(100)));
        ring.begin_after(5_000);
        assert_eq!((ring.enter(4_999), ring.enter(5_000)), (None, Some(ring.end())));
    }
}
