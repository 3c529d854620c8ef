use leptos::prelude::*;

/// A button that submits the form it stands in.
#[component]
pub(crate) fn Button(
    /// The one action that the page or dialog is there for.
    #[prop(optional)]
    primary: bool,
    /// Its action is still running.
    #[prop(optional, into)]
    busy: Signal<bool>,
    children: Children,
) -> impl IntoView {
    view! {
        <button
            class=if primary { "button primary" } else { "button" }
            type="submit"
            // Not `disabled`: that would take the focus away from whoever pressed it.
            aria-disabled=move || busy.get().then_some("true")
        >
            {children()}
        </button>
    }
}
