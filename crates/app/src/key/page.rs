use leptos::prelude::*;
use model::{Environment, Key, KeyStatus};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    details::{Flash, KeyDetails},
    edit::edit,
    facts::{facts, side},
    history::history,
    secrets::{hand_over, rotation},
};
use crate::ui::{
    Glyph, Icon, Notice, Tone,
    labels::{is_default, status, time},
    post_button, shown_once,
};

/// Why the Default API Key has fewer actions than others.
const DEFAULT_REASON: &str = "The Default API Key belongs to the installation itself: the contact centre's own services call \
                              with it. It can be rotated. It can't be edited, disabled or deleted.";

/// Everything about one key.
pub(super) fn key_page(page: &KeyDetails) -> AnyView {
    let key = &page.key;
    let editable = page.may_change && !is_default(key) && key.status != KeyStatus::Revoked;
    let body = if page.open == "edit" && editable { edit(page) } else { all(page) };
    view! {
        <div class="key-page">
            <nav class="crumbs" aria-label="Breadcrumb">
                <a href="/keys" rel="external">"API Keys"</a>
            </nav>
            {head(page, editable)}
            {page.flash.clone().map(flash)}
            {body}
        </div>
    }
    .into_any()
}

fn head(page: &KeyDetails, editable: bool) -> AnyView {
    let key = &page.key;
    let address = format!("/keys/{}", key.id);
    let (state, tone) = status(key, page.now);
    let rotatable = page.may_change && key.status != KeyStatus::Revoked;
    view! {
        <header class="key-head">
            <div class="key-title">
                <h1>
                    <bdi translate="no">{key.settings.client_name.as_str().to_owned()}</bdi>
                </h1>
                <span class=tone>{state}</span>
                {is_default(key).then(|| view! { <span class="badge accent">"Default"</span> })}
                {(key.environment == Environment::Test).then(|| view! { <span class="badge test">"Test"</span> })}
            </div>
            <div class="key-actions">
                {(editable && page.open != "edit")
                    .then(|| {
                        view! {
                            <a class="button" href=format!("{address}?edit")>
                                <Icon glyph=Glyph::Pen/>
                                "Edit"
                            </a>
                        }
                    })}
                {(editable && page.open != "edit")
                    .then(|| view! { <a class="button" href=duplicate(key) rel="external">"Duplicate settings"</a> })}
                {(rotatable && page.open != "edit")
                    .then(|| view! { <a class="button" href=format!("{address}?open=rotate#rotate")>"Rotate"</a> })}
            </div>
        </header>
        {is_default(key).then(|| view! { <p class="faint key-reason">{DEFAULT_REASON}</p> })}
    }
    .into_any()
}

/// Where a new key begins with the settings of this one.
fn duplicate(key: &Key) -> String {
    let name = utf8_percent_encode(key.settings.client_name.as_str(), NON_ALPHANUMERIC);
    format!("/keys?new&from={}&client_name={name}&preset={}", key.id, key.settings.preset.as_str())
}

fn flash(flash: Flash) -> AnyView {
    match flash {
        Flash::Done(text) => view! { <div role="status"><Notice tone=Tone::Good>{text}</Notice></div> }.into_any(),
        Flash::Refused(error) => {
            view! { <div role="alert"><Notice tone=Tone::Bad>{error.to_string()}</Notice></div> }.into_any()
        }
        Flash::Rotated { secret } => view! {
            <section class="panel once" aria-labelledby="once">
                <h2 id="once">"The new key"</h2>
                <p>"It is shown only once. Hand it over the way you hand over a password."</p>
                {shown_once("new-key", secret, "Copy key")}
            </section>
        }
        .into_any(),
        Flash::Revealed { secret } => view! {
            <section class="panel once" aria-labelledby="once">
                <h2 id="once">"The key in full"</h2>
                <p>"The key's history records that you have seen it. It is shown until you leave this page."</p>
                {shown_once("revealed-key", secret, "Copy key")}
            </section>
        }
        .into_any(),
        Flash::HandOver { link, until } => view! {
            <section class="panel once" aria-labelledby="once">
                <h2 id="once">"The hand-over link"</h2>
                <p>
                    "Whoever opens the link first sees the key. After that, and after " {time(until)}
                    ", the link no longer works. It is shown only once."
                </p>
                {shown_once("new-link", link, "Copy link")}
            </section>
        }
        .into_any(),
    }
}

fn all(page: &KeyDetails) -> AnyView {
    let key = &page.key;
    let alive = key.status != KeyStatus::Revoked;
    view! {
        <div class="key-columns">
            <div class="key-main">
                {facts(page)}
                {alive.then(|| rotation(page))}
                {(alive && !is_default(key)).then(|| hand_over(page))}
                {history(page)}
                {(page.may_change && !is_default(key)).then(|| danger(key))}
            </div>
            <aside class="key-side" aria-label="Use and notes">{side(page)}</aside>
        </div>
    }
    .into_any()
}

fn danger(key: &Key) -> AnyView {
    let id = key.id.to_string();
    let action = format!("/keys/{id}");
    if key.status == KeyStatus::Revoked {
        return view! {
            <section class="panel" aria-labelledby="danger">
                <h2 id="danger">"Deleted"</h2>
                <p>"Every call with this key is refused. You can restore the key for 30 days after it was deleted."</p>
                {post_button(&action, "restore", "Restore", "button")}
            </section>
        }
        .into_any();
    }
    let disabled = key.status == KeyStatus::Disabled;
    view! {
        <section class="panel danger" aria-labelledby="danger">
            <h2 id="danger">"Danger zone"</h2>
            <div class="danger-row">
                <p>
                    {if disabled {
                        "Every call with this key is refused. You can enable it again at any time."
                    } else {
                        "If you disable the key, every call with it is refused at once. You can enable it again at any time."
                    }}
                </p>
                {if disabled { post_button(&action, "enable", "Enable", "button") } else { post_button(&action, "disable", "Disable", "button danger") }}
            </div>
            <div class="danger-row">
                <p>"If you delete the key, it stops working at once. You can restore it for 30 days."</p>
                <a class="button danger" href=format!("/keys?delete={id}") rel="external">"Delete"</a>
            </div>
        </section>
    }
    .into_any()
}
