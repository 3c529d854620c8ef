use leptos::prelude::*;
use leptos_meta::Title;

use crate::ui::{EmptyState, Glyph};

/// Shown where there is no page. The server gives it its status.
#[component]
pub(crate) fn NotFound() -> impl IntoView {
    view! {
        <Title text="Not found · Keydesk"/>
        <EmptyState glyph=Glyph::Search title="There is no such page">
            <p>"The address may be mistyped, or the page has moved."</p>
            <p>
                <a href="/" rel="external">"Go to Keydesk"</a>
            </p>
        </EmptyState>
    }
}
