use std::time::Duration;

use leptos::{leptos_dom::helpers::queue_microtask, prelude::*};

/// Acts once nothing was asked for during a while: of several requests the last is carried out. On a page that was left none is.
#[derive(Clone, Copy)]
pub(super) struct Debounce(StoredValue<u32>);

impl Debounce {
    pub(super) fn new() -> Self {
        Self(StoredValue::new(0))
    }

    /// Asks for `act`, and forgets what was asked for before.
    pub(super) fn after(self, wait: Duration, act: impl FnOnce() + 'static) {
        let Some(asked) = self.count() else { return };
        let act = move || {
            if self.0.try_get_value() == Some(asked) {
                act();
            }
        };
        // In a microtask, since a timer belongs to the part of the page that sets it and would go with that. Fails only in a window
        // that is gone.
        queue_microtask(move || _ = set_timeout(act, wait));
    }

    /// Forgets what was asked for.
    pub(super) fn forget(self) {
        _ = self.count();
    }

    fn count(self) -> Option<u32> {
        self.0.try_update_value(|asked| {
            *asked = asked.wrapping_add(1);
            *asked
        })
    }
}
