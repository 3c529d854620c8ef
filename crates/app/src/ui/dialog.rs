use leptos::{ev::Event, html, prelude::*};
use web_sys::{HtmlElement, wasm_bindgen::JsCast};

/// With this the content of a [`Dialog`] closes it.
#[derive(Clone, Copy)]
pub(crate) struct DialogHandle(NodeRef<html::Dialog>);

impl DialogHandle {
    /// Closes the dialog; the focus goes back where it was.
    pub(crate) fn close(self) {
        if let Some(dialog) = self.0.get_untracked() {
            dialog.close();
        }
    }
}

/// A modal dialog. It opens as it is rendered; the component that renders it removes it in `closed`.
///
/// Without scripts it is open in the page, and its forms say where they lead.
#[component]
pub(crate) fn Dialog(
    /// Its id in the document.
    id: &'static str,
    /// Its heading, which is its name.
    title: &'static str,
    /// Whether it is an `alertdialog`.
    #[prop(optional)]
    alert: bool,
    /// The dialog is closed: by Escape, by a button, or by scripts.
    closed: impl Fn() + 'static,
    children: Children,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    provide_context(DialogHandle(dialog));
    Effect::new(move || {
        if let Some(dialog) = dialog.get() {
            // The server renders it open but not modal.
            dialog.set_open(false);
            // Fails only for a dialog that is open or has left the document.
            _ = dialog.show_modal();
            if let Ok(Some(first)) = dialog.query_selector("[data-first]")
                && let Ok(first) = first.dyn_into::<HtmlElement>()
            {
                _ = first.focus();
            }
        }
    });
    view! {
        <dialog
            id=id
            class="dialog"
            open=cfg!(feature = "ssr")
            role=if alert { "alertdialog" } else { "dialog" }
            aria-labelledby=format!("{id}-title")
            node_ref=dialog
            on:close=move |_: Event| closed()
        >
            <h2 id=format!("{id}-title")>{title}</h2>
            {children()}
        </dialog>
    }
}
