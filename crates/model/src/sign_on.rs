//! Signing in with an account of one's organisation.

use serde::{Deserialize, Serialize};

/// How people can sign in here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInWays {
    /// Whether with a password.
    pub passwords: bool,
    /// What stands on the button that leads to their organisation; `None`: there is no such way.
    pub button: Option<String>,
}

/// Why somebody whom their organisation has sent was not signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum SignOnProblem {
    /// There is no such way here.
    #[error("Nobody signs in with their organisation's account here.")]
    Off,
    /// It took too long, was begun in another browser, or was brought twice.
    #[error("That sign-in took too long or was begun elsewhere. Please begin again.")]
    Again,
    /// The organisation, or the person, has said no.
    #[error("Your organisation did not sign you in.")]
    Denied,
    /// Their organisation can't be asked.
    #[error("Your organisation's sign-in can't be reached right now. Please try again.")]
    Provider,
    /// Nothing that their organisation says of them is a role here.
    #[error("Your organisation's account gives you no role in Keydesk. Ask whoever looks after your account there.")]
    NoRole,
    /// Nobody knows them yet, and their organisation does not say that their address is theirs.
    #[error(
        "Your organisation does not confirm your email address, so Keydesk can't tell which account is yours. Ask whoever looks \
         after your account there."
    )]
    EmailUnverified,
    /// Their address belongs to an account that is another's there, or of another installation.
    #[error("Your email address belongs to another account of Keydesk. Ask an owner.")]
    Elsewhere,
}

impl SignOnProblem {
    /// Every one.
    pub const ALL: [Self; 7] =
        [Self::Off, Self::Again, Self::Denied, Self::Provider, Self::NoRole, Self::EmailUnverified, Self::Elsewhere];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Again => "again",
            Self::Denied => "denied",
            Self::Provider => "provider",
            Self::NoRole => "no_role",
            Self::EmailUnverified => "email_unverified",
            Self::Elsewhere => "elsewhere",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_on_the_wire() {
        for problem in SignOnProblem::ALL {
            assert_eq!(serde_json::to_value(problem).unwrap(), problem.as_str());
        }
    }
}
