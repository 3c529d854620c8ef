//! Where a person was in the list when they left it for another page: Back leads there again.

use leptos::{ev, prelude::*};
use serde::{Deserialize, Serialize};

use super::{dom, state::KeysState, window::Window};

/// Where the tab keeps it.
const KEPT: &str = "keydesk-list";

#[derive(Serialize, Deserialize)]
struct Place {
    /// The list's address.
    address: String,
    /// How far it was scrolled, in pixels.
    scrolled: f64,
    row: usize,
    stop: String,
    /// Whether the grid had the focus.
    focused: bool,
}

/// Keeps the place when the page is left, and goes back to it.
pub(super) fn keep(state: KeysState, shown: Window) {
    if came_back() {
        restore(state, shown);
    }
    let leaving = window_event_listener(ev::pagehide, move |_| _ = save(state));
    on_cleanup(move || leaving.remove());
}

fn storage() -> Option<web_sys::Storage> {
    // Browsers may refuse it.
    window().session_storage().ok().flatten()
}

fn address() -> Option<String> {
    let location = window().location();
    Some(location.pathname().ok()? + &location.search().ok()?)
}

fn save(state: KeysState) -> Option<()> {
    let in_grid = document().active_element()?.closest("[role=grid]").ok()?.is_some();
    let place = Place {
        address: address()?,
        scrolled: window().scroll_y().ok()?,
        row: state.cursor.row.try_get_untracked()?,
        stop: state.cursor.stop.try_get_untracked()?.to_owned(),
        focused: in_grid,
    };
    storage()?.set_item(KEPT, &serde_json::to_string(&place).ok()?).ok()
}

fn restore(state: KeysState, shown: Window) {
    let kept = storage().and_then(|storage| storage.get_item(KEPT).ok().flatten());
    let Some(place) = kept.and_then(|kept| serde_json::from_str::<Place>(&kept).ok()) else { return };
    if address() != Some(place.address) {
        return;
    }
    state.cursor.place_again(place.row, &place.stop);
    // The room of the rows is there as soon as the page is painted, the rows themselves follow.
    dom::after_painting(move || {
        window().scroll_to_with_x_and_y(0.0, place.scrolled);
        shown.follow();
        if place.focused && dom::nothing_focused() {
            state.cursor.rest(state);
        }
    });
}

/// Whether the person came by Back, Forward or a reload.
fn came_back() -> bool {
    let read = |from: &web_sys::wasm_bindgen::JsValue, name: &str| js_sys::Reflect::get(from, &name.into()).ok();
    let entries = window().performance().and_then(|performance| {
        let get = read(&performance, "getEntriesByType")?;
        let get: js_sys::Function = web_sys::wasm_bindgen::JsCast::dyn_into(get).ok()?;
        get.call1(&performance, &"navigation".into()).ok()
    });
    let how = entries.map(|entries| js_sys::Array::from(&entries).get(0)).and_then(|entry| read(&entry, "type"));
    how.and_then(|how| how.as_string()).is_some_and(|how| how == "back_forward" || how == "reload")
}
