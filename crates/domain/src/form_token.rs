use std::fmt::Write as _;

use crate::Keydesk;

impl Keydesk {
    /// A text for a form that nobody else gets, 128 random bits: a form that is sent again with it is known by it.
    pub fn form_token(&self) -> String {
        let mut bytes = [0; 16];
        self.inner.entropy.fill(&mut bytes);
        bytes.iter().fold(String::with_capacity(32), |mut text, byte| {
            // Writing into a string does not fail.
            _ = write!(text, "{byte:02x}");
            text
        })
    }
}
