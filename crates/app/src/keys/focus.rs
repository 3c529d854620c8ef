//! One rule for the focus: when what has it leaves the document, it goes to where the person was. From a message that is the
//! place outside of the messages; from anything else it is their place in the grid.

use leptos::{ev, prelude::*};
use send_wrapper::SendWrapper;
use web_sys::{
    Element, FocusEvent, MutationObserver, MutationObserverInit,
    wasm_bindgen::{JsCast, closure::Closure},
};

use super::{dom, spot::Focus, state::KeysState};

impl Focus {
    fn came_to(self, element: Element) {
        if !in_message(&element) {
            self.outside.set_value(Some(SendWrapper::new(element.clone())));
        }
        self.last.set_value(Some(SendWrapper::new(element)));
    }

    /// The person has put the focus nowhere, for example by a click beside everything.
    fn put_away(self) {
        self.last.set_value(None);
    }

    /// Moves the focus out of the messages, to where it was before.
    pub(super) fn leave_messages(self, state: KeysState) {
        let outside = self.outside.get_value().map(SendWrapper::take).filter(|outside| outside.is_connected());
        if !outside.is_some_and(|outside| dom::focus_in_place(Some(outside)) && !dom::nothing_focused()) {
            to_the_grid(state);
        }
    }
}

fn in_message(element: &Element) -> bool {
    element.closest(".toasts").is_ok_and(|found| found.is_some())
}

fn to_the_grid(state: KeysState) {
    if !state.cursor.rest(state) {
        dom::focus("#search");
    }
}

/// Follows the focus, and brings it back when it was lost.
pub(super) fn keep(state: KeysState) {
    let element = |event: &FocusEvent| event.target().and_then(|target| target.dyn_into::<Element>().ok());
    Effect::new(move || {
        let came = window_event_listener(ev::focusin, move |event| {
            if let Some(element) = element(&event) {
                state.focus.came_to(element);
            }
        });
        let went = window_event_listener(ev::focusout, move |event| {
            let Some(left) = element(&event).filter(|_| event.related_target().is_none()) else { return };
            dom::after_rendering(move || {
                if left.is_connected() && dom::nothing_focused() {
                    state.focus.put_away();
                }
            });
        });
        // Told before the page is painted, so that no key press meets a page without focus.
        let changed = Closure::<dyn FnMut()>::new(move || bring_back(state));
        let observer = MutationObserver::new(changed.as_ref().unchecked_ref()).ok();
        let kept = StoredValue::new_local((observer, changed));
        kept.with_value(|(observer, _)| {
            if let (Some(observer), Some(body)) = (observer, document().body()) {
                let what = MutationObserverInit::new();
                what.set_child_list(true);
                what.set_subtree(true);
                // Fails without anything to observe only.
                _ = observer.observe_with_options(&body, &what);
            }
        });
        on_cleanup(move || {
            came.remove();
            went.remove();
            kept.with_value(|(observer, _)| {
                if let Some(observer) = observer {
                    observer.disconnect();
                }
            });
        });
    });
}

fn bring_back(state: KeysState) {
    if !dom::nothing_focused() {
        return state.cursor.arrive(state);
    }
    let Some(last) = state.focus.last.try_get_value().flatten().map(SendWrapper::take) else { return };
    // What opens, and what happens in a dialog, places the focus itself.
    if document().query_selector("dialog:modal").is_ok_and(|open| open.is_some()) {
        return;
    }
    // A row that is moved among the others loses the focus, too.
    if last.is_connected() && dom::focus_in_place(Some(last.clone())) && !dom::nothing_focused() {
        return;
    }
    if last.closest(".toast").is_ok_and(|found| found.is_some()) {
        state.focus.leave_messages(state);
    } else {
        to_the_grid(state);
    }
}
