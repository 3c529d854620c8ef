use leptos::prelude::*;

/// The product's mark, beside its name.
#[component]
pub(crate) fn Mark() -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
            <rect width="32" height="32" rx="8"></rect>
            <circle cx="12" cy="16" r="4.75"></circle>
            <path d="M16.75 16H26v4.25M21.5 16v3"></path>
        </svg>
    }
}
