use leptos::prelude::*;

use super::{Glyph, Icon, post_button};

/// What becomes of a shown text after 60 seconds, and when its page is hidden or another window has the focus.
#[derive(Clone, Debug)]
pub(crate) enum Unseen {
    /// It is covered, and comes back with a button: nothing else shows it again. It is copied all the same.
    Covered,
    /// It is gone, and its key is revealed anew with a button, which posts to this address.
    Gone(String),
}

/// When to ask before a text goes that nobody has copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// It can be seen again.
    Never,
    /// When a link or a form leads away. Reloading the page shows it again.
    Leaving,
    /// When the page is reloaded or closed, too: nothing shows it again.
    Always,
}

/// A text that is shown here alone, with the button that copies it.
#[derive(Clone, Debug)]
pub(crate) struct ShownOnce {
    /// In the document.
    pub(crate) id: &'static str,
    /// What it is, in a sentence: `key` or `link`.
    pub(crate) what: &'static str,
    pub(crate) text: String,
    /// What stands in its place while it is covered.
    pub(crate) hint: String,
    pub(crate) unseen: Unseen,
    pub(crate) ask: Ask,
}

impl ShownOnce {
    pub(crate) fn view(self) -> AnyView {
        let Self { id, what, text, hint, unseen, ask } = self;
        let copied = format!("{id}-copied");
        let (unseen, again) = match unseen {
            Unseen::Covered => ("covered", None),
            Unseen::Gone(address) => ("gone", Some(address)),
        };
        let asks = match ask {
            Ask::Never => None,
            Ask::Leaving => Some("leaving"),
            Ask::Always => Some("always"),
        };
        let copy = format!("Copy {what}");
        view! {
            <div class="secret" data-unseen=unseen data-hint=hint data-ask=asks>
                <code class="secret-text" id=id data-secret translate="no">{text}</code>
                <button type="button" class="button primary scripted" data-copy=id aria-describedby=copied.clone()>
                    <Icon glyph=Glyph::Copy/>
                    {copy.clone()}
                </button>
                <button type="button" class="button" data-show=id hidden>
                    <Icon glyph=Glyph::Eye/>
                    "Show"
                </button>
                {again.map(|address| view! { <div class="again" hidden>{post_button(&address, "reveal", "Reveal", "button", false)}</div> })}
            </div>
            <p class="hint" role="status" id=copied.clone()></p>
            {(ask != Ask::Never).then(|| question(id, what, copy, copied))}
        }
        .into_any()
    }
}

/// Stands ready for `document.js`, which opens it.
fn question(id: &'static str, what: &'static str, copy: String, copied: String) -> AnyView {
    let text = format!("You have not copied the {what}. It can't be shown again.");
    view! {
        <dialog
            id="leave"
            class="dialog"
            role="alertdialog"
            aria-labelledby="leave-title"
            aria-describedby="leave-text"
        >
            <h2 id="leave-title">{format!("Leave without the {what}?")}</h2>
            <p id="leave-text">{text}</p>
            <div class="dialog-foot">
                <button type="button" class="button" data-leave>"Leave it"</button>
                <button type="button" class="button primary" data-copy=id aria-describedby=copied autofocus>{copy}</button>
            </div>
        </dialog>
    }
    .into_any()
}
