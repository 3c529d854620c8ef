use std::collections::{BTreeMap, BTreeSet};

use super::{Play, Reading, Table, verdict::Verdict};

/// Readings that are remembered.
const READ_MAX: usize = 50;

/// How a program keeps up with lists and tables: one change feed breaks off once, as after a restart.
#[derive(Clone, Debug)]
pub(super) struct Changes {
    /// What was read from its beginning.
    read: BTreeSet<Box<str>>,
    /// The `next_cursor` of the last page of each list.
    pages: BTreeMap<Box<str>, Box<str>>,
    /// How often changes were asked for.
    since: u32,
    lost: Lost,
    changes: Verdict,
    anew: Verdict,
    follows: Verdict,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Lost {
    NotYet,
    /// What was told so, and has not been asked for since.
    Told(Box<str>),
    Done,
}

impl Changes {
    pub(super) fn new() -> Self {
        Self {
            read: BTreeSet::new(),
            pages: BTreeMap::new(),
            since: 0,
            lost: Lost::NotYet,
            changes: Verdict::NotSeen("No list or table was asked for by changed_since."),
            anew: Verdict::NotSeen(
                "The second request with changed_since is answered 410. The list or table has not been asked for after that.",
            ),
            follows: Verdict::Kept,
        }
    }

    /// A list or table is asked for.
    pub(super) fn asked(&mut self, what: &str, reading: &Reading<'_>) -> Play {
        self.paged(what, reading);
        if matches!(&self.lost, Lost::Told(told) if **told == *what) && reading.cursor.is_none() {
            self.lost = Lost::Done;
            if reading.is_since {
                self.anew.breaks(format!(
                    "{what} was answered 410 changes_lost, and was asked for by changed_since once more without being read anew."
                ));
            } else if reading.is_place {
                self.anew.breaks(format!(
                    "{what} was answered 410 changes_lost, and one entry alone was read then: what changed meanwhile is lost."
                ));
            } else {
                self.anew.keep();
            }
        }
        if reading.is_since {
            self.since += 1;
            self.changes.keep();
            if self.lost == Lost::NotYet && self.since >= 2 {
                self.lost = Lost::Told(what.into());
                self.excuse();
                return Play::ChangesLost;
            }
        } else if reading.is_whole {
            let same = format!("{what}?{}", reading.query);
            if self.read.contains(&*same) {
                self.changes.breaks(format!(
                    "{what} was read from its beginning again. Ask for what changed, with changed_since."
                ));
            } else if self.read.len() < READ_MAX {
                self.read.insert(same.into());
            }
        }
        Play::Pass
    }

    fn paged(&mut self, what: &str, reading: &Reading<'_>) {
        if reading.of != Table::List {
            return;
        }
        let Some(next) = self.pages.get(what) else { return };
        if reading.cursor == Some(&**next) {
            self.pages.remove(what);
        } else if reading.is_since || reading.is_whole {
            self.follows.breaks(format!(
                "A page of {what} had a next_cursor, and the list was asked for otherwise before the next page was read."
            ));
        }
    }

    /// What was answered to a reading of a list was not the last page.
    pub(super) fn paged_on(&mut self, what: &str, reading: &Reading<'_>, next: &str) {
        let goes_on = reading.is_whole || reading.cursor.is_some();
        if reading.of == Table::List && goes_on && (self.pages.len() < READ_MAX || self.pages.contains_key(what)) {
            self.pages.insert(what.into(), next.into());
        }
    }

    /// What is known is no longer enough, so that everything may be read anew.
    pub(super) fn excuse(&mut self) {
        self.read.clear();
    }

    /// Whether anything was read, so that a change would be noticed.
    pub(super) fn has_read(&self) -> bool {
        self.since > 0 || !self.read.is_empty()
    }

    pub(super) fn changes(&self) -> Verdict {
        self.changes.clone()
    }

    pub(super) fn anew(&self) -> Verdict {
        self.anew.clone()
    }

    /// Where no list had a second page there is nothing to break.
    pub(super) fn follows(&self) -> Verdict {
        match &self.follows {
            Verdict::Kept if !self.pages.is_empty() => {
                Verdict::NotSeen("A page had a next_cursor, and the next page has not been read yet.")
            }
            Verdict::Kept if !self.has_read() => Verdict::NotSeen("No list or table was read."),
            known => known.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRAPS: &str = "GET /v1/wraps";

    fn whole() -> Reading<'static> {
        Reading {
            of: Table::List,
            query: "",
            is_since: false,
            cursor: None,
            is_whole: true,
            is_place: false,
            is_narrow: false,
        }
    }

    fn since() -> Reading<'static> {
        Reading { is_since: true, is_whole: false, ..whole() }
    }

    fn page(cursor: &str) -> Reading<'_> {
        Reading { cursor: Some(cursor), is_whole: false, ..whole() }
    }

    #[test]
    fn whoever_pages_reads_changes_and_reads_anew_after_410_has_all_points() {
        let mut changes = Changes::new();
        assert!(matches!(changes.follows(), Verdict::NotSeen(_)));
        assert_eq!(changes.asked(WRAPS, &whole()), Play::Pass);
        changes.paged_on(WRAPS, &whole(), "p2");
        assert!(matches!(changes.follows(), Verdict::NotSeen(_)));
        assert_eq!(changes.asked(WRAPS, &page("p2")), Play::Pass);
        assert_eq!(changes.asked(WRAPS, &since()), Play::Pass);
        assert_eq!(changes.asked(WRAPS, &since()), Play::ChangesLost);
        assert_eq!(changes.asked(WRAPS, &whole()), Play::Pass);
        assert_eq!(changes.asked(WRAPS, &since()), Play::Pass);
        assert_eq!([changes.changes(), changes.anew(), changes.follows()], [const { Verdict::Kept }; 3]);
    }

    #[test]
    fn whoever_reads_everything_again_is_told_what() {
        let mut changes = Changes::new();
        changes.asked(WRAPS, &since());
        changes.asked(WRAPS, &whole());
        changes.asked("GET /v1/calls", &whole());
        assert_eq!(changes.changes(), Verdict::Kept);
        changes.asked(WRAPS, &whole());
        assert!(matches!(changes.changes(), Verdict::Broken(why) if why.starts_with("GET /v1/wraps was read")));
    }

    #[test]
    fn everything_may_be_read_anew_after_410() {
        let mut changes = Changes::new();
        let (calls, wraps) = ("GET /v1/data/calls", "GET /v1/data/wraps");
        let table = Reading { of: Table::Whole, ..whole() };
        changes.asked(calls, &table);
        changes.asked(wraps, &table);
        changes.asked(calls, &since());
        assert_eq!(changes.asked(wraps, &since()), Play::ChangesLost);
        changes.asked(calls, &table);
        changes.asked(wraps, &table);
        assert_eq!([changes.changes(), changes.anew()], [const { Verdict::Kept }; 2]);
    }

    #[test]
    fn a_table_of_another_day_is_another_table() {
        let mut changes = Changes::new();
        for query in ["from=1", "from=2"] {
            changes.asked("GET /v1/data/calls", &Reading { of: Table::Whole, query, ..whole() });
        }
        changes.asked("GET /v1/data/calls", &since());
        assert_eq!(changes.changes(), Verdict::Kept);
    }

    #[test]
    fn whoever_goes_on_after_410_is_told_so() {
        for (after, word) in [
            (since(), "by changed_since once more"),
            (Reading { is_place: true, is_whole: false, ..whole() }, "one entry"),
        ] {
            let mut changes = Changes::new();
            changes.asked(WRAPS, &since());
            assert_eq!(changes.asked(WRAPS, &since()), Play::ChangesLost);
            assert_eq!(changes.asked("GET /v1/calls", &since()), Play::Pass, "another list is not lost");
            changes.asked(WRAPS, &after);
            assert!(matches!(changes.anew(), Verdict::Broken(why) if why.contains(word)));
            assert_eq!([changes.changes(), changes.follows()], [const { Verdict::Kept }; 2]);
        }
    }

    #[test]
    fn whoever_leaves_pages_out_is_told_so() {
        let mut changes = Changes::new();
        changes.asked(WRAPS, &whole());
        changes.paged_on(WRAPS, &whole(), "p2");
        changes.asked(WRAPS, &since());
        assert!(matches!(changes.follows(), Verdict::Broken(why) if why.contains("next_cursor")));
        assert_eq!(changes.changes(), Verdict::Kept);
    }

    #[test]
    fn no_more_is_remembered_than_may_be() {
        let mut changes = Changes::new();
        for n in 0..2 * READ_MAX {
            let (what, query) = (n.to_string(), n.to_string());
            changes.asked(&what, &Reading { query: &query, ..whole() });
            changes.paged_on(&what, &whole(), "x");
        }
        assert_eq!((changes.read.len(), changes.pages.len()), (READ_MAX, READ_MAX));
    }
}
