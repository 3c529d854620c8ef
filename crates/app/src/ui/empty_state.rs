use leptos::prelude::*;

use super::{Glyph, Icon};

/// Fills a place where there is nothing to show: it says why, and what to do about it.
#[component]
pub(crate) fn EmptyState(
    /// Drawn above.
    glyph: Glyph,
    /// The heading.
    #[prop(into)]
    title: String,
    /// The explanation, and what to do.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="empty">
            <Icon glyph/>
            <h1>{title}</h1>
            {children()}
        </div>
    }
}
