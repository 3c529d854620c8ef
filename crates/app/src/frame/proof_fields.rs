//! The fields with which somebody proves who they are. The server alone renders them, so that they cost the client nothing.

use domain::Ways;
use leptos::prelude::*;
use model::PASSWORD_MAX;

use super::proof::{CODE, PASSKEY, PASSWORD};
use crate::ui::{Glyph, Icon};

/// One for each way that is open. `passkey.js` fills the passkey's in.
pub(crate) fn proof_fields(ways: &Ways) -> AnyView {
    let Ways { password, code, passkey, .. } = ways.clone();
    // Of several ways each will do.
    let (both, any) = (password && code, password || code);
    let required = any && !both && passkey.is_none();
    let note = format!("{PASSKEY}-note");
    view! {
        {passkey
            .map(|asked| {
                view! {
                    <div class="field scripted">
                        <input type="hidden" name=PASSKEY/>
                        <button type="button" class="button primary" data-passkey=asked data-into=PASSKEY aria-describedby=note.clone()>
                            <Icon glyph=Glyph::Key/>
                            "Use a passkey"
                        </button>
                        <p class="field-note wrong" id=note role="status"></p>
                        {any.then(|| view! { <p class="faint">{if password { "Or type your password or a code:" } else { "Or type a code:" }}</p> })}
                    </div>
                }
            })}
        {password
            .then(|| {
                view! {
                    <div class="field">
                        <label for=PASSWORD>"Password"</label>
                        <input
                            class="input"
                            id=PASSWORD
                            name=PASSWORD
                            type="password"
                            role="textbox"
                            autocomplete="current-password"
                            maxlength=PASSWORD_MAX
                            required=required
                            autofocus
                        />
                    </div>
                }
            })}
        {code
            .then(|| {
                view! {
                    <div class="field">
                        <label for=CODE>{if both { "Or a code" } else { "Code" }}</label>
                        <input
                            class="input mono"
                            id=CODE
                            name=CODE
                            type="text"
                            autocomplete="one-time-code"
                            autocapitalize="none"
                            spellcheck="false"
                            maxlength="64"
                            required=required
                            autofocus=!password
                            aria-describedby=format!("{CODE}-note")
                        />
                        <p class="field-note" id=format!("{CODE}-note")>"Of your authenticator app, or one of your recovery codes."</p>
                    </div>
                }
            })}
    }
    .into_any()
}
