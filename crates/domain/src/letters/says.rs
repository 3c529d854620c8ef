use model::{Instant, KeyId, Role};
use serde::{Deserialize, Serialize};

/// What a letter says, and to whom, as it is sealed.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Says {
    /// They are invited.
    Invitation {
        /// Their address.
        to: String,
        /// Their name.
        name: String,
        /// What they will be able to do.
        role: Role,
        /// What the link carries; `None`: they sign in with their organisation's account, and need none.
        token: Option<String>,
        /// Until when.
        ends: Instant,
    },
    /// They can choose a new password.
    Reset {
        /// Their address.
        to: String,
        /// Their name.
        name: String,
        /// What the link carries.
        token: String,
        /// Until when.
        ends: Instant,
    },
    /// Keys of theirs end soon.
    Ending {
        /// Their address.
        to: String,
        /// The first of them.
        keys: Vec<EndingOne>,
        /// How many more there are.
        more: u64,
    },
}

/// A key that ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EndingOne {
    pub(super) id: KeyId,
    pub(super) client_name: String,
    pub(super) ends: Instant,
}

impl Says {
    pub(super) fn to(&self) -> &str {
        match self {
            Self::Invitation { to, .. } | Self::Reset { to, .. } | Self::Ending { to, .. } => to,
        }
    }
}
