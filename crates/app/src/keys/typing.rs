//! The search field and the address say the same. The address follows what is typed; the field follows the address only where
//! something else than typing has changed it, since an answer to an earlier letter must not take the later ones away.

use leptos::prelude::*;

/// What was typed, on its way into the address.
#[derive(Clone, Copy)]
pub(super) struct Typing {
    /// Texts that the address is about to say, in the order in which they were typed.
    asked: StoredValue<Vec<String>>,
    /// An input method has text that is not in the field yet.
    composing: StoredValue<bool>,
}

impl Typing {
    pub(super) fn new() -> Self {
        Self { asked: StoredValue::default(), composing: StoredValue::default() }
    }

    /// The address is about to say this.
    pub(super) fn asks(self, text: &str) {
        self.asked.update_value(|asked| asked.push(text.trim().to_owned()));
    }

    /// Whether the address says what was typed here, now or a moment ago. Of several only the last may ever be said.
    pub(super) fn echoes(self, text: &str) -> bool {
        let place = self.asked.with_value(|asked| asked.iter().rposition(|asked| asked == text.trim()));
        if let Some(place) = place {
            self.asked.update_value(|asked| _ = asked.drain(..=place));
        }
        place.is_some()
    }

    pub(super) fn compose(self, composing: bool) {
        self.composing.set_value(composing);
    }

    pub(super) fn is_composing(self) -> bool {
        self.composing.get_value()
    }
}
