use model::{InstallationId, Instant, RequiredSecondFactor, TimeZone};
use serde::{Deserialize, Serialize};
use store::StoredInstallation;

/// One customer's contact centre.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installation {
    /// Its id.
    pub id: InstallationId,
    /// Its name on the command line.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// Whether its API Keys module is on.
    pub enabled: bool,
    /// Whether secrets are also sealed and can be revealed; else they are shown once.
    pub recoverable: bool,
    /// Whose days are meant, where nobody says whose else.
    pub time_zone: TimeZone,
    /// Who of its people must have a second factor.
    pub required_second_factor: RequiredSecondFactor,
    /// When it was created.
    pub created_at: Instant,
}

impl From<StoredInstallation> for Installation {
    fn from(stored: StoredInstallation) -> Self {
        Self {
            id: stored.id,
            name: stored.name,
            title: stored.title,
            enabled: stored.disabled_at.is_none(),
            recoverable: stored.recoverable,
            time_zone: stored.time_zone,
            required_second_factor: stored.required_second_factor,
            created_at: stored.created_at,
        }
    }
}
