use serde::{Deserialize, Serialize};

use super::key_row::KeyRow;

/// What is known of a text that looks like a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum KeyLookup {
    /// The key of this client.
    Found(Box<KeyRow>),
    /// A key that the person's installation does not have.
    Unknown,
    /// A key that is mistyped or cut off.
    Mistyped,
    /// A key was in the address of the page.
    Address,
}

impl KeyLookup {
    #[cfg(feature = "ssr")]
    pub(crate) fn of(looked_up: domain::LookedUp, now: model::Instant) -> Self {
        use domain::LookedUp;
        match looked_up {
            LookedUp::Found(key) => Self::Found(Box::new(KeyRow::of(*key, now))),
            LookedUp::Mistyped => Self::Mistyped,
            LookedUp::Unknown | LookedUp::NoKey => Self::Unknown,
        }
    }

    /// As the address names it, where no script could show it.
    pub(super) fn of_address(name: &str) -> Option<Self> {
        match name {
            "unknown" => Some(Self::Unknown),
            "mistyped" => Some(Self::Mistyped),
            "address" => Some(Self::Address),
            _ => None,
        }
    }

    /// What is said of it; empty of a key that was found.
    pub(super) fn sentence(&self) -> &'static str {
        match self {
            Self::Found(_) => "",
            Self::Unknown => "This is no key of this installation.",
            Self::Mistyped => "The key is mistyped: its checksum is wrong. Paste the whole key.",
            Self::Address => {
                "A key was taken out of the address, since histories and logs keep addresses. Paste it into Quick Search \
                 to look it up."
            }
        }
    }
}
