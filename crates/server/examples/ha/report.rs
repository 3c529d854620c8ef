//! The table that is printed in the end.

use std::{fmt::Write as _, time::Duration};

use crate::{cluster::Mode, compare::Differences, faults::Fault, ledger::Counts};

/// While the database is there, one node holds up the changes of the others no longer: 5 s, and the time to notice.
const HELD_UP: Duration = Duration::from_secs(8);

#[derive(Default)]
pub(crate) struct Report(Vec<Row>);

/// The rounds of one fault in one mode.
pub(crate) struct Row {
    mode: Mode,
    fault: Option<Fault>,
    rounds: u32,
    calls: u64,
    changes: u64,
    longest_gap: Duration,
    accepted_after: Duration,
    lost_keys: usize,
    lost_revocations: usize,
    late: usize,
    wrong: Vec<String>,
}

impl Row {
    /// `None`: the comparison of everything in the end.
    pub(crate) fn new(mode: Mode, fault: Option<Fault>) -> Self {
        Self {
            mode,
            fault,
            rounds: 0,
            calls: 0,
            changes: 0,
            longest_gap: Duration::ZERO,
            accepted_after: Duration::ZERO,
            lost_keys: 0,
            lost_revocations: 0,
            late: 0,
            wrong: Vec::new(),
        }
    }

    /// Adds what a round has counted and found.
    pub(crate) fn add(&mut self, counts: &Counts, found: &Differences) {
        self.rounds += 1;
        self.calls += counts.calls;
        self.changes += counts.changes;
        self.longest_gap = self.longest_gap.max(counts.longest_gap);
        self.accepted_after = self.accepted_after.max(counts.accepted_after);
        self.lost_keys += found.lost_keys;
        self.lost_revocations += found.lost_revocations;
        // Who called with what was lost is answered by what is true.
        let kept = |keys: &[usize]| keys.iter().filter(|key| !found.lost.contains(key)).count();
        let (late, refused) = (kept(&counts.late), kept(&counts.refused));
        self.late += late;
        if late > 0 {
            self.wrong(&format!("{late} calls with revoked keys were accepted later than 5 s"));
        }
        if refused > 0 {
            self.wrong(&format!("{refused} calls with living keys were refused"));
        }
        if self.fault.is_some_and(Fault::leaves_the_database) && counts.longest_gap > HELD_UP {
            self.wrong(&format!("no node could change anything for {:.1} s", counts.longest_gap.as_secs_f64()));
        }
        let lost = found.lost_keys + found.lost_revocations;
        if lost > 0 && self.mode == Mode::Synchronous {
            self.wrong(&format!("{lost} acknowledged changes were lost"));
        }
        found.disagreed.iter().take(3).for_each(|disagreed| self.wrong(disagreed));
    }

    /// A promise that was broken.
    pub(crate) fn wrong(&mut self, what: &str) {
        self.wrong.push(format!("round {}: {what}", self.rounds));
    }

    pub(crate) fn is_broken(&self) -> bool {
        !self.wrong.is_empty()
    }

    fn name(&self) -> String {
        format!("{} {}", self.mode.name(), self.fault.map_or("at the end", Fault::name))
    }
}

impl Report {
    pub(crate) fn push(&mut self, row: Row) {
        self.0.push(row);
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.0.iter().any(Row::is_broken)
    }

    pub(crate) fn table(&self) -> String {
        let mut table =
            "\n| fault | rounds | calls | changes | longest time without an answered change, s | longest time that \
                         a revoked key was accepted, s | lost keys | lost revocations | late | what went wrong |\n\
                         |---|---|---|---|---|---|---|---|---|---|\n"
                .to_owned();
        for row in &self.0 {
            let wrong = if row.wrong.is_empty() { "nothing".to_owned() } else { row.wrong.join("; ") };
            let _ = writeln!(
                table,
                "| {} | {} | {} | {} | {:.1} | {:.2} | {} | {} | {} | {wrong} |",
                row.name(),
                row.rounds,
                row.calls,
                row.changes,
                row.longest_gap.as_secs_f64(),
                row.accepted_after.as_secs_f64(),
                row.lost_keys,
                row.lost_revocations,
                row.late,
            );
        }
        table
    }
}

#[cfg(test)]
mod tests {

    use super::*;

    fn row(mode: Mode, lost: usize) -> Row {
        let mut row = Row::new(mode, Some(Fault::Primary));
        let counts = Counts { late: vec![1, 2], ..Counts::default() };
        let lost = Differences {
            lost: [1, 2].into_iter().take(lost).collect(),
            lost_revocations: lost,
            ..Differences::default()
        };
        row.add(&counts, &lost);
        row
    }

    #[test]
    fn what_was_lost_is_allowed_in_asynchronous_mode_alone() {
        assert!(!row(Mode::Asynchronous, 2).is_broken());
        assert!(row(Mode::Asynchronous, 1).is_broken());
        assert!(row(Mode::Synchronous, 2).is_broken());
    }
}
