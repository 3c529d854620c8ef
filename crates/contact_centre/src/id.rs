//! Ids of the contact centre's objects. All are version 7 UUIDs, and so sort by the instant at which the object began.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
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
    /// One leg of a call.
    CallId;
    /// A person who takes calls.
    AgentId;
    /// A line in which callers wait.
    QueueId;
    /// A customer.
    ContactId;
    /// A list of people who are called, and how.
    CampaignId;
    /// One person of a campaign.
    LeadId;
    /// The recording of one leg.
    RecordingId;
}
