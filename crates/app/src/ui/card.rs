use leptos::prelude::*;

/// A page that is one small form, in the middle.
#[component]
pub(crate) fn Card(
    /// The heading.
    title: &'static str,
    children: Children,
) -> impl IntoView {
    view! {
        <section class="card">
            <h1>{title}</h1>
            {children()}
        </section>
    }
}
