use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{AdministratorId, SignOnProblem};

/// What a signed-in person may do in an installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything.
    Owner,
    /// Everything about keys.
    Manager,
    /// Sees keys and their usage, changes nothing and reveals nothing.
    Viewer,
}

/// The text names no role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a role is owner, manager or viewer")]
pub struct UnknownRole;

impl Role {
    /// Its name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Manager => "manager",
            Self::Viewer => "viewer",
        }
    }

    /// Its name for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Owner => "Owner",
            Self::Manager => "Manager",
            Self::Viewer => "Viewer",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        [Self::Owner, Self::Manager, Self::Viewer].into_iter().find(|role| role.as_str() == text).ok_or(UnknownRole)
    }
}

/// A person who signs in to the Workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Administrator {
    /// Stable.
    pub id: AdministratorId,
    /// As typed; compared without regard to case.
    pub email: String,
    /// For people.
    pub name: String,
    /// What they may do.
    pub role: Role,
}

/// Shortest password, in characters.
pub const PASSWORD_MIN: usize = 12;
/// Longest password, in characters: a longer one would be work for the server and no gain.
pub const PASSWORD_MAX: usize = 256;

/// Why signing in or setting up was refused: what the caller may learn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum AdminError {
    /// The email address or the password is wrong; the caller is not told which.
    #[error("The email or the password is not right.")]
    WrongCredentials,
    /// Too many attempts for this account or from this address.
    #[error("Too many attempts. Please wait {retry_after_seconds} seconds and try again.")]
    TooManyAttempts {
        /// When it makes sense to try again.
        retry_after_seconds: u64,
    },
    /// Not an email address.
    #[error("Enter an email address such as name@example.com.")]
    InvalidEmail,
    /// Not a name.
    #[error("Enter a name of 1 to 100 visible characters.")]
    InvalidName,
    /// Too short or too long.
    #[error("A password has 12 to 256 characters.")]
    WeakPassword,
    /// Another administrator has this email address.
    #[error("An administrator with this email address exists.")]
    EmailTaken,
    /// So long a password is refused only if it is easy to guess.
    #[error("This password is easy to guess.{}{advice}", if advice.is_empty() { "" } else { " " })]
    GuessablePassword {
        /// Why it is, and what makes a better one, in sentences.
        advice: String,
    },
    /// The password is right, but the account is disabled.
    #[error("This account is disabled. Ask an owner of your installation to enable it.")]
    AccountDisabled,
    /// The session has ended.
    #[error("You are signed out. Please sign in again.")]
    SignedOut,
    /// Only owners and the operator manage people.
    #[error("Your role does not allow this.")]
    Forbidden,
    /// Nobody in this installation has the email address.
    #[error("There is no administrator with this email address in this installation.")]
    NoAdministrator,
    /// The installation would have no owner who can sign in.
    #[error("This is the last owner who can sign in. Make somebody else an owner first.")]
    LastOwner,
    /// The link by which a password is set was used before, has expired, was withdrawn, or never existed.
    #[error("This link has been used, has expired or was withdrawn. Ask for a new one.")]
    LinkOver,
    /// The set-up link is not valid (any more).
    #[error("This set-up link is not valid any more. Please sign in.")]
    SetUpOver,
    /// A code is wrong, or was used before; the caller is not told which.
    #[error("This code is not right, or was used before.")]
    WrongCode,
    /// A passkey's answer is not good: it is another's, too old, or was used before.
    #[error("This passkey was not accepted. Please try again.")]
    WrongPasskey,
    /// The password was right, but too long ago.
    #[error("That took too long. Please sign in again.")]
    SignInOver,
    /// What was asked for needs a proof of who asks, and the last one is too old.
    #[error("Confirm that it is you to do this.")]
    StepUpNeeded,
    /// The installation asks this person for a second factor, and they have none.
    #[error("Your installation asks you for a second factor. Set one up first, on your account's page.")]
    SecondFactorDue,
    /// The installation asks this person for a second factor, and this is the only one they have.
    #[error("Your installation asks you for a second factor. Add another one before you remove this one.")]
    LastSecondFactor,
    /// An authenticator app is there already.
    #[error("You have an authenticator app already. Remove it before you set up another one.")]
    AppThere,
    /// No more passkeys than that.
    #[error("You have 10 passkeys already, which is the most. Remove one first.")]
    TooManyPasskeys,
    /// What was to be removed or replaced is not there.
    #[error("You have no such second factor.")]
    NoSecondFactor,
    /// The time in which an authenticator app could be set up with this secret is over.
    #[error("That took too long. Please begin again.")]
    SetupOver,
    /// Nobody signs in with a password here.
    #[error("Passwords are switched off here. Sign in with your organisation's account.")]
    PasswordsOff,
    /// They came from their organisation, and were not signed in.
    #[error("{problem}")]
    SignOn {
        /// Why.
        problem: SignOnProblem,
    },
    /// Keydesk can't decide right now. Try again.
    #[error("Keydesk can't answer right now. Please try again.")]
    Unavailable,
}
