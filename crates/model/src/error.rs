use serde::{Deserialize, Serialize};

use crate::{ClientNameError, InvalidOverlap, Scope, SearchTooLong};

/// What the page and the API say when the API Keys module is off.
pub const MODULE_UNAVAILABLE: &str =
    "API Keys may not be available in your installation. Please contact your Account Manager or Support.";

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
    /// The installation keeps no sealed copies, so the secret was shown once only.
    #[error("The secret was shown once, when the key was created, and can't be shown again.")]
    NotRecoverable,
    /// The hand-over link was opened before, has expired, was withdrawn, or never existed.
    #[error("This link has been used, has expired or was withdrawn. Ask for a new one.")]
    HandoverOver,
    /// The key is not deleted, so there is nothing to restore.
    #[error("The key is not deleted.")]
    NotDeleted,
    /// The same `Idempotency-Key` came with another request.
    #[error("This Idempotency-Key was used for another request.")]
    IdempotencyMismatch,
    /// A signed-in person's role does not allow it, or a key has lost the scope while its change waited.
    #[error("Your role does not allow this.")]
    Forbidden,
    /// The API Keys module is off for the installation.
    #[error("{MODULE_UNAVAILABLE}")]
    ModuleUnavailable,
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
        Self::InvalidSetting {
            field: "overlap_seconds".to_owned(),
            reason: "The overlap is at most 30 days.".to_owned(),
        }
    }
}

impl KeyError {
    /// The status of an answer that carries it, over REST as in the Workspace.
    pub const fn status(&self) -> u16 {
        match self {
            Self::DefaultKeyProtected
            | Self::ScopeEscalation { .. }
            | Self::BoundsEscalation { .. }
            | Self::EnvironmentEscalation
            | Self::Forbidden
            | Self::ModuleUnavailable => 403,
            Self::NotFound | Self::NoInstallation => 404,
            Self::NotRecoverable | Self::NotDeleted | Self::IdempotencyMismatch => 409,
            Self::HandoverOver => 410,
            Self::VersionMoved { .. } => 412,
            Self::InvalidClientName { .. }
            | Self::UnknownScope { .. }
            | Self::InvalidSetting { .. }
            | Self::InvalidInstallation { .. } => 422,
            Self::Unavailable => 503,
        }
    }

    /// The stable code of the HTTP contract.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::InvalidClientName { .. } => "invalid_client_name",
            Self::DefaultKeyProtected => "default_key_protected",
            Self::ScopeEscalation { .. } => "scope_escalation",
            Self::BoundsEscalation { .. } => "bounds_escalation",
            Self::EnvironmentEscalation => "environment_escalation",
            Self::UnknownScope { .. } => "unknown_scope",
            Self::InvalidSetting { .. } => "invalid_setting",
            Self::VersionMoved { .. } => "version_moved",
            Self::NotRecoverable => "not_recoverable",
            Self::HandoverOver => "handover_over",
            Self::NotDeleted => "not_deleted",
            Self::IdempotencyMismatch => "idempotency_mismatch",
            Self::Forbidden => "forbidden",
            Self::ModuleUnavailable => "module_unavailable",
            Self::NoInstallation => "no_installation",
            Self::InvalidInstallation { .. } => "invalid_installation",
            Self::Unavailable => "unavailable",
        }
    }
}
