use leptos::{ev, prelude::*};
use web_sys::{Element, KeyboardEvent, wasm_bindgen::JsCast};

use super::{
    dom,
    letters::{Letters, LettersSwitch},
    open::Open,
    state::KeysState,
};
use crate::ui::{Dialog, DialogHandle, any_dialog, composing};

const KEYS: [(&str, &str); 16] = [
    ("/", "Search"),
    ("n", "Add an API key"),
    ("?", "Show this help"),
    ("Ctrl K", "Find a command or a key"),
    ("↑, ↓", "Move between keys"),
    ("←, →", "Move within a key"),
    ("Home, End", "First or last place of a key"),
    ("Ctrl Home, Ctrl End", "First or last key"),
    ("Page Up, Page Down", "A screen up or down"),
    ("Space", "Select"),
    ("Shift ↑, Shift ↓", "Extend the selection"),
    ("Ctrl A", "Select all keys that are loaded"),
    ("Enter", "Edit, or open what can't be edited"),
    ("Tab", "Leave the grid"),
    ("F8", "Go to the newest message"),
    ("Esc", "Close, or clear the selection"),
];

/// Listens for the keys that work everywhere on the page, and for the link to their list, which loads no page here.
pub(super) fn listen(state: KeysState, letters: Letters) {
    Effect::new(move || {
        let keys = window_event_listener(ev::keydown, move |press| pressed(state, letters, &press));
        let links = window_event_listener(ev::click, move |click| {
            let target = click.target().and_then(|target| target.dyn_into::<Element>().ok());
            if target.is_some_and(|target| target.closest("a[href='/keys?shortcuts']").is_ok_and(|link| link.is_some()))
            {
                click.prevent_default();
                state.open.set(Some(Open::Shortcuts));
            }
        });
        on_cleanup(move || {
            keys.remove();
            links.remove();
        });
    });
}

fn pressed(state: KeysState, letters: Letters, press: &KeyboardEvent) {
    // The state and not the document: what was opened a moment ago may not be drawn yet.
    let busy = state.open.with_untracked(Option::is_some) || any_dialog();
    if composing(press) {
        return;
    }
    let whole = press.ctrl_key() || press.meta_key();
    if whole && press.key() == "k" {
        press.prevent_default();
        if !busy {
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
    if busy || !letters.are_on() || typing || whole || press.alt_key() {
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
                                <dt>{keys.split(", ").map(|keys| view! { <kbd translate="no">{keys}</kbd> }).collect_view()}</dt>
                                <dd>{does}</dd>
                            </div>
                        }
                    })
                    .collect_view()}
            </dl>
            <LettersSwitch/>
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
