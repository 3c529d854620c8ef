use domain::History;
use leptos::prelude::*;
use model::{Environment, Handover, Instant, Key, KeyStatus, SecretInfo};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    edit::edit,
    facts::{facts, side},
    history::history,
    secrets::{hand_over, rotation},
    settings::Shown,
    words::{day, is_default, status},
};
use crate::{
    ApiError, FieldProblem,
    components::{Glyph, Icon, Notice, Tone},
};

/// Why the Default API Key has fewer actions than others.
const DEFAULT_REASON: &str = "The Default API Key belongs to the installation itself: the contact centre's own services call \
                              with it. It can be rotated, but neither edited, switched off nor deleted.";

/// What a form on the page has just done.
#[derive(Clone, Debug)]
pub(crate) enum Said {
    /// A sentence.
    Done(&'static str),
    /// The key has a new secret, shown this once.
    Rotated {
        /// The secret in plain.
        secret: String,
    },
    /// The secret, as it was asked for.
    Revealed {
        /// The secret in plain.
        secret: String,
    },
    /// There is a link, shown this once.
    HandOver {
        /// The link in full.
        link: String,
        /// Until when it can be opened.
        until: Instant,
    },
    /// Nothing was done.
    Refused(ApiError),
}

/// Everything that the page shows.
#[derive(Clone, Debug)]
pub(crate) struct KeyPage {
    pub(crate) key: Key,
    pub(crate) secrets: Vec<SecretInfo>,
    pub(crate) handovers: Vec<Handover>,
    pub(crate) history: History,
    /// The history does not begin with the newest.
    pub(crate) earlier: bool,
    /// Allowed calls of each of the last 30 days, today last.
    pub(crate) days: Vec<u32>,
    pub(crate) may_change: bool,
    /// The installation keeps sealed copies, so a secret can be shown again.
    pub(crate) recoverable: bool,
    pub(crate) now: Instant,
    pub(crate) said: Option<Said>,
    /// Which part stands open: `edit`, `rotate` or nothing.
    pub(crate) open: String,
    /// What stands in the form that edits it.
    pub(crate) shown: Shown,
    /// What is wrong with that.
    pub(crate) problems: Vec<FieldProblem>,
    /// What somebody else has made of the key meanwhile: by label, theirs and what is in the form.
    pub(crate) differences: Vec<(&'static str, String, String)>,
    /// As typed.
    pub(crate) name: String,
    pub(crate) catalogue: model::Catalogue,
}

/// Everything about one key.
pub(crate) fn key_page(page: &KeyPage) -> AnyView {
    let key = &page.key;
    let editable = page.may_change && !is_default(key) && key.status != KeyStatus::Revoked;
    let body = if page.open == "edit" && editable { edit(page) } else { all(page) };
    view! {
        <div class="key-page">
            <nav class="crumbs" aria-label="Breadcrumb">
                <a href="/keys" rel="external">"API Keys"</a>
            </nav>
            {head(page, editable)}
            {page.said.clone().map(said)}
            {body}
        </div>
    }
    .into_any()
}

fn head(page: &KeyPage, editable: bool) -> AnyView {
    let key = &page.key;
    let address = format!("/keys/{}", key.id);
    let (state, tone) = status(key, page.now);
    let rotatable = page.may_change && key.status != KeyStatus::Revoked;
    view! {
        <header class="key-head">
            <div class="key-title">
                <h1>
                    <bdi>{key.settings.client_name.as_str().to_owned()}</bdi>
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

fn said(said: Said) -> AnyView {
    match said {
        Said::Done(text) => view! { <div role="status"><Notice tone=Tone::Good>{text}</Notice></div> }.into_any(),
        Said::Refused(error) => {
            view! { <div role="alert"><Notice tone=Tone::Bad>{error.to_string()}</Notice></div> }.into_any()
        }
        Said::Rotated { secret } => view! {
            <section class="panel once" aria-labelledby="once">
                <h2 id="once">"The new key"</h2>
                <p>"It is shown this once. Hand it over the way you hand over a password."</p>
                {shown_once("new-key", secret, "Copy key")}
            </section>
        }
        .into_any(),
        Said::Revealed { secret } => view! {
            <section class="panel once" aria-labelledby="once">
                <h2 id="once">"The key in full"</h2>
                <p>"The history has that you saw it. It is gone from here with the next page."</p>
                {shown_once("revealed-key", secret, "Copy key")}
            </section>
        }
        .into_any(),
        Said::HandOver { link, until } => view! {
            <section class="panel once" aria-labelledby="once">
                <h2 id="once">"The hand-over link"</h2>
                <p>
                    "Whoever opens it first sees the key; after that, or after " {day(until)}
                    ", it opens no more. The link itself is shown this once."
                </p>
                {shown_once("new-link", link, "Copy link")}
            </section>
        }
        .into_any(),
    }
}

/// Something to be taken away, with the button that copies it.
pub(super) fn shown_once(id: &'static str, text: String, copy: &'static str) -> AnyView {
    view! {
        <div class="secret">
            <code class="secret-text" id=id data-secret>{text}</code>
            <button type="button" class="button primary scripted" data-copy=id aria-describedby="copied">
                <Icon glyph=Glyph::Copy/>
                {copy}
            </button>
        </div>
        <p class="hint" role="status" id="copied"></p>
    }
    .into_any()
}

fn all(page: &KeyPage) -> AnyView {
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
                <p>"Calls with this key are refused. It can be restored for 30 days after it was deleted."</p>
                {post(&action, "restore", "Restore", "button")}
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
                        "Every call with this key is refused. It can be switched on again as it was."
                    } else {
                        "Disabled, every call with this key is refused at once. It can be enabled again."
                    }}
                </p>
                {if disabled { post(&action, "enable", "Enable", "button") } else { post(&action, "disable", "Disable", "button danger") }}
            </div>
            <div class="danger-row">
                <p>"Deleted, the key stops working at once. It can be restored for 30 days."</p>
                <a class="button danger" href=format!("/keys?delete={id}") rel="external">"Delete"</a>
            </div>
        </section>
    }
    .into_any()
}

/// A form that is one button.
pub(super) fn post(action: &str, intent: &'static str, label: &'static str, class: &'static str) -> AnyView {
    view! {
        <form method="post" action=action.to_owned() data-once>
            <button type="submit" class=class name="intent" value=intent>{label}</button>
        </form>
    }
    .into_any()
}
