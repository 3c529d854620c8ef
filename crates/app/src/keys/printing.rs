//! On paper there are all rows that are loaded, and not those alone that can be seen.

use leptos::{leptos_dom::helpers::window_event_listener_untyped, prelude::*};

use super::{state::KeysState, window::Window};

/// Rows that are printed at most: some thirty pages.
const PRINTED_MOST: usize = 1_000;

/// Puts the rows into the document while the page is printed.
pub(super) fn show_all(state: KeysState, shown: Window) {
    Effect::new(move || {
        let before = window_event_listener_untyped("beforeprint", move |_| {
            state.printing.set_value(true);
            let loaded = state.rows.with_untracked(Vec::len);
            shown.start.set(0);
            shown.count.set(loaded.min(PRINTED_MOST));
        });
        let after = window_event_listener_untyped("afterprint", move |_| {
            state.printing.set_value(false);
            shown.follow();
        });
        on_cleanup(move || {
            before.remove();
            after.remove();
        });
    });
}
