use leptos::prelude::*;

use super::{FirstCall, Glyph, Icon, SETS_KEY};

/// The first call with the key that the element `key` shows. What is seen of the command has the key's hint, so that the key itself is
/// in one place, where it can be covered; what `document.js` copies has the key.
pub(crate) fn call_box(call: &FirstCall, key: &'static str, hint: &str) -> AnyView {
    let FirstCall { lead, curl, .. } = call.clone();
    let hint = hint.to_owned();
    view! {
        <div class="first-call">
            <p>{lead}</p>
            <pre class="call" translate="no"><code id="first-call">{SETS_KEY.0}<span data-key=key>{hint}</span>{SETS_KEY.1}{curl}</code></pre>
            <p class="faint unscripted">"Put the key in the place of what stands between the quotes."</p>
            <button type="button" class="button scripted" data-copy="first-call" aria-describedby="first-call-copied">
                <Icon glyph=Glyph::Copy/>
                "Copy command"
            </button>
            <p class="hint" role="status" id="first-call-copied"></p>
        </div>
    }
    .into_any()
}
