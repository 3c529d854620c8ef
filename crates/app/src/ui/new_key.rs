use leptos::prelude::*;
use model::{Key, KeyStatus};

use super::{Ask, FirstCall, Notice, ShownOnce, Tone, Unseen, call_box, plain_dialog, seen_again};

/// A new key, in the last step of the dialog that made it, on a page that the server alone renders.
pub(crate) struct NewKeyDialog<'a> {
    pub(crate) key: &'a Key,
    /// The secret in plain.
    pub(crate) secret: String,
    /// Whether the installation keeps a copy of it.
    pub(crate) recoverable: bool,
    pub(crate) call: &'a FirstCall,
    /// The element that has the focus when it is closed; empty: the page of the key follows.
    pub(crate) opener: &'static str,
}

impl NewKeyDialog<'_> {
    pub(crate) fn view(self) -> AnyView {
        let Self { key, secret, recoverable, call, opener } = self;
        let disabled = key.status == KeyStatus::Disabled;
        let ask = if recoverable { Ask::Never } else { Ask::Always };
        let (hint, name) = (key.hint.0.clone(), key.settings.client_name.as_str().to_owned());
        let shown =
            ShownOnce { id: "new-key", what: "key", text: secret, hint: hint.clone(), unseen: Unseen::Covered, ask };
        let hand_over = (recoverable && !disabled).then(|| format!("/keys/{}?open=hand-over", key.id));
        let content = view! {
            <div class="form">
                <div role="status" data-announce>
                    <Notice tone=Tone::Good>
                        "The API key of " <bdi translate="no">{name}</bdi>
                        " is ready. Hand it over the way you hand over a password."
                        {disabled.then_some(" It is disabled: every call with it is refused until somebody enables it.")}
                    </Notice>
                </div>
                <div>{shown.view()}</div>
                <p class="faint">
                    {seen_again(recoverable)}
                    {(!recoverable).then_some(" Loading the page again does not show it.")}
                </p>
                {call_box(call, "new-key", &hint)}
                <p class="new-key-ways">
                    {hand_over.map(|address| view! { <a href=address>"Send a hand-over link"</a> })}
                    <a href=call.guide.clone()>{call.guide_title.clone()}</a>
                </p>
                <form class="dialog-foot" method="get" action="/keys">
                    <button type="submit" class="button">"Done"</button>
                </form>
            </div>
        };
        plain_dialog("add", "Add API key", false, opener, content.into_any())
    }
}
