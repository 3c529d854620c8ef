use leptos::{ev, prelude::*};
use web_sys::{Element, KeyboardEvent, wasm_bindgen::JsCast};

use super::{dom, open::Open, state::KeysState};
use crate::ui::{Dialog, DialogHandle};

const KEYS: [(&str, &str); 16] = [
    ("/", "Search"),
    ("n", "Add an API key"),
    ("?", "Show this help"),
    ("Ctrl K", "Find a command"),
    ("↑, ↓", "Move between keys"),
    ("←, →", "Move within a key"),
    ("Home, End", "First or last place of a key"),
    ("Ctrl Home, Ctrl End", "First or last key"),
    ("Page Up, Page Down", "A screen up or down"),
    ("Space", "Select"),
    ("Shift ↑, Shift ↓", "Extend the selection"),
    ("Ctrl A", "Select all keys that are loaded"),
    ("Enter", "Edit"),
    ("Tab", "Leave the grid"),
    ("F8", "Go to the newest message"),
    ("Esc", "Close, or clear the selection"),
];

/// Listens for the keys that work everywhere on the page.
pub(super) fn listen(state: KeysState) {
    Effect::new(move || {
        let listener = window_event_listener(ev::keydown, move |press| pressed(state, &press));
        on_cleanup(move || listener.remove());
    });
}

fn pressed(state: KeysState, press: &KeyboardEvent) {
    let open = state.open.get_untracked();
    let whole = press.ctrl_key() || press.meta_key();
    if whole && press.key() == "k" {
        press.prevent_default();
        if open.is_none() {
            state.open.set(Some(Open::Palette));
        }
        return;
    }
    let typing = press.target().and_then(|target| target.dyn_into::<Element>().ok()).is_some_and(|target| {
        let tag = target.tag_name();
        tag == "TEXTAREA"
            || tag == "SELECT"
            || (tag == "INPUT" && target.get_attribute("type").as_deref() != Some("checkbox"))
    });
    if open.is_some() || state.connection.signed_out.get_untracked() || typing || whole || press.alt_key() {
        return;
    }
    match press.key().as_str() {
        "/" => _ = dom::focus("#search"),
        "n" if state.may_change.get_untracked() => state.open.set(Some(Open::Add(Vec::new()))),
        "?" => state.open.set(Some(Open::Shortcuts)),
        _ => return,
    }
    press.prevent_default();
}

/// Lists the shortcuts.
#[component]
pub(super) fn ShortcutsDialog() -> impl IntoView {
    let state = expect_context::<KeysState>();
    view! {
        <Dialog id="shortcuts" title="Keyboard shortcuts" closed=move || state.open.set(None)>
            <dl class="shortcuts">
                {KEYS
                    .map(|(keys, does)| {
                        view! {
                            <div>
                                <dt>{keys.split(", ").map(|keys| view! { <kbd>{keys}</kbd> }).collect_view()}</dt>
                                <dd>{does}</dd>
                            </div>
                        }
                    })
                    .collect_view()}
            </dl>
            <Close/>
        </Dialog>
    }
}

#[component]
fn Close() -> impl IntoView {
    let dialog = expect_context::<DialogHandle>();
    view! {
        <div class="dialog-foot">
            <button type="button" class="button" data-first on:click=move |_| dialog.close()>
                "Close"
            </button>
        </div>
    }
}
