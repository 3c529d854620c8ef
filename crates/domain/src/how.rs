use model::Instant;
use serde_json::{Map, Value, json};

use crate::proof::Way;

/// How somebody has signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct How {
    /// By what they have proved first who they are. A link for a password stands for one.
    pub(crate) first: Way,
    /// What was their second factor, if they have one.
    pub(crate) second: Option<Way>,
    /// When they have proved it.
    pub(crate) proved_at: Instant,
}

impl How {
    /// Without a second factor.
    pub(crate) const fn by(first: Way, proved_at: Instant) -> Self {
        Self { first, second: None, proved_at }
    }

    /// As the audit log has it. A password goes without saying.
    pub(crate) fn told(self) -> Value {
        let mut told = Map::new();
        if self.first != Way::Password {
            told.insert("by".to_owned(), json!(self.first.as_str()));
        }
        if let Some(second) = self.second {
            told.insert("second_factor".to_owned(), json!(second.as_str()));
        }
        told.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_has_what_is_no_password() {
        let now = Instant::from_millis(0);
        let told = |first, second| How { second, ..How::by(first, now) }.told();
        assert_eq!(told(Way::Password, None), json!({}));
        assert_eq!(told(Way::Organisation, None), json!({ "by": "oidc" }));
        assert_eq!(told(Way::Password, Some(Way::App)), json!({ "second_factor": "app" }));
        let both = json!({ "by": "oidc", "second_factor": "passkey" });
        assert_eq!(told(Way::Organisation, Some(Way::Passkey)), both);
    }
}
