use std::fmt;

use serde::{Deserialize, Serialize};

/// Why an answer that is given again has no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum KeyUnavailable {
    /// The installation shows a secret once, and this one was shown with the first answer.
    ShowOnce,
    /// The secret no longer works: it was replaced, or its key was deleted or has expired.
    Ended,
}

impl fmt::Display for KeyUnavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ShowOnce => "The key was shown once, when it was made, and can't be shown again.",
            Self::Ended => "The key that this request made no longer works.",
        })
    }
}
