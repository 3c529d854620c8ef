use domain::History;
use model::{Handover, Instant, Key, SecretInfo};

use crate::{ApiError, FieldProblem, ui::key_settings::SettingsForm};

/// What a form on this page has just done, shown once.
#[derive(Clone, Debug)]
pub(super) enum Flash {
    /// A sentence.
    Done(&'static str),
    /// The key has a new secret, shown this once.
    Rotated {
        /// The secret in plain.
        secret: String,
    },
    /// The secret is revealed, as asked.
    Revealed {
        /// The secret in plain.
        secret: String,
    },
    /// A hand-over link was made, shown this once.
    HandOver {
        /// The link in full.
        link: String,
        /// Until when it can be opened.
        until: Instant,
    },
    /// The form was refused.
    Refused(ApiError),
}

/// Everything that the page of a key shows.
#[derive(Clone, Debug)]
pub(super) struct KeyDetails {
    pub(super) key: Key,
    pub(super) secrets: Vec<SecretInfo>,
    pub(super) handovers: Vec<Handover>,
    /// `None`: the person may not read the audit log.
    pub(super) history: Option<History>,
    /// The history does not begin with the newest entry.
    pub(super) earlier: bool,
    /// Allowed calls of each of the last 30 days, today last.
    pub(super) days: Vec<u32>,
    pub(super) may_change: bool,
    /// Whether the person may have its secret: reveal and rotate it.
    pub(super) may_rotate: bool,
    /// The installation keeps sealed copies, so a secret can be shown again.
    pub(super) recoverable: bool,
    pub(super) now: Instant,
    pub(super) flash: Option<Flash>,
    /// Which part is open: `edit`, `rotate` or nothing.
    pub(super) open: String,
    /// The values of the form that edits it.
    pub(super) form: SettingsForm,
    /// What is wrong with the form.
    pub(super) problems: Vec<FieldProblem>,
    /// How somebody else's version differs from the form: the label, their value, the form's value.
    pub(super) differences: Vec<(&'static str, String, String)>,
    /// The Client Name as typed.
    pub(super) name: String,
    pub(super) catalogue: model::Catalogue,
}
