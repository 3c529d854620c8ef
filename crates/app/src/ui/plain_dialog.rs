use leptos::prelude::*;

/// A dialog of a plain document, which an address opens. It stands open in the page; `document.js` makes it modal, closes it
/// with its links that have `data-close`, and gives the focus back to the element `opener`.
pub(crate) fn plain_dialog(
    id: &'static str,
    title: &'static str,
    alert: bool,
    opener: &str,
    content: AnyView,
) -> AnyView {
    view! {
        <dialog
            id=id
            class="dialog"
            open
            role=if alert { "alertdialog" } else { "dialog" }
            aria-labelledby=format!("{id}-title")
            data-modal=opener.to_owned()
        >
            <h2 id=format!("{id}-title")>{title}</h2>
            {content}
        </dialog>
    }
    .into_any()
}
