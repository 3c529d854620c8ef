use model::{TimeZone, UsageReport};

use super::filter::{Asked, Filter, Problem};

/// What the page shows.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) filter: Filter,
    pub(super) found: Found,
    /// Scopes that are offered.
    pub(super) scopes: Vec<String>,
    /// The Client Name of the one key that is asked for.
    pub(super) key_name: Option<String>,
    pub(super) zone: TimeZone,
    /// Whether allowed calls are recorded.
    pub(super) recorded: bool,
    /// What this node could not write down since its start: calls, and scopes or addresses of others.
    pub(super) lost: (u64, u64),
}

/// What became of the question.
#[derive(Clone, Debug)]
pub(super) enum Found {
    /// It can't be read.
    Wrong(Vec<Problem>),
    /// The key that it is about is not there.
    NoKey,
    /// The numbers. `is_nobody`: nobody has the Client Name that is asked for.
    Report { asked: Asked, report: Box<UsageReport>, is_nobody: bool },
}

impl Shown {
    /// What is wrong with a field.
    pub(super) fn problem(&self, field: &str) -> Option<&str> {
        let Found::Wrong(problems) = &self.found else { return None };
        problems.iter().find(|(name, _)| *name == field).map(|(_, words)| words.as_str())
    }
}
