//! What deleting and disabling have in common: both stop keys, ask first, and say what they did.

use model::{Deleted, KeyError, Switched};
use serde::{Deserialize, Serialize};

use super::labels::keys;
use crate::ui::count;

/// How keys are stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Stop {
    Delete,
    Disable,
}

/// What was done to a selection.
pub(super) struct Done {
    /// In the past: `Deleted`.
    pub(super) verb: &'static str,
    pub(super) keys: u64,
    /// Keys that were left as they were.
    pub(super) skipped: u64,
    /// Why it stopped before all was done.
    pub(super) stopped: Option<KeyError>,
    pub(super) undo: Undo,
}

/// How something that was done is undone, by the epochs of the changes that did it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Undo {
    Delete(Vec<i64>),
    Switch { changes: Vec<i64>, enabled: bool },
}

impl Undo {
    /// Whether nothing was changed.
    pub(super) fn is_empty(&self) -> bool {
        let (Self::Delete(changes) | Self::Switch { changes, .. }) = self;
        changes.is_empty()
    }
}

impl Stop {
    /// The name of the dialog that asks.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Delete => "Delete API keys",
            Self::Disable => "Disable API keys",
        }
    }

    /// The word on the button.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Delete => "Delete",
            Self::Disable => "Disable",
        }
    }

    /// What is not known when the answer is lost: as in "whether 3 API keys were deleted".
    pub(super) fn question(self, number: u64) -> String {
        let done = match self {
            Self::Delete => "deleted",
            Self::Disable => "disabled",
        };
        format!("{} {} {done}", keys(number), if number == 1 { "was" } else { "were" })
    }

    /// What the form asks for that is sent without scripts.
    pub(super) fn intent(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Disable => "disable",
        }
    }

    /// What is said of `number` keys, of which `idle` work no more as it is.
    pub(super) fn heading(self, number: u64, idle: u64) -> String {
        match self {
            Self::Delete => format!("{} will stop working at once:", keys(number)),
            Self::Disable if number == 0 => "These keys are disabled already. Nothing will change.".to_owned(),
            Self::Disable if idle == 0 => format!("{} will stop working at once:", keys(number)),
            // An expired key that is disabled does not start again when its end is moved.
            Self::Disable if idle == number => format!("{} that expired already will be disabled:", keys(number)),
            Self::Disable => format!(
                "{} will stop working at once, and {} that expired already will be disabled too:",
                keys(number - idle),
                count(idle)
            ),
        }
    }

    /// How what was stopped works again.
    pub(super) fn way_back(self) -> &'static str {
        match self {
            Self::Delete => "Deleted keys can be restored for 30 days.",
            Self::Disable => "Disabled keys can be enabled again at any time.",
        }
    }
}

impl From<Deleted> for Done {
    fn from(done: Deleted) -> Self {
        let Deleted { deleted, skipped, changes, stopped } = done;
        Self { verb: "Deleted", keys: deleted, skipped, stopped, undo: Undo::Delete(changes) }
    }
}

impl Done {
    pub(super) fn switched(done: Switched, enabled: bool) -> Self {
        let Switched { changed, skipped, changes, stopped } = done;
        let verb = if enabled { "Enabled" } else { "Disabled" };
        Self { verb, keys: changed, skipped, stopped, undo: Undo::Switch { changes, enabled } }
    }

    /// What was done, and where it differs from what was shown before.
    pub(super) fn told(&self, shown: Option<u64>) -> String {
        let done = format!("{} {}", self.verb, keys(self.keys));
        let all = shown.unwrap_or(self.keys + self.skipped);
        let left = all.saturating_sub(self.keys);
        match &self.stopped {
            Some(error) if left > 0 => format!("{done}, but not the other {}: {error}", count(left)),
            Some(error) => format!("{done}, but perhaps not all: {error}"),
            None if shown.is_none() => done,
            None if left > 0 => {
                format!("{done}. {} of those shown had already been deleted or changed", count(left))
            }
            None if self.keys > all => {
                format!("{done}, {} more than were shown because others were added meanwhile", count(self.keys - all))
            }
            None => done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_says_where_the_outcome_differs_from_what_was_shown() {
        let stopped = Some(KeyError::Unavailable);
        for (deleted, skipped, stopped, shown, expected) in [
            (3, 0, None, Some(3), "Deleted 3 API keys"),
            (3, 0, None, None, "Deleted 3 API keys"),
            (1, 1, None, Some(2), "Deleted 1 API key. 1 of those shown had already been deleted or changed"),
            (
                1_002,
                0,
                None,
                Some(1_000),
                "Deleted 1,002 API keys, 2 more than were shown because others were added meanwhile",
            ),
            (
                2_000,
                0,
                stopped.clone(),
                Some(5_000),
                "Deleted 2,000 API keys, but not the other 3,000: Keydesk can't answer right now. Please try again.",
            ),
            (
                2_000,
                0,
                stopped,
                None,
                "Deleted 2,000 API keys, but perhaps not all: Keydesk can't answer right now. Please try again.",
            ),
        ] {
            let deleted = Deleted { deleted, skipped, changes: Vec::new(), stopped };
            assert_eq!(Done::from(deleted).told(shown), expected);
        }
    }

    #[test]
    fn keys_that_were_in_the_wanted_state_already_are_no_news() {
        let enabled = Switched { changed: 2, skipped: 3, ..Switched::default() };
        assert_eq!(Done::switched(enabled, true).told(None), "Enabled 2 API keys");
    }

    #[test]
    fn the_question_counts_what_works_now() {
        for (number, idle, expected) in [
            (3, 0, "3 API keys will stop working at once:"),
            (3, 1, "2 API keys will stop working at once, and 1 that expired already will be disabled too:"),
            (1, 1, "1 API key that expired already will be disabled:"),
            (0, 0, "These keys are disabled already. Nothing will change."),
        ] {
            assert_eq!(Stop::Disable.heading(number, idle), expected);
        }
    }
}
