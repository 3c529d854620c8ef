use std::{collections::HashMap, time::Duration};

use js_sys::Reflect;
use leptos::{ev, leptos_dom::helpers::WindowListenerHandle, prelude::*};
use model::KeyId;

use super::{api::reveal_key, debounce::Debounce, dom, key_row::KeyRow, state::KeysState};
use crate::ui::{FirstCall, Glyph, Icon, SETS_KEY, live};

/// For how long a revealed secret stays.
const SHOWN: Duration = Duration::from_secs(60);

/// Shows a secret in the grid, for a while. Asking again hides it.
pub(super) fn toggle(state: KeysState, key: &KeyRow) {
    let (id, name) = (key.id, key.name.clone());
    if state.revealed.with_untracked(|revealed| revealed.contains_key(&id)) {
        hide(state, id);
        return state.announce("Hidden".to_owned());
    }
    let token = dom::token();
    leptos::task::spawn_local(async move {
        match state.connection.ask(move || reveal_key(id, token.clone())).await {
            Ok(secret) => {
                state.revealed.update(|revealed| _ = revealed.insert(id, secret));
                state.announce(format!("The API key of {name} is shown for 60 seconds"));
                // Without a timer it stays until the tab is hidden.
                _ = set_timeout(move || hide(state, id), SHOWN);
            }
            Err(error) => state.notify(error.to_string(), Vec::new()),
        }
    });
}

fn hide(state: KeysState, id: KeyId) {
    state.revealed.update(|revealed| _ = revealed.remove(&id));
}

/// Puts a key's secret on the clipboard without showing it.
pub(super) fn copy_key(state: KeysState, key: &KeyRow) {
    let (id, name) = (key.id, key.name.clone());
    let token = dom::token();
    leptos::task::spawn_local(async move {
        match state.connection.ask(move || reveal_key(id, token.clone())).await {
            Ok(secret) if copy(&secret).await => state.notify(format!("Copied the API key of {name}"), Vec::new()),
            Ok(secret) => {
                state.revealed.update(|revealed| _ = revealed.insert(id, secret));
                _ = set_timeout(move || hide(state, id), SHOWN);
                state.notify("This browser does not allow copying. Select the key and copy it.".to_owned(), Vec::new());
            }
            Err(error) => state.notify(error.to_string(), Vec::new()),
        }
    });
}

/// Puts a text on the clipboard, where the browser allows that.
async fn copy(text: &str) -> bool {
    let navigator = window().navigator();
    // Browsers have no clipboard for pages over plain http.
    let there = Reflect::get(&navigator, &"clipboard".into()).is_ok_and(|clipboard| clipboard.is_object());
    there && wasm_bindgen_futures::JsFuture::from(navigator.clipboard().write_text(text)).await.is_ok()
}

/// Hides revealed secrets when nobody looks at the page, so that none waits behind another tab or window.
pub(super) fn hide_when_unseen(state: KeysState) {
    when_unseen(move || {
        if state.revealed.with_untracked(|revealed| !revealed.is_empty()) {
            state.revealed.set(HashMap::new());
        }
    });
}

/// Runs `then` whenever the page is hidden, and when another window gets the focus.
fn when_unseen(then: impl Fn() + Clone + 'static) {
    Effect::new(move || {
        let (hidden, blurred) = (then.clone(), then.clone());
        let listeners = [
            window_event_listener(ev::visibilitychange, move |_| {
                if document().hidden() {
                    hidden();
                }
            }),
            window_event_listener(ev::blur, move |_| blurred()),
        ];
        on_cleanup(move || listeners.into_iter().for_each(WindowListenerHandle::remove));
    });
}

/// A secret in full, which no list shows again. When nobody looks at it, and after a minute, it is covered and not gone: to
/// paste it somewhere, one turns to another window. It is copied all the same.
#[component]
pub(super) fn SecretBox(
    secret: String,
    /// What stands in its place.
    hint: String,
    /// Whether somebody has it.
    copied: RwSignal<bool>,
    /// Copies it whenever this changes.
    copy: RwSignal<u32>,
) -> impl IntoView {
    let outcome = RwSignal::new("");
    let covered = RwSignal::new(false);
    let kept = StoredValue::new(secret);
    // How often it was shown: the minute of an earlier time is nobody's.
    let pause = Debounce::new();
    let uncover = move || {
        covered.set(false);
        // Without a timer it stays until nobody looks.
        pause.after(SHOWN, move || covered.set(true));
    };
    Effect::new(uncover);
    when_unseen(move || covered.set(true));
    let take = move || {
        leptos::task::spawn_local(async move {
            let done = super::secret::copy(&kept.get_value()).await;
            if done {
                copied.set(true);
            } else {
                uncover();
            }
            let refused = "This browser does not allow copying. Select the key and copy it.";
            outcome.set(if done { "Copied" } else { refused });
        });
    };
    Effect::new(move |before: Option<u32>| {
        let now = copy.get();
        if before.is_some_and(|before| before != now) {
            take();
        }
        now
    });
    view! {
        <div class="secret">
            <code
                class="secret-text"
                data-secret
                translate="no"
                on:copy=move |_| {
                    if !covered.get_untracked() {
                        copied.set(true);
                    }
                }
            >
                {move || if covered.get() { hint.clone() } else { kept.get_value() }}
            </code>
            <button type="button" class="button primary scripted" data-first on:click=move |_| take()>
                {live(move || view! { <Icon glyph=if copied.get() { Glyph::Tick } else { Glyph::Copy }/> })}
                "Copy key"
            </button>
            {live(move || {
                covered
                    .get()
                    .then(|| {
                        view! {
                            <button type="button" class="button" on:click=move |_| uncover()>
                                <Icon glyph=Glyph::Eye/>
                                "Show"
                            </button>
                        }
                    })
            })}
            <p role="status">{move || outcome.get()}</p>
        </div>
    }
}

/// The first call with a new key. What is seen of the command has the hint, so that the key is in one place, where it is covered; what
/// is copied has the key.
#[component]
pub(super) fn CommandBox(
    call: FirstCall,
    /// With the key.
    whole: String,
    hint: String,
    /// Whether somebody has the key.
    copied: RwSignal<bool>,
) -> impl IntoView {
    let outcome = RwSignal::new("");
    let FirstCall { lead, curl, .. } = call;
    let command = StoredValue::new(whole);
    let take = move |_| {
        leptos::task::spawn_local(async move {
            let done = copy(&command.get_value()).await;
            if done {
                copied.set(true);
            }
            let refused = "This browser does not allow copying. Copy the command, and put the key between its quotes.";
            outcome.set(if done { "Copied" } else { refused });
        });
    };
    view! {
        <div class="first-call">
            <p>{lead}</p>
            <pre class="call" translate="no"><code>{SETS_KEY.0} {hint} {SETS_KEY.1} {curl}</code></pre>
            <button type="button" class="button scripted" on:click=take>
                <Icon glyph=Glyph::Copy/>
                "Copy command"
            </button>
            <p role="status">{move || outcome.get()}</p>
        </div>
    }
}
