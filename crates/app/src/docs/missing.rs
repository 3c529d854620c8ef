use leptos::prelude::*;

use super::page::HOME;
use crate::ui::{EmptyState, Glyph};

/// There is no such page.
pub(super) fn missing() -> AnyView {
    view! {
        <EmptyState glyph=Glyph::Book title="Not found">
            <p>"The documentation has no such page."</p>
            <p>
                <a href=HOME rel="external">"Show the documentation"</a>
            </p>
        </EmptyState>
    }
    .into_any()
}
