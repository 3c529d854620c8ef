//! The pages behind a hand-over link. Its holder has no account, so nothing of the Workspace surrounds them.

use domain::HandoverSender;
use leptos::prelude::*;
use model::{Environment, Key, KeyStatus, PlainSecret};

use crate::{
    frame::{link_code_page, outside},
    ui::{Ask, FirstCall, Glyph, Icon, Notice, ShownOnce, Tone, Unseen, call_box, labels::end, restrictions},
};

/// A key that was handed over, and how it is used.
#[derive(Clone)]
pub(super) struct Handed {
    pub(super) key: Key,
    pub(super) secret: PlainSecret,
    pub(super) sender: HandoverSender,
    pub(super) call: FirstCall,
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
pub(super) fn unopened_page(sender: &HandoverSender, code: Option<&str>) -> AnyView {
    let action = code.map(|_| "/handover");
    let content = view! {
        <p>{from(sender)} " has created an API key for you. This page shows it once, when you press the button."</p>
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

/// `Ada Lovelace of Acme Contact Centre`, or the organisation alone.
fn from(sender: &HandoverSender) -> AnyView {
    let HandoverSender { organisation, name } = sender.clone();
    let organisation = view! { <strong><bdi translate="no">{organisation}</bdi></strong> };
    match name {
        Some(name) => view! { <strong><bdi translate="no">{name}</bdi></strong> " of " {organisation} }.into_any(),
        None => organisation.into_any(),
    }
}

/// The key, shown only now.
pub(super) fn handed_page(handed: &Handed) -> AnyView {
    let Handed { key, secret, sender, call, is_documented } = handed;
    let (text, hint) = (secret.expose().to_owned(), key.hint.0.clone());
    let shown = ShownOnce {
        id: "handed-key",
        what: "key",
        text,
        hint: hint.clone(),
        unseen: Unseen::Covered,
        ask: Ask::Always,
    };
    // Its holder has no account.
    let (guide, guide_title) = if *is_documented {
        (call.guide.clone(), call.guide_title.clone())
    } else {
        ("/api/docs".to_owned(), "Keydesk API".to_owned())
    };
    let (sender, client) = (from(sender), key.settings.client_name.as_str().to_owned());
    let content = view! {
        <Notice tone=Tone::Good>
            {sender} " hands you the API key of " <bdi translate="no">{client}</bdi>
            ". It is shown only once: save it now."
        </Notice>
        {sleeps(key.status).map(|text| view! { <Notice tone=Tone::Warning>{text}</Notice> })}
        {shown.view()}
        <h2>"How to call"</h2>
        <p>"Send it with each call in the header " <code translate="no">"Authorization"</code> "."</p>
        {call_box(call, "handed-key", &hint)}
        <h2>"What it may do"</h2>
        <dl class="about">
            <dt>"Environment"</dt>
            <dd>{if key.environment == Environment::Test { "Test: never reaches live data" } else { "Live" }}</dd>
            <dt>"Scopes"</dt>
            <dd>
                <ul class="scopes" aria-label="Scopes">
                    {key.settings.scopes.iter().map(|scope| view! { <li><code translate="no">{scope.as_str().to_owned()}</code></li> }).collect_view()}
                </ul>
            </dd>
            {restricted(key)}
        </dl>
        <p>
            <a href=guide>{guide_title}</a>
        </p>
    };
    outside("Your API key", "card wide", content.into_any())
}

/// What restricts it, so that nobody learns that by a refused call.
fn restricted(key: &Key) -> AnyView {
    let rows = restrictions(&key.settings);
    let open = rows.is_empty() && key.settings.expires_at.is_none();
    let rows = rows.into_iter().map(|(label, lines)| {
        let lines = lines.into_iter().map(|line| view! { <dd><bdi translate="no">{line}</bdi></dd> });
        view! { <dt>{label}</dt> {lines.collect_view()} }
    });
    view! {
        {key.settings.expires_at.map(|at| view! { <dt>"Expires"</dt><dd>{end(at)}</dd> })}
        {rows.collect_view()}
        {open.then(|| view! { <dt>"Restrictions"</dt><dd>"None: it works from everywhere until somebody ends it"</dd> })}
    }
    .into_any()
}

/// Why a key does not work at the moment.
const fn sleeps(status: KeyStatus) -> Option<&'static str> {
    match status {
        KeyStatus::Active => None,
        KeyStatus::Disabled => {
            Some("The key is disabled at the moment: every call with it is refused until they enable it.")
        }
        KeyStatus::Expired => Some("The key has expired: every call with it is refused."),
        KeyStatus::Revoked => Some("The key is deleted: every call with it is refused."),
    }
}

/// For a link that was used, has expired, was withdrawn or never existed: the page does not tell which.
pub(super) fn over_page() -> AnyView {
    let content = view! {
        <p>"The link was used, has expired or was withdrawn. A link shows its key once and works for 7 days."</p>
        <p>"Ask whoever sent it to you for a new one. If you did not open it yourself, tell them, because somebody else may have seen the key."</p>
    };
    outside("This link can't be opened", "card wide", content.into_any())
}
