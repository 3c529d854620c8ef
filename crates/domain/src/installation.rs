use model::{Contact, InstallationId, Instant, KeyLife, LeakRule, Preset, RequiredSecondFactor, TimeZone};
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
    /// Whom people ask where the module is off.
    pub contact: Option<Contact>,
    /// Within how many days of its making, or of a change of its end, a key must end.
    #[serde(rename = "longest_life_days")]
    pub longest_life: Option<KeyLife>,
    /// What the form of a new key begins with.
    pub default_preset: Option<Preset>,
    /// Moves with every change of its settings.
    pub settings_version: i64,
    /// Since when sealed copies are to be erased that must not be there any more.
    #[serde(skip)]
    pub erase_copies_since: Option<Instant>,
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
            required_second_factor: stored.required_second_factor,
            contact: stored.contact,
            longest_life: stored.longest_life,
            default_preset: stored.default_preset,
            settings_version: stored.settings_version,
            erase_copies_since: stored.erase_copies_since,
            leak_rule: stored.leak_rule,
            created_at: stored.created_at,
        }
    }
}
