use std::time::Duration;

use leptos::{ev, html, leptos_dom::helpers::TimeoutHandle, prelude::*};
use web_sys::{KeyboardEvent, Node, wasm_bindgen::JsCast};

use super::{
    api::{undo_delete, undo_switch},
    dom,
    labels::keys,
    state::KeysState,
    stop::Undo,
    time,
};
use crate::ui::{Glyph, Icon, live};

/// For how long a message stays, in milliseconds. What it offers to undo can be done from the list afterwards too.
const STAYS: i64 = 12_000;
/// Messages that stand at once.
const MOST: usize = 4;

/// A message about something that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Toast {
    /// Grows with each message.
    id: u64,
    text: String,
    undo: Option<Undo>,
}

/// Adds a message. One that offers to undo something makes room for others only when all do.
pub(super) fn push(toasts: &mut Vec<Toast>, text: String, undo: Option<Undo>) {
    if toasts.len() >= MOST {
        let out = toasts.iter().position(|toast| toast.undo.is_none()).unwrap_or_default();
        toasts.remove(out);
    }
    let id = toasts.last().map_or(0, |toast| toast.id + 1);
    toasts.push(Toast { id, text, undo });
}

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
    let holds = move |node: Option<&Node>| region.get_untracked().is_some_and(|region| region.contains(node));
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
                    children=move |toast| view! { <Message toast paused/> }
                />
            </div>
        </section>
        <div class="unseen" aria-live="polite">
            {live(move || state.announced.get())}
        </div>
    }
}

/// One message, with a clock of its own.
#[component]
fn Message(toast: Toast, paused: Memo<bool>) -> impl IntoView {
    let state = expect_context::<KeysState>();
    let Toast { id, text, undo } = toast;
    let timer = StoredValue::<Option<TimeoutHandle>>::new(None);
    let remains = StoredValue::new(STAYS);
    let dismiss = move || state.toasts.update(|toasts| toasts.retain(|toast| toast.id != id));
    let stop = move || {
        if let Some(timer) = timer.try_update_value(Option::take).flatten() {
            timer.clear();
        }
    };
    Effect::new(move |started: Option<Option<i64>>| {
        stop();
        if let Some(started) = started.flatten() {
            remains.update_value(|remains| *remains -= time::now() - started);
        }
        if paused.get() {
            return None;
        }
        let remains = u64::try_from(remains.get_value()).unwrap_or_default();
        timer.set_value(set_timeout(dismiss, Duration::from_millis(remains)).ok());
        Some(time::now())
    });
    on_cleanup(stop);
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
    let (answer, done) = match undo {
        Undo::Delete(changes) => (state.connection.ask(move || undo_delete(changes.clone())).await, "Restored"),
        Undo::Switch { changes, enabled } => {
            let answer = state.connection.ask(move || undo_switch(changes.clone(), enabled)).await;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_without_undo_makes_room() {
        let mut toasts = Vec::new();
        for number in 0..4 {
            let undo = (number != 1).then(|| Undo::Delete(vec![number]));
            push(&mut toasts, number.to_string(), undo);
        }
        let texts = |toasts: &[Toast]| toasts.iter().map(|toast| toast.text.clone()).collect::<Vec<_>>();
        push(&mut toasts, "4".to_owned(), Some(Undo::Delete(vec![4])));
        assert_eq!(texts(&toasts), ["0", "2", "3", "4"]);
        push(&mut toasts, "5".to_owned(), None);
        assert_eq!(texts(&toasts), ["2", "3", "4", "5"]);
        assert!(toasts.windows(2).all(|two| two[0].id < two[1].id));
    }
}
