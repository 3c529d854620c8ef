//! What whoever has a hand-over link sees. There is no account, and so nothing of the Workspace around it.

use leptos::prelude::*;
use model::{Environment, Key};

use super::{key::shown_once, words::time};
use crate::components::{Glyph, Icon, Mark, Notice, Tone};

/// A key that was handed over, and how it is used.
#[derive(Clone)]
pub(crate) struct Handed {
    pub(crate) key: Key,
    /// In plain.
    pub(crate) secret: String,
    /// Where calls go: scheme and host.
    pub(crate) base: String,
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

/// Before the link is opened. Looking at the page spends nothing.
pub(crate) fn unopened_page() -> AnyView {
    let content = view! {
        <p>"Somebody has made an API key for you. It is shown once, on this page, when you press the button."</p>
        <p class="faint">"Have a safe place ready for it, such as your password manager or your server's secrets."</p>
        // Posted to where it stands.
        <form method="post" data-once>
            <button type="submit" class="button primary">
                <Icon glyph=Glyph::Eye/>
                "Show the key"
            </button>
        </form>
    };
    around("Your API key", content.into_any())
}

/// The key, this once.
pub(crate) fn handed_page(handed: &Handed) -> AnyView {
    let Handed { key, secret, base } = handed.clone();
    let call = format!("curl {base}/api/v1/whoami \\\n  -H \"Authorization: Bearer {secret}\"");
    let content = view! {
        <Notice tone=Tone::Good>
            "This is the API key of " <bdi>{key.settings.client_name.as_str().to_owned()}</bdi>
            ". It is shown this once: keep it now."
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
            <dt>"Rights"</dt>
            <dd>
                <ul class="scopes" aria-label="Rights">
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

/// Used, too old, withdrawn, or never a link: nobody is told which.
pub(crate) fn over_page() -> AnyView {
    let content = view! {
        <p>"It has been used, has expired or was withdrawn. A link shows its key once, within 7 days."</p>
        <p>"Ask whoever sent it to you for a new one. If you have not opened it yourself, tell them: somebody else may have seen the key."</p>
    };
    around("This link can't be opened", content.into_any())
}
