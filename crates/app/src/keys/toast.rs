use std::time::Duration;

use leptos::{leptos_dom::helpers::TimeoutHandle, prelude::*};

use super::{
    api::undo_delete,
    dom,
    labels::keys,
    state::{KeysState, Toast},
};
use crate::ui::{Glyph, Icon, live};

/// For how long a message stays. What it offers to undo can be restored afterwards too.
const STAYS: Duration = Duration::from_secs(12);

/// The last message, and announcements to screen readers only.
#[component]
pub(super) fn Toasts() -> impl IntoView {
    let state = expect_context::<KeysState>();
    let timer = StoredValue::<Option<TimeoutHandle>>::new(None);
    Effect::new(move || {
        if let Some(timer) = timer.get_value() {
            timer.clear();
        }
        if state.toast.with(Option::is_some) {
            timer.set_value(set_timeout(move || state.toast.set(None), STAYS).ok());
        }
    });
    view! {
        <div class="toasts" role="status">
            {live(move || state.toast.get().map(|toast| shown(state, toast)))}
        </div>
        <div class="unseen" aria-live="polite">
            {live(move || state.announced.get())}
        </div>
    }
}

fn shown(state: KeysState, toast: Toast) -> impl IntoView {
    let Toast { text, undo } = toast;
    let undo = (!undo.is_empty()).then(|| {
        let take_back = move |_| {
            let (changes, again) = (undo.clone(), undo.clone());
            let token = dom::token();
            state.toast.set(None);
            leptos::task::spawn_local(async move {
                match state.connection.ask(move || undo_delete(changes.clone(), token.clone())).await {
                    Ok(restored) => {
                        state.refresh();
                        state.notify(format!("Restored {}", keys(restored)), Vec::new());
                    }
                    // Some may be back already; those are left as they are.
                    Err(error) => {
                        state.refresh();
                        state.notify(error.to_string(), again);
                    }
                }
            });
        };
        view! {
            <button type="button" class="button small" on:click=take_back>
                "Undo"
            </button>
        }
    });
    view! {
        <div class="toast">
            <span>{text}</span>
            {undo}
            <button
                type="button"
                class="icon-button small"
                aria-label="Dismiss"
                on:click=move |_| state.toast.set(None)
            >
                <Icon glyph=Glyph::Cross/>
            </button>
        </div>
    }
}
