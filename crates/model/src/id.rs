use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )*};
}

ids! {
    /// One customer's contact centre. A version 7 UUID.
    InstallationId;
    /// The stable identity of an API key, whatever its secrets. A version 7 UUID.
    KeyId;
    /// One of the secrets of a key. A version 7 UUID.
    SecretId;
    /// A person who signs in to the Workspace. A version 7 UUID.
    AdministratorId;
    /// A session of a person who is signed in. Not its token.
    SessionId;
    /// A link that hands a secret over. A version 7 UUID.
    HandoverId;
    /// One entry of the audit log. A version 7 UUID.
    AuditId;
    /// A receiver of events. A version 7 UUID.
    WebhookId;
    /// A passkey of a person. A version 7 UUID.
    PasskeyId;
    /// An import of keys that another system issued. A version 7 UUID.
    ImportId;
    /// Something that has happened. A version 7 UUID, the same with every delivery of it.
    EventId;
}
