//! The pages behind a hand-over link. Its holder has no account, so nothing of the Workspace surrounds them.

use leptos::prelude::*;
use model::{Environment, Key};

use crate::ui::{Glyph, Icon, Mark, Notice, Tone, labels::time, shown_once};

/// A key that was handed over, and how it is used.
#[derive(Clone)]
pub(super) struct Handed {
    pub(super) key: Key,
    /// The secret in plain.
    pub(super) secret: String,
    /// Where calls go: scheme and host.
    pub(super) base: String,
}

fn around(title: &'static str, content: AnyView) -> AnyView {
    view! {
        <header class="banner">
            <span class="brand">
                <Mark/>
                <span>"Keydesk"</span>
            </span>
        </header>
        <div class="frame">
            <main id="main" class="page" tabindex="-1">
                <section class="card wide">
                    <h1>{title}</h1>
                    {content}
                </section>
            </main>
        </div>
    }
    .into_any()
}

/// Before the link is opened. Looking at this page does not use the link up.
pub(super) fn unopened_page() -> AnyView {
    let content = view! {
        <p>"Somebody has created an API key for you. This page shows it once, when you press the button."</p>
        <p class="faint">"Have a safe place ready for it, such as your password manager or your server's secret store."</p>
        // Posted to the page's own address.
        <form method="post" data-once>
            <button type="submit" class="button primary">
                <Icon glyph=Glyph::Eye/>
                "Show the key"
            </button>
        </form>
    };
    around("Your API key", content.into_any())
}

/// The key, shown only now.
pub(super) fn handed_page(handed: &Handed) -> AnyView {
    let Handed { key, secret, base } = handed.clone();
    let call = format!("curl {base}/api/v1/whoami \\\n  -H \"Authorization: Bearer {secret}\"");
    let content = view! {
        <Notice tone=Tone::Good>
            "This is the API key of " <bdi>{key.settings.client_name.as_str().to_owned()}</bdi>
            ". It is shown only once: save it now."
        </Notice>
        {shown_once("handed-key", secret, "Copy key")}
        <h2>"How to call"</h2>
        <p>
            "Send it with each call in the header " <code>"Authorization"</code>
            ". This asks what the key may do:"
        </p>
        <pre class="call"><code>{call}</code></pre>
        <dl class="about">
            <dt>"Environment"</dt>
            <dd>{if key.environment == Environment::Test { "Test: never reaches live data" } else { "Live" }}</dd>
            <dt>"Scopes"</dt>
            <dd>
                <ul class="scopes" aria-label="Scopes">
                    {key.settings.scopes.iter().map(|scope| view! { <li><code>{scope.as_str().to_owned()}</code></li> }).collect_view()}
                </ul>
            </dd>
            {key.settings.expires_at.map(|at| view! { <dt>"Expires"</dt><dd>{time(at)}</dd> })}
        </dl>
        <p>
            <a href="/api/docs">"Integration Documentation"</a>
        </p>
    };
    around("Your API key", content.into_any())
}

/// For a link that was used, has expired, was withdrawn or never existed: the page does not tell which.
pub(super) fn over_page() -> AnyView {
    let content = view! {
        <p>"The link was used, has expired or was withdrawn. A link shows its key once and works for 7 days."</p>
        <p>"Ask whoever sent it to you for a new one. If you did not open it yourself, tell them, because somebody else may have seen the key."</p>
    };
    around("This link can't be opened", content.into_any())
}
