use std::{collections::HashMap, time::Duration};

use leptos::{ev, html, prelude::*};
use web_sys::{KeyboardEvent, Node, wasm_bindgen::JsCast};

use super::{
    api::{undo_delete, undo_switch},
    dom,
    labels::keys,
    messages::Toast,
    state::KeysState,
    stop::Undo,
    time,
};
use crate::ui::{Glyph, Icon, live};

/// For how long a message stays, in milliseconds. What it offers to undo can be done from the list afterwards too.
const STAYS: i64 = 12_000;
/// How often that is looked at.
const TICK: Duration = Duration::from_millis(500);

/// The messages, and announcements to screen readers only.
#[component]
pub(super) fn Toasts() -> impl IntoView {
    let state = expect_context::<KeysState>();
    let region = NodeRef::<html::Section>::new();
    let (pointed, focused, hidden) = (RwSignal::new(false), RwSignal::new(false), RwSignal::new(false));
    // Whoever reads or reaches for a message, or looks elsewhere, has time.
    let paused = Memo::new(move |_| pointed.get() || focused.get() || hidden.get());
    Effect::new(move || {
        let seen = window_event_listener(ev::visibilitychange, move |_| hidden.set(document().hidden()));
        let reached = window_event_listener(ev::keydown, move |press| {
            if press.key() == "F8" && state.toasts.with_untracked(|toasts| !toasts.is_empty()) {
                press.prevent_default();
                dom::focus(".toast:last-child button");
            }
        });
        on_cleanup(move || {
            seen.remove();
            reached.remove();
        });
    });
    keep_time(state, paused);
    let holds =
        move |node: Option<&Node>| region.try_get_untracked().flatten().is_some_and(|region| region.contains(node));
    // What leaves the document under the pointer or with the focus tells nobody.
    Effect::new(move || {
        if state.toasts.with(Vec::is_empty) {
            pointed.set(false);
        }
        dom::after_rendering(move || {
            let active = document().active_element();
            _ = focused.try_set(holds(active.as_deref()));
        });
    });
    let left = move |event: ev::FocusEvent| {
        let to = event.related_target().and_then(|to| to.dyn_into::<Node>().ok());
        focused.set(to.is_some() && holds(to.as_ref()));
    };
    view! {
        <section
            class="toasts"
            aria-label="Messages"
            aria-keyshortcuts="F8"
            node_ref=region
            on:pointerenter=move |_| pointed.set(true)
            on:pointerleave=move |_| pointed.set(false)
            on:focusin=move |_| focused.set(true)
            on:focusout=left
            on:keydown=move |press: KeyboardEvent| {
                if press.key() == "Escape" {
                    press.prevent_default();
                    state.focus.leave_messages(state);
                }
            }
        >
            <div role="status" class="toasts-stack">
                <For
                    each=move || state.toasts.get()
                    key=|toast| toast.id
                    children=move |toast| view! { <Message toast/> }
                />
            </div>
        </section>
        <div class="unseen" aria-live="polite">
            {live(move || state.announced.get())}
        </div>
    }
}

/// Takes messages away whose time is over. Their time passes while nobody reads or reaches for one of them.
fn keep_time(state: KeysState, paused: Memo<bool>) {
    // What remains to each message, and when that was looked at.
    let remains = StoredValue::new(HashMap::<u64, i64>::new());
    let looked = StoredValue::new(0);
    let look = move |paused: bool| {
        let now = time::now();
        let passed = if paused { 0 } else { now - looked.get_value() };
        looked.set_value(now);
        let ids: Vec<u64> = state.toasts.with_untracked(|toasts| toasts.iter().map(|toast| toast.id).collect());
        let over = remains.try_update_value(|remains| {
            remains.retain(|id, _| ids.contains(id));
            for id in ids {
                // One that has come meanwhile begins now.
                remains.entry(id).and_modify(|remains| *remains -= passed).or_insert(STAYS);
            }
            remains.iter().filter(|(_, remains)| **remains <= 0).map(|(id, _)| *id).collect::<Vec<_>>()
        });
        if let Some(over) = over.filter(|over| !over.is_empty()) {
            state.toasts.update(|toasts| toasts.retain(|toast| !over.contains(&toast.id)));
        }
    };
    // What passed until now was the time of what was until now.
    Effect::new(move |before: Option<bool>| {
        state.toasts.track();
        let now = paused.get();
        untrack(|| look(before.unwrap_or(true)));
        now
    });
    Effect::new(move || {
        let tick = move || {
            if state.toasts.with_untracked(|toasts| !toasts.is_empty()) {
                look(paused.get_untracked());
            }
        };
        let interval = set_interval(tick, TICK);
        on_cleanup(move || {
            if let Ok(interval) = interval {
                interval.clear();
            }
        });
    });
}

/// One message.
#[component]
fn Message(toast: Toast) -> impl IntoView {
    let state = expect_context::<KeysState>();
    let Toast { id, text, undo } = toast;
    let dismiss = move || state.toasts.update(|toasts| toasts.retain(|toast| toast.id != id));
    let undo = undo.map(|undo| {
        let undo = StoredValue::new(undo);
        let pressed = move |_| {
            let undo = undo.get_value();
            dismiss();
            leptos::task::spawn_local(take_back(state, undo));
        };
        view! {
            <button type="button" class="button small" on:click=pressed>
                "Undo"
            </button>
        }
    });
    view! {
        <div class="toast">
            <span>{text}</span>
            {undo}
            <button type="button" class="icon-button small" aria-label="Dismiss" on:click=move |_| dismiss()>
                <Icon glyph=Glyph::Cross/>
            </button>
        </div>
    }
}

async fn take_back(state: KeysState, undo: Undo) {
    let again = undo.clone();
    let token = dom::token();
    let (answer, done) = match undo {
        Undo::Delete(changes) => {
            let answer = state.connection.ask(move || undo_delete(changes.clone(), token.clone())).await;
            (answer, "Restored")
        }
        Undo::Switch { changes, enabled } => {
            let answer = state.connection.ask(move || undo_switch(changes.clone(), enabled, token.clone())).await;
            (answer, if enabled { "Disabled" } else { "Enabled" })
        }
    };
    state.refresh();
    match answer {
        Ok(number) => state.notify(format!("{done} {}", keys(number)), Vec::new()),
        // Some may be back already; those are left as they are.
        Err(error) => state.offer(error.to_string(), Some(again)),
    }
}
