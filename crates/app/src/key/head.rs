use leptos::prelude::*;
use model::{Environment, KeyStatus};

use super::details::{COPY, KeyDetails, Opened};
use crate::{
    ui::{
        Glyph, Icon,
        labels::{is_default, status},
        post_button, token_field,
    },
    web::own,
};

/// Why the Default API Key has fewer actions than others.
const DEFAULT_REASON: &str = "The Default API Key belongs to the installation itself: the contact centre's own services call \
                              with it. It can be rotated. It can't be edited, disabled or deleted.";
const DELETED_REASON: &str =
    "Every call with this key is refused. You can restore the key for 30 days after it was deleted.";
const DISABLED_REASON: &str = "Every call with this key is refused. You can enable it again at any time.";

/// What stands above both tabs: the key's name, state and hint, and what can be done with it.
pub(super) fn head(page: &KeyDetails) -> AnyView {
    let key = &page.key;
    let (state, tone) = status(key, page.now);
    let reason = match key.status {
        KeyStatus::Revoked => page.may_change.then_some(DELETED_REASON),
        KeyStatus::Disabled => page.may_change.then_some(DISABLED_REASON),
        _ => is_default(key).then_some(DEFAULT_REASON),
    };
    view! {
        <header class="key-head">
            <div class="key-named">
                <div class="key-title">
                    <h1 id="key-title" tabindex="-1" autofocus=page.focused("key-title")>
                        <bdi translate="no">{key.settings.client_name.as_str().to_owned()}</bdi>
                    </h1>
                    <span class=tone>{state}</span>
                    {is_default(key).then(|| view! { <span class="badge accent">"Default"</span> })}
                    {page.tried.is_some().then(|| view! { <span class="badge accent">"Report only"</span> })}
                    {(key.environment == Environment::Test).then(|| view! { <span class="badge test">"Test"</span> })}
                    {key.imported.then(|| view! { <span class="badge">"Imported"</span> })}
                </div>
                <div class="key-shown">
                    <code class="key-hint" translate="no">{key.hint.0.clone()}</code>
                    {page.may_reveal().then(|| secret(page))}
                </div>
            </div>
            <div class="key-actions">{actions(page)}</div>
        </header>
        {reason.map(|reason| view! { <p class="faint key-reason">{reason}</p> })}
    }
    .into_any()
}

/// The ways to the key in full: to the clipboard, or to a page that shows it.
fn secret(page: &KeyDetails) -> AnyView {
    let address = format!("/keys/{}", page.key.id);
    view! {
        <form class="scripted" method="post" action=own(&address) data-copies="key-copied">
            {token_field()}
            <button type="submit" class="button small" name="intent" value=COPY aria-describedby="key-copied">
                <Icon glyph=Glyph::Copy/>
                "Copy"
            </button>
        </form>
        {post_button(&address, "reveal", "Reveal", "button small", false)}
        <p class="hint" role="status" id="key-copied"></p>
    }
    .into_any()
}

fn actions(page: &KeyDetails) -> AnyView {
    let address = format!("/keys/{}", page.key.id);
    let again = |intent, label| post_button(&address, intent, label, "button", page.focused(intent));
    if !page.lives() {
        return page.may_change.then(|| again("restore", "Restore")).into_any();
    }
    view! {
        {page.may_rotate.then(|| opener(page, Opened::Rotate, "Rotate", "button"))}
        {page.may_hand_over().then(|| opener(page, Opened::HandOver, "Hand over", "button"))}
        {page
            .may_edit()
            .then(|| {
                view! {
                    {if page.key.settings.enabled { disable(page) } else { again("enable", "Enable") }}
                    {opener(page, Opened::Delete, "Delete", "button danger")}
                }
            })}
    }
    .into_any()
}

/// A link to a dialog over the page; `document.js` opens it without leaving.
fn opener(page: &KeyDetails, dialog: Opened, title: &'static str, class: &'static str) -> AnyView {
    let id = dialog.opener();
    view! {
        <a class=class id=id.clone() href=page.opens(dialog) data-opens autofocus=page.focused(&id)>
            {title}
        </a>
    }
    .into_any()
}

/// The same as a button: what it opens is a form.
fn disable(page: &KeyDetails) -> AnyView {
    let id = Opened::Disable.opener();
    let range = page.range().map(|range| view! { <input type="hidden" name="range" value=range/> });
    view! {
        <form method="get" action=page.tab().address(page.key.id) data-opens>
            {range}
            <button
                type="submit"
                class="button danger"
                id=id.clone()
                name="open"
                value="disable"
                autofocus=page.focused(&id)
            >
                "Disable"
            </button>
        </form>
    }
    .into_any()
}
