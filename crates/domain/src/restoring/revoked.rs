use model::{Action, AdministratorId, InstallationId, Instant, KeyId, KeySettings, Role};
use serde::Serialize;

/// What was taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Revocation {
    /// The key was deleted.
    Deleted,
    /// The key was disabled.
    Disabled,
    /// The key was rotated: the backup has a secret that was to end.
    Rotated,
    /// A secret of the key that a newer one had replaced was ended before its time.
    OverlapEnded,
    /// The key got an earlier end, fewer scopes, or fewer places and calls.
    Narrowed,
    /// The administrator was removed.
    AdministratorRemoved,
    /// The administrator was disabled.
    AdministratorDisabled,
    /// The administrator got a role that may do less.
    AdministratorDemoted,
    /// The administrator's password was changed: the backup has the previous one.
    PasswordChanged,
    /// The person was forgotten: the backup has their name.
    Forgotten,
    /// The API Keys module of the installation was switched off.
    InstallationDisabled,
    /// A change whose entry can't be read.
    Unknown,
}

impl Revocation {
    /// For people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Disabled => "disabled",
            Self::Rotated => "rotated",
            Self::OverlapEnded => "overlap ended",
            Self::Narrowed => "narrowed",
            Self::AdministratorRemoved => "administrator removed",
            Self::AdministratorDisabled => "administrator disabled",
            Self::AdministratorDemoted => "role taken away",
            Self::PasswordChanged => "password changed",
            Self::Forgotten => "forgotten",
            Self::InstallationDisabled => "installation disabled",
            Self::Unknown => "unknown change",
        }
    }
}

/// A revocation that a backup does not know, because it was made later.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RevokedSince {
    /// Whose.
    #[serde(skip)]
    pub(super) installation_id: InstallationId,
    /// Whose, by name.
    pub installation: String,
    /// The key, if it is about one.
    pub key_id: Option<KeyId>,
    /// The administrator, if it is about one.
    pub administrator_id: Option<AdministratorId>,
    /// Whom the key was generated for, or the administrator's name, as the backup has it; else what was done.
    pub name: String,
    /// How.
    pub how: Revocation,
    /// When.
    pub at: Instant,
    /// Whether it can't be made again here, and is to be done by hand.
    pub by_hand: bool,
    /// How it is made again.
    #[serde(skip)]
    pub(super) again: Again,
}

/// How a revocation is made again.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Again {
    Delete(KeyId),
    Disable(KeyId),
    /// The secret that the backup has was to be refused from this instant on.
    Rotate(KeyId, Instant),
    EndOverlap(KeyId),
    Narrow(KeyId, Box<KeySettings>),
    RemoveAdministrator(AdministratorId),
    DisableAdministrator(AdministratorId),
    SetRole(AdministratorId, Role),
    /// Nobody has the new password, so the backup's one is disabled.
    EndPassword(AdministratorId),
    DisableInstallation,
    ByHand,
}

impl Again {
    pub(super) fn how(&self) -> Revocation {
        match self {
            Self::Delete(_) => Revocation::Deleted,
            Self::Disable(_) => Revocation::Disabled,
            Self::Rotate(..) => Revocation::Rotated,
            Self::EndOverlap(_) => Revocation::OverlapEnded,
            Self::Narrow(..) => Revocation::Narrowed,
            Self::RemoveAdministrator(_) => Revocation::AdministratorRemoved,
            Self::DisableAdministrator(_) => Revocation::AdministratorDisabled,
            Self::SetRole(..) => Revocation::AdministratorDemoted,
            Self::EndPassword(_) => Revocation::PasswordChanged,
            Self::DisableInstallation => Revocation::InstallationDisabled,
            Self::ByHand => Revocation::Unknown,
        }
    }
}

/// The action of an entry; `None`: one of a newer release.
pub(super) fn action(text: &str) -> Option<Action> {
    serde_json::from_value(serde_json::Value::String(text.to_owned())).ok()
}
