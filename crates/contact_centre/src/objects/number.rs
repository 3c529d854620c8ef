use serde::{Deserialize, Serialize};

use crate::words::words;

words! {
    /// Whether the caller lets the number be seen.
    Presentation {
        /// The number is shown.
        Allowed = "allowed",
        /// The caller withholds it.
        Restricted = "restricted",
        /// The network did not deliver it.
        Unavailable = "unavailable",
    }
}

/// A telephone number, as it came and as it is understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneNumber {
    /// `+` and digits; none unless the number is valid.
    pub e164: Option<Box<str>>,
    /// As the network or a person wrote it.
    pub raw: Box<str>,
    /// What is dialled after the call is answered.
    pub extension: Option<Box<str>>,
    /// Whether it may be shown.
    pub presentation: Presentation,
}

impl PhoneNumber {
    /// A valid number that may be shown. `e164` is taken as it is.
    pub fn valid(e164: &str) -> Self {
        Self { e164: Some(e164.into()), raw: e164.into(), extension: None, presentation: Presentation::Allowed }
    }

    /// Whether both reach the same line. Notations make no difference to valid numbers.
    pub fn is_same_line(&self, other: &Self) -> bool {
        match (&self.e164, &other.e164) {
            (Some(own), Some(others)) => own == others,
            (None, None) => self.raw == other.raw,
            _ => false,
        }
    }

    /// A number that the caller withholds.
    pub fn withheld() -> Self {
        Self { e164: None, raw: "anonymous".into(), extension: None, presentation: Presentation::Restricted }
    }

    /// An extension within the contact centre, which is no number of the public network.
    pub fn internal(extension: &str) -> Self {
        Self { e164: None, raw: extension.into(), extension: None, presentation: Presentation::Allowed }
    }
}
