use domain::History;
use model::{Handover, Instant, Key, SecretInfo};

use crate::{ApiError, FieldProblem, ui::key_settings::SettingsForm};

/// What a form on the page has just done.
#[derive(Clone, Debug)]
pub(super) enum Flash {
    /// A sentence.
    Done(&'static str),
    /// The key has a new secret, shown this once.
    Rotated {
        /// The secret in plain.
        secret: String,
    },
    /// The secret, as it was asked for.
    Revealed {
        /// The secret in plain.
        secret: String,
    },
    /// There is a link, shown this once.
    HandOver {
        /// The link in full.
        link: String,
        /// Until when it can be opened.
        until: Instant,
    },
    /// Nothing was done.
    Refused(ApiError),
}

/// Everything that the page shows.
#[derive(Clone, Debug)]
pub(super) struct KeyDetails {
    pub(super) key: Key,
    pub(super) secrets: Vec<SecretInfo>,
    pub(super) handovers: Vec<Handover>,
    pub(super) history: History,
    /// The history does not begin with the newest.
    pub(super) earlier: bool,
    /// Allowed calls of each of the last 30 days, today last.
    pub(super) days: Vec<u32>,
    pub(super) may_change: bool,
    /// The installation keeps sealed copies, so a secret can be shown again.
    pub(super) recoverable: bool,
    pub(super) now: Instant,
    pub(super) flash: Option<Flash>,
    /// Which part stands open: `edit`, `rotate` or nothing.
    pub(super) open: String,
    /// What stands in the form that edits it.
    pub(super) form: SettingsForm,
    /// What is wrong with that.
    pub(super) problems: Vec<FieldProblem>,
    /// What somebody else has made of the key meanwhile: by label, theirs and what is in the form.
    pub(super) differences: Vec<(&'static str, String, String)>,
    /// As typed.
    pub(super) name: String,
    pub(super) catalogue: model::Catalogue,
}
