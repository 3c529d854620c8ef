use model::{InstallationId, Instant, LeakRule, TimeZone};
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
    /// What becomes of its keys that a signed report says have leaked.
    #[serde(default)]
    pub leak_rule: LeakRule,
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
            leak_rule: stored.leak_rule,
            created_at: stored.created_at,
        }
    }
}
