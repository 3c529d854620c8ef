//! The dialog that makes a derived token.

use leptos::prelude::*;
use model::TokenLife;

use super::details::KeyDetails;

/// Lives that are offered: seconds and words.
const LIVES: [(u32, &str); 3] = [(60, "1 minute"), (LIFE, "15 minutes"), (TokenLife::MAX_SECONDS, "1 hour")];
/// The one that is chosen at first.
const LIFE: u32 = 900;

/// The fields of the dialog.
pub(super) fn fields(page: &KeyDetails) -> AnyView {
    let form = &page.token;
    let chosen = form.life.unwrap_or(LIFE);
    let scopes = page.key.settings.scopes.iter().map(|scope| {
        view! {
            <label class="tick">
                <input type="checkbox" name="scope" value=scope.as_str().to_owned() checked=form.ticks(scope)/>
                <code translate="no">{scope.as_str().to_owned()}</code>
            </label>
        }
    });
    let lives = LIVES.map(|(seconds, words)| {
        view! {
            <label class="tick">
                <input
                    type="radio"
                    name="life"
                    value=seconds.to_string()
                    checked=seconds == chosen
                    autofocus=seconds == chosen
                />
                <span>{words}</span>
            </label>
        }
    });
    view! {
        <fieldset class="choices">
            <legend>"How long it works"</legend>
            {lives.collect_view()}
        </fieldset>
        <fieldset class="choices">
            <legend>"What it may do"</legend>
            {scopes.collect_view()}
        </fieldset>
        <div class="field">
            <label for="token-origin">"Web origin (optional)"</label>
            <input
                class="input"
                type="text"
                id="token-origin"
                name="origin"
                inputmode="url"
                autocomplete="off"
                spellcheck="false"
                value=form.origin.clone()
                aria-describedby="token-origin-note"
            />
            <p class="field-note" id="token-origin-note">
                "Pages of this origin alone can use it, such as https://shop.example. Left empty: those that can use the key."
            </p>
        </div>
        <p class="faint">"The key's history records that you have made it. Its calls count for the key."</p>
    }
    .into_any()
}
