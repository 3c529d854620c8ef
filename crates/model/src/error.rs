use serde::{Deserialize, Serialize};

use crate::{ClientNameError, Contact, ErrorKind, InvalidOverlap, Overlap, Scope, SearchTooLong, error_kind};

/// What the page and the API say when the API Keys module is off, where the installation names nobody whom to ask.
pub const MODULE_UNAVAILABLE: &str =
    "API Keys may not be available in your installation. Please contact your Account Manager or Support.";

/// The same with whom the installation names.
fn module_unavailable(contact: Option<&Contact>) -> String {
    contact.map_or_else(
        || MODULE_UNAVAILABLE.to_owned(),
        |contact| format!("API Keys may not be available in your installation. Please contact {contact}."),
    )
}

/// Why a verb on keys was refused. It says what a caller may learn, and nothing of the internals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum KeyError {
    /// No such key in this installation.
    #[error("There is no such API key.")]
    NotFound,
    /// The Client Name is invalid.
    #[error("{reason}")]
    InvalidClientName {
        /// Which rule it breaks.
        reason: ClientNameError,
    },
    /// The Default API Key can be neither edited nor deleted.
    #[error("The Default API Key belongs to the installation itself and can be neither edited nor deleted.")]
    DefaultKeyProtected,
    /// A caller would give a key a scope that it does not hold itself.
    #[error("You can't grant a scope you don't hold.")]
    ScopeEscalation {
        /// The scopes that the caller lacks.
        missing: Vec<Scope>,
    },
    /// A caller would give a key a setting that lies beyond its own bounds.
    #[error("You can't give a key more than you may issue: {field} goes beyond your bounds.")]
    BoundsEscalation {
        /// The setting's name in the API, for example `allowed_ips`.
        field: String,
    },
    /// A test key would make a live one.
    #[error("A test key makes test keys only.")]
    EnvironmentEscalation,
    /// A scope that is not in the catalogue.
    #[error("There is no such scope: {scope}.")]
    UnknownScope {
        /// As the caller wrote it.
        scope: Scope,
    },
    /// A setting is invalid.
    #[error("{reason}")]
    InvalidSetting {
        /// Its name in the API, for example `expires_at`.
        field: String,
        /// Which rule it breaks.
        reason: String,
    },
    /// Somebody else changed the key first.
    #[error("The key has been changed since you read it.")]
    VersionMoved {
        /// Its version now.
        current: i64,
    },
    /// Somebody else has begun another trial of the key.
    #[error("Somebody else has begun to try a restriction of this key since you opened the page. Look at that first.")]
    TrialMoved,
    /// The installation keeps no sealed copies, so the secret was shown once only.
    #[error("The secret was shown once, when the key was created, and can't be shown again.")]
    NotRecoverable,
    /// The hand-over link was opened before, has expired, was withdrawn, or never existed.
    #[error("This link has been used, has expired or was withdrawn. Ask for a new one.")]
    HandoverOver,
    /// Too many links that are not there were asked for from this network.
    #[error("Too many attempts. Please wait {retry_after_seconds} seconds and try again.")]
    TooManyAttempts {
        /// When it makes sense to try again.
        retry_after_seconds: u64,
    },
    /// The key is not deleted, so there is nothing to restore.
    #[error("The key is not deleted.")]
    NotDeleted,
    /// Another import is under way in the installation, or waits to be confirmed.
    #[error("Another import is under way. Try again when it has ended, or cancel it where it waits to be confirmed.")]
    ImportRunning,
    /// The same `Idempotency-Key` came with another request.
    #[error("This Idempotency-Key was used for another request.")]
    IdempotencyMismatch,
    /// Its sender took the request back before it was done, so it never will be.
    #[error("This was cancelled before it was done.")]
    Recalled,
    /// A signed-in person's role does not allow it, or a key has lost the scope while its change waited.
    #[error("Your role does not allow this.")]
    Forbidden,
    /// What was asked for needs a proof of who asks, and the last one is too old.
    #[error("Confirm that it is you to do this.")]
    StepUpNeeded,
    /// The installation asks this person for a second factor, and they have none.
    #[error("Your installation asks you for a second factor. Set one up first, on your account's page.")]
    SecondFactorDue,
    /// The API Keys module is off for the installation.
    #[error("{}", module_unavailable(.contact.as_ref()))]
    ModuleUnavailable {
        /// Whom the installation names; `None`: nobody in particular.
        contact: Option<Contact>,
    },
    /// No such installation.
    #[error("There is no such installation.")]
    NoInstallation,
    /// The name of an installation is taken or malformed.
    #[error("{reason}")]
    InvalidInstallation {
        /// Which rule it breaks.
        reason: String,
    },
    /// Keydesk can't decide right now: the database does not answer. Try again.
    #[error("Keydesk can't answer right now. Please try again.")]
    Unavailable,
}

impl From<ClientNameError> for KeyError {
    fn from(reason: ClientNameError) -> Self {
        Self::InvalidClientName { reason }
    }
}

impl From<SearchTooLong> for KeyError {
    fn from(reason: SearchTooLong) -> Self {
        Self::InvalidSetting { field: "search".to_owned(), reason: reason.to_string() }
    }
}

impl From<InvalidOverlap> for KeyError {
    fn from(_: InvalidOverlap) -> Self {
        let days = Overlap::MAX_SECONDS / (24 * 60 * 60);
        Self::InvalidSetting {
            field: "overlap_seconds".to_owned(),
            reason: format!("The overlap is at most {days} days."),
        }
    }
}

impl KeyError {
    /// Its status and code, over REST as in the Workspace.
    pub fn kind(&self) -> &'static ErrorKind {
        match self {
            Self::NotFound | Self::NoInstallation => &error_kind::NOT_FOUND,
            Self::InvalidClientName { .. } => &error_kind::INVALID_CLIENT_NAME,
            Self::DefaultKeyProtected => &error_kind::DEFAULT_KEY_PROTECTED,
            Self::ScopeEscalation { .. } => &error_kind::SCOPE_ESCALATION,
            Self::BoundsEscalation { .. } => &error_kind::BOUNDS_ESCALATION,
            Self::EnvironmentEscalation => &error_kind::ENVIRONMENT_ESCALATION,
            Self::UnknownScope { .. } => &error_kind::UNKNOWN_SCOPE,
            Self::InvalidSetting { .. } | Self::InvalidInstallation { .. } => &error_kind::INVALID_SETTING,
            // Only pages try restrictions.
            Self::VersionMoved { .. } | Self::TrialMoved => &error_kind::VERSION_MOVED,
            Self::NotRecoverable => &error_kind::NOT_RECOVERABLE,
            Self::HandoverOver => &error_kind::HANDOVER_OVER,
            // Links are opened on pages alone.
            Self::TooManyAttempts { .. } => &error_kind::TOO_MANY_CALLS,
            Self::NotDeleted => &error_kind::NOT_DELETED,
            Self::ImportRunning => &error_kind::IMPORT_RUNNING,
            // Only pages take something back.
            Self::IdempotencyMismatch | Self::Recalled => &error_kind::IDEMPOTENCY_MISMATCH,
            // Only people are asked to prove who they are.
            Self::Forbidden | Self::StepUpNeeded | Self::SecondFactorDue => &error_kind::FORBIDDEN,
            Self::ModuleUnavailable { .. } => &error_kind::MODULE_UNAVAILABLE,
            Self::Unavailable => &error_kind::UNAVAILABLE,
        }
    }
}
