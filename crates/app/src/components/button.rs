use leptos::prelude::*;

/// A button that submits the form it stands in.
#[component]
pub(crate) fn Button(children: Children) -> impl IntoView {
    view! {
        <button class="button" type="submit">
            {children()}
        </button>
    }
}
