use std::time::Duration;

use js_sys::Reflect;
use leptos::prelude::*;
use model::KeyId;

use super::{api::reveal_key, dom, key_row::KeyRow, state::KeysState};
use crate::ui::{Glyph, Icon, live};

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

/// A secret in full. It is shown only now.
#[component]
pub(super) fn SecretBox(secret: String) -> impl IntoView {
    let copied = RwSignal::new(None);
    let kept = StoredValue::new(secret.clone());
    let take = move |_| {
        leptos::task::spawn_local(async move {
            let done = copy(&kept.get_value()).await;
            copied.set(Some(done));
        });
    };
    let outcome = move || match copied.get() {
        None => "",
        Some(true) => "Copied",
        Some(false) => "This browser does not allow copying. Select the key and copy it.",
    };
    view! {
        <div class="secret">
            <code class="secret-text" data-secret>
                {secret}
            </code>
            <button type="button" class="button primary scripted" data-first on:click=take>
                {live(move || view! { <Icon glyph=if copied.get() == Some(true) { Glyph::Tick } else { Glyph::Copy }/> })}
                "Copy key"
            </button>
            <p role="status">{outcome}</p>
        </div>
    }
}
