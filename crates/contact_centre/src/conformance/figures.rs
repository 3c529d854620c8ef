use std::collections::BTreeSet;

use super::{Reading, verdict::Verdict};

/// Readings that are remembered.
const READ_MAX: usize = 50;

/// How a program reads figures again when some of them were revised.
#[derive(Clone, Debug)]
pub(super) struct Figures {
    read: BTreeSet<Box<str>>,
    has_read: bool,
    is_revised: bool,
    verdict: Verdict,
}

impl Figures {
    pub(super) fn new() -> Self {
        let verdict = Verdict::NotSeen("Figures are revised by a late wrap once they were read. They were not.");
        Self { read: BTreeSet::new(), has_read: false, is_revised: false, verdict }
    }

    /// Figures are asked for.
    pub(super) fn asked(&mut self, what: &str, reading: &Reading<'_>) {
        self.has_read = true;
        let whole = reading.is_whole && !reading.is_narrow;
        let same = format!("{what}?{}", reading.query);
        if self.is_revised && (reading.is_since || reading.is_narrow) {
            self.verdict.keep();
        } else if self.is_revised && whole && self.read.contains(&*same) {
            self.verdict.breaks(format!(
                "{what} was read whole again after a late wrap. Ask for what was revised, with changed_since."
            ));
        }
        if whole && self.read.len() < READ_MAX {
            self.read.insert(same.into());
        }
    }

    /// Whether figures were read, so that a revision would be noticed.
    pub(super) fn has_read(&self) -> bool {
        self.has_read
    }

    /// Some were revised.
    pub(super) fn revised(&mut self) {
        self.is_revised = true;
        if matches!(self.verdict, Verdict::NotSeen(_)) {
            self.verdict = Verdict::NotSeen("A late wrap has revised figures, and they have not been asked for since.");
        }
    }

    pub(super) fn verdict(&self) -> Verdict {
        self.verdict.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::Table;

    const QUEUES: &str = "GET /v1/metrics/queues";

    fn whole(query: &str) -> Reading<'_> {
        Reading {
            of: Table::Figures,
            query,
            is_since: false,
            cursor: None,
            is_whole: true,
            is_place: false,
            is_narrow: false,
        }
    }

    #[test]
    fn whoever_reads_what_was_revised_has_done_well() {
        for after in [Reading { is_since: true, ..whole("") }, Reading { is_narrow: true, ..whole("") }] {
            let mut figures = Figures::new();
            figures.asked(QUEUES, &whole("from=1"));
            figures.asked(QUEUES, &whole("from=1"));
            assert!(matches!(figures.verdict(), Verdict::NotSeen(_)), "nothing is revised yet");
            figures.revised();
            figures.asked(QUEUES, &whole("from=2"));
            assert!(matches!(figures.verdict(), Verdict::NotSeen(_)), "another day");
            figures.asked(QUEUES, &after);
            assert_eq!(figures.verdict(), Verdict::Kept);
        }
    }

    #[test]
    fn whoever_reads_all_again_is_told_so() {
        let mut figures = Figures::new();
        figures.asked(QUEUES, &whole("from=1"));
        figures.revised();
        figures.asked(QUEUES, &whole("from=1"));
        assert!(matches!(figures.verdict(), Verdict::Broken(why) if why.contains("whole again")));
    }
}
