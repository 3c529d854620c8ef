//! The pages behind a hand-over link. Its holder has no account, so nothing of the Workspace surrounds them.

use leptos::prelude::*;
use model::{Environment, Key};

use crate::{
    frame::{link_code_page, outside},
    ui::{Ask, Glyph, Icon, Notice, ShownOnce, Tone, Unseen, labels::end},
};

/// A key that was handed over, and how it is used.
#[derive(Clone)]
pub(super) struct Handed {
    pub(super) key: Key,
    /// The secret in plain.
    pub(super) secret: String,
    /// Where calls go: scheme and host.
    pub(super) base: String,
    /// Whether everybody may read the Integration Documentation.
    pub(super) is_documented: bool,
}

/// Where a link without scripts leads.
pub(super) fn code_page() -> AnyView {
    let lead = "Somebody has created an API key for you, and has sent you a link. Its code is the part behind #.";
    link_code_page("Your API key", lead, "/handover")
}

/// Before the link is opened. Looking at this page does not use the link up.
/// `code`: that of the link; `None` where it stands in the address, to which the form is posted.
pub(super) fn unopened_page(code: Option<&str>) -> AnyView {
    let action = code.map(|_| "/handover");
    let content = view! {
        <p>"Somebody has created an API key for you. This page shows it once, when you press the button."</p>
        <p class="faint">"Have a safe place ready for it, such as your password manager or your server's secret store."</p>
        <form method="post" action=action data-once>
            {code.map(|code| view! { <input type="hidden" name="code" value=code.to_owned()/> })}
            <input type="hidden" name="show" value="key"/>
            <button type="submit" class="button primary">
                <Icon glyph=Glyph::Eye/>
                "Show the key"
            </button>
        </form>
    };
    outside("Your API key", "card wide", content.into_any())
}

/// The key, shown only now.
pub(super) fn handed_page(handed: &Handed) -> AnyView {
    let Handed { key, secret, base, is_documented } = handed.clone();
    // The secret is in one place, where it can be covered.
    let call = format!("curl {base}/api/v1/whoami \\\n  -H \"Authorization: Bearer $KEYDESK_KEY\"");
    // Its holder has no account.
    let (documentation, words) =
        if is_documented { ("/docs", "Integration Documentation") } else { ("/api/docs", "Keydesk API") };
    let content = view! {
        <Notice tone=Tone::Good>
            "This is the API key of " <bdi translate="no">{key.settings.client_name.as_str().to_owned()}</bdi>
            ". It is shown only once: save it now."
        </Notice>
        {ShownOnce { id: "handed-key", what: "key", text: secret, hint: key.hint.0.clone(), unseen: Unseen::Covered, ask: Ask::Always }
            .view()}
        <h2>"How to call"</h2>
        <p>
            "Send it with each call in the header " <code translate="no">"Authorization"</code>
            ". With the key in KEYDESK_KEY, this asks what it may do:"
        </p>
        <pre translate="no" class="call"><code>{call}</code></pre>
        <dl class="about">
            <dt>"Environment"</dt>
            <dd>{if key.environment == Environment::Test { "Test: never reaches live data" } else { "Live" }}</dd>
            <dt>"Scopes"</dt>
            <dd>
                <ul class="scopes" aria-label="Scopes">
                    {key.settings.scopes.iter().map(|scope| view! { <li><code translate="no">{scope.as_str().to_owned()}</code></li> }).collect_view()}
                </ul>
            </dd>
            {key.settings.expires_at.map(|at| view! { <dt>"Expires"</dt><dd>{end(at)}</dd> })}
        </dl>
        <p>
            <a href=documentation>{words}</a>
        </p>
    };
    outside("Your API key", "card wide", content.into_any())
}

/// For a link that was used, has expired, was withdrawn or never existed: the page does not tell which.
pub(super) fn over_page() -> AnyView {
    let content = view! {
        <p>"The link was used, has expired or was withdrawn. A link shows its key once and works for 7 days."</p>
        <p>"Ask whoever sent it to you for a new one. If you did not open it yourself, tell them, because somebody else may have seen the key."</p>
    };
    outside("This link can't be opened", "card wide", content.into_any())
}
