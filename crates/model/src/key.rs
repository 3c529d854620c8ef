use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Environment, Hint, Instant, KeyId, KeySettings, SecretId};

/// How long a deleted key can be restored: 30 days, in milliseconds. After that it is purged.
pub const RESTORE_WINDOW_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// Whose key it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum KeyKind {
    /// The installation's own. Can be neither edited nor deleted.
    Default,
    /// Generated for a client.
    Issued,
}

impl KeyKind {
    /// Its name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Issued => "issued",
        }
    }
}

/// Where a key stands in its life, at some instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum KeyStatus {
    /// Verifies.
    Active,
    /// Switched off by a person, who can switch it on again.
    Disabled,
    /// It has expired.
    Expired,
    /// Deleted.
    Revoked,
}

/// The text names no status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a status is one of active, disabled, expired and revoked")]
pub struct UnknownStatus;

impl KeyStatus {
    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

impl fmt::Display for KeyStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for KeyStatus {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        [Self::Active, Self::Disabled, Self::Expired, Self::Revoked]
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or(UnknownStatus)
    }
}

/// The instants that decide a key's status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LifeCycle {
    /// When it was switched off, if it is.
    pub disabled_at: Option<Instant>,
    /// From when on it is refused, if ever: at this very millisecond it is already expired.
    pub expires_at: Option<Instant>,
    /// When it was deleted, if it was.
    pub deleted_at: Option<Instant>,
}

impl LifeCycle {
    /// Its status at `now`. If several reasons apply, the gravest decides.
    pub fn status(&self, now: Instant) -> KeyStatus {
        if self.deleted_at.is_some() {
            KeyStatus::Revoked
        } else if self.disabled_at.is_some() {
            KeyStatus::Disabled
        } else if self.expires_at.is_some_and(|end| end <= now) {
            KeyStatus::Expired
        } else {
            KeyStatus::Active
        }
    }
}

/// A key as it is shown to whoever may see it. There is no secret in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Key {
    /// Stable, whatever the secrets.
    pub id: KeyId,
    /// Whose it is.
    pub kind: KeyKind,
    /// What is shown of its newest secret.
    pub hint: Hint,
    /// Which data it reaches.
    pub environment: Environment,
    /// At the instant of the answer.
    pub status: KeyStatus,
    /// All of it that can be edited.
    #[serde(flatten)]
    pub settings: KeySettings,
    /// Another system issued it, and it was imported.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub imported: bool,
    /// The last allowed call, to within a few seconds; null: never used.
    pub last_used_at: Option<Instant>,
    /// When it was issued.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
    /// When it was deleted; absent unless it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Instant>,
    /// Grows with each change; the `ETag` is made of it.
    pub version: i64,
}

/// One of the secrets of a key, as a person may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SecretInfo {
    /// Its own id.
    pub id: SecretId,
    /// What is shown of it.
    pub hint: Hint,
    /// When it was made.
    pub created_at: Instant,
    /// From when on it is refused, because a newer one has replaced it; null: it is the newest.
    pub expires_at: Option<Instant>,
    /// The last allowed call with it, to within a few seconds; null: never used.
    pub last_used_at: Option<Instant>,
}

/// The result of switching several keys on or off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BulkSwitched {
    /// Switched by this call, in the order asked.
    pub changed: Vec<KeyId>,
    /// Were in the wanted state already.
    pub unchanged: Vec<KeyId>,
    /// Left as they were.
    pub skipped: Vec<Skipped>,
}

/// The result of a bulk delete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BulkDeleted {
    /// Deleted by this call, in the order asked.
    pub deleted: Vec<KeyId>,
    /// Left as they were.
    pub skipped: Vec<Skipped>,
}

/// One key that a bulk change left alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Skipped {
    /// As asked.
    pub id: KeyId,
    /// `default_key_protected`, `not_found`, or `scope_escalation`: the caller lacks scopes that the key would get back.
    pub code: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gravest_reason_names_the_status() {
        let at = |ms| Some(Instant::from_millis(ms));
        let life = |disabled_at, expires_at, deleted_at| LifeCycle { disabled_at, expires_at, deleted_at };
        let rows = [
            (life(None, None, None), KeyStatus::Active),
            (life(None, at(11), None), KeyStatus::Active),
            (life(None, at(10), None), KeyStatus::Expired),
            (life(at(5), at(10), None), KeyStatus::Disabled),
            (life(at(5), at(10), at(7)), KeyStatus::Revoked),
        ];
        for (life, want) in rows {
            assert_eq!(life.status(Instant::from_millis(10)), want, "{life:?}");
        }
    }
}
