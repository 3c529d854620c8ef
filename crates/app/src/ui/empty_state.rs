use leptos::prelude::*;

use super::{Glyph, Icon};

/// What stands where there is nothing to show: why, and what to do about it.
#[component]
pub(crate) fn EmptyState(
    /// Drawn above.
    glyph: Glyph,
    /// The heading.
    #[prop(into)]
    title: String,
    /// The sentence, and the way on.
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
