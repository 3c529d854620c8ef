use leptos::prelude::*;

use super::{Glyph, Icon};

/// A text that is shown only now, with the button that copies it.
pub(crate) fn shown_once(id: &'static str, text: String, copy: &'static str) -> AnyView {
    view! {
        <div class="secret">
            <code translate="no" class="secret-text" id=id data-secret>{text}</code>
            <button type="button" class="button primary scripted" data-copy=id aria-describedby="copied">
                <Icon glyph=Glyph::Copy/>
                {copy}
            </button>
        </div>
        <p class="hint" role="status" id="copied"></p>
    }
    .into_any()
}
