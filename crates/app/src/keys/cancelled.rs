//! What is told of changes that were cancelled while they were on their way.

use leptos::prelude::*;

use super::{created::CreatedKey, state::KeysState};

impl KeysState {
    /// A key was made although its dialog was closed: its secret is shown, since it may be shown only now.
    pub(super) fn made_all_the_same(self, created: CreatedKey) {
        // The page may have been left.
        self.made.try_set(Some(created));
    }

    /// It can't be found out whether something that was cancelled was done. `what`: as in "whether Acme was saved".
    pub(super) fn tell_unknown(self, what: &str) {
        if self.toasts.try_with_untracked(|_| ()).is_some() {
            let text = format!("Keydesk can't be reached, so it is not known whether {what}. Look at the list later.");
            self.notify(text, Vec::new());
        }
    }
}
