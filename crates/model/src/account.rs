use serde::{Deserialize, Serialize};

use crate::{AdministratorId, Instant, Role, SessionId};

/// How long an invitation can be accepted: 72 hours, in milliseconds.
pub const INVITATION_LIFE_MS: i64 = 72 * 60 * 60 * 1000;
/// How long a link for a new password can be used: an hour, in milliseconds.
pub const RESET_LIFE_MS: i64 = 60 * 60 * 1000;
/// Sessions that a person can have at once; signing in once more ends the oldest.
pub const SESSIONS_MAX: usize = 20;

/// What a link by which a person sets a password is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountLinkKind {
    /// It makes the account of somebody who was invited.
    Invitation,
    /// It gives an account that exists a new password.
    Reset,
}

impl AccountLinkKind {
    /// The page that the link leads to.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Invitation => "/invite",
            Self::Reset => "/reset",
        }
    }
}

/// A link by which a person sets a password, as its page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountLink {
    /// What it is for.
    pub kind: AccountLinkKind,
    /// With which the person signs in.
    pub email: String,
    /// The person's name; whoever was invited may change it.
    pub name: String,
}

/// Whether a person can sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonStatus {
    /// They can.
    Active,
    /// Not until they are enabled.
    Disabled,
    /// Not until they accept their invitation.
    Invited,
}

impl PersonStatus {
    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Invited => "invited",
        }
    }
}

/// An administrator of an installation, or somebody who is invited to be one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Stable. Whoever accepts an invitation keeps its id.
    pub id: AdministratorId,
    /// As typed; compared without regard to case.
    pub email: String,
    /// For people.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Whether they can sign in.
    pub status: PersonStatus,
    /// When they were made an administrator, or were invited.
    pub created_at: Instant,
    /// When the invitation ends; null: it is accepted.
    pub expires_at: Option<Instant>,
    /// How many sessions they have now.
    pub sessions: u32,
    /// The last use of those sessions, to within a minute.
    pub last_seen_at: Option<Instant>,
    /// Whether they have a second factor beside their password.
    pub second_factor: bool,
}

/// One of a person's own sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnSession {
    /// By which it can be ended.
    pub id: SessionId,
    /// When it began.
    pub created_at: Instant,
    /// When it was last used, to within a minute.
    pub last_seen_at: Instant,
    /// Whether it is the session that asks.
    pub current: bool,
}
