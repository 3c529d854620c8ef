use std::fmt;

use serde::{Deserialize, Serialize};

/// A password on its way from a form to the domain. `Debug` is masked.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Password(String);

impl From<String> for Password {
    fn from(typed: String) -> Self {
        Self(typed)
    }
}

#[cfg(feature = "ssr")]
impl From<Password> for model::PlainSecret {
    fn from(password: Password) -> Self {
        Self::new(password.0)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}
