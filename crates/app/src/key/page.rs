use leptos::prelude::*;
use model::KeyStatus;

use super::{
    details::{Flash, Given, KeyDetails, Opened, Shown},
    dialogs::dialog,
    edit::edit,
    facts::{facts, side},
    head::{Head, Tab},
    history::history,
    secrets::{hand_over, rotation},
    token,
};
use crate::ui::{
    Ask, NewKeyDialog, Notice, ShownOnce, Tone, Unseen,
    labels::{end_text, is_default},
    post_button,
};

/// Everything about one key.
pub(super) fn key_page(page: &KeyDetails) -> AnyView {
    let key = &page.key;
    let editable = page.may_change && !is_default(key) && key.status != KeyStatus::Revoked;
    let edited = page.open == Opened::Edit && editable;
    let dialog = dialog(page);
    // A refused dialog says itself why.
    let flash = page.flash.clone().filter(|flash| dialog.is_none() || !matches!(flash, Flash::Refused(_)));
    let body = if edited { edit(page) } else { all(page) };
    let focus = match &page.flash {
        Some(Flash::Done(done)) => done.focus,
        _ => "",
    };
    let head = Head {
        key,
        tab: Tab::Settings,
        may_change: page.may_change,
        may_rotate: page.may_rotate,
        tried: page.tried.is_some(),
        editing: edited,
        focus,
        now: page.now,
    };
    view! {
        <div class="key-page" data-address=format!("/keys/{}", key.id)>
            {dialog}
            <nav class="crumbs" aria-label="Breadcrumb">
                <a href="/keys" rel="external">"API Keys"</a>
            </nav>
            {head.view()}
            {flash.map(|flash| told(page, flash))}
            {body}
        </div>
    }
    .into_any()
}

/// What was done, given or refused. Scripts say it to screen readers once the page stands.
fn told(page: &KeyDetails, flash: Flash) -> AnyView {
    match flash {
        Flash::Done(done) => {
            let undo = done
                .undo
                .map(|intent| post_button(&format!("/keys/{}", page.key.id), intent, "Undo", "button small", false));
            view! {
                <div class="outcome">
                    <div role="status" data-announce>
                        <Notice tone=Tone::Good>{done.text}</Notice>
                    </div>
                    {undo}
                </div>
            }
            .into_any()
        }
        Flash::Over(text) | Flash::Proposed(text) => {
            view! { <div role="status" data-announce><Notice tone=Tone::Warning>{text}</Notice></div> }.into_any()
        }
        Flash::Refused(error) => {
            view! { <div role="alert" data-announce><Notice tone=Tone::Bad>{error.to_string()}</Notice></div> }
                .into_any()
        }
        Flash::Shown(shown) => given(page, shown),
    }
}

/// A new key, a revealed one, or a link.
fn given(page: &KeyDetails, shown: Shown) -> AnyView {
    let key = &page.key;
    let Shown { given, text } = shown;
    let hint = key.hint.0.clone();
    let unseen = Unseen::Covered;
    let ask = if page.recoverable { Ask::Never } else { Ask::Always };
    let (heading, lead, hides, once) = match given {
        Given::Created => {
            let (recoverable, opener) = (page.recoverable, "key-title");
            return NewKeyDialog { key, secret: text, recoverable, opener }.view();
        }
        Given::Rotated => (
            "The new key",
            if page.recoverable { ROTATED.to_owned() } else { ROTATED_ONCE.to_owned() },
            COVERED,
            ShownOnce { id: "new-key", what: "key", text, hint, unseen, ask },
        ),
        Given::Revealed => {
            let unseen = Unseen::Gone(format!("/keys/{}", key.id));
            let once = ShownOnce { id: "revealed-key", what: "key", text, hint, unseen, ask: Ask::Never };
            ("The key in full", REVEALED.to_owned(), GONE, once)
        }
        Given::Token(until) => {
            let lead = format!(
                "Send it wherever the key is sent. It works until {}, or as long as the key. It is shown for 10 minutes on this page, \
                 and nowhere else.",
                end_text(until)
            );
            let once =
                ShownOnce { id: "new-token", what: "token", text, hint: "…".to_owned(), unseen, ask: Ask::Leaving };
            ("The token", lead, COVERED, once)
        }
        Given::HandOver(until) => {
            let lead = format!(
                "Whoever opens the link first sees the key. After that, and after {}, the link no longer works. It is \
                 shown for 10 minutes on this page, and nowhere else.",
                end_text(until)
            );
            let hint = format!("{}#…", text.split('#').next().unwrap_or_default());
            (
                "The hand-over link",
                lead,
                COVERED,
                ShownOnce { id: "new-link", what: "link", text, hint, unseen, ask: Ask::Leaving },
            )
        }
    };
    view! {
        <section class="panel once" aria-labelledby="once">
            <h2 id="once" tabindex="-1" autofocus>
                {heading}
            </h2>
            <p role="status" data-announce>
                {lead}
            </p>
            <div>{once.view()}</div>
            <p class="faint scripted">{hides}</p>
        </section>
    }
    .into_any()
}

const ROTATED: &str = "Hand it over the way you hand over a password. It can be revealed again on this page.";
const ROTATED_ONCE: &str = "Hand it over the way you hand over a password. It is shown only now: this installation keeps no copy of \
                            it, and loading the page again does not show it.";
const REVEALED: &str = "The key's history records that you have seen it.";
const COVERED: &str =
    "It is covered after 60 seconds, and when you turn to another window. Copying works all the same.";
const GONE: &str = "It is hidden after 60 seconds, and when you turn to another window.";

fn all(page: &KeyDetails) -> AnyView {
    let key = &page.key;
    let alive = key.status != KeyStatus::Revoked;
    view! {
        <div class="key-columns">
            <div class="key-main">
                {facts(page)}
                {alive.then(|| rotation(page))}
                {(alive && !is_default(key)).then(|| hand_over(page))}
                {page.may_make_token().then(|| token::panel(page))}
                {history(page)}
                {(page.may_change && !is_default(key)).then(|| danger(page))}
            </div>
            <aside class="key-side" aria-label="Use and notes">{side(page)}</aside>
        </div>
    }
    .into_any()
}

fn danger(page: &KeyDetails) -> AnyView {
    let key = &page.key;
    let action = format!("/keys/{}", key.id);
    let again = |intent, label| post_button(&action, intent, label, "button", page.focused(intent));
    if key.status == KeyStatus::Revoked {
        return view! {
            <section class="panel" aria-labelledby="danger">
                <h2 id="danger">"Deleted"</h2>
                <p>"Every call with this key is refused. You can restore the key for 30 days after it was deleted."</p>
                {again("restore", "Restore")}
            </section>
        }
        .into_any();
    }
    let disabled = !key.settings.enabled;
    let (disable, delete) = (Opened::Disable.opener(), Opened::Delete.opener());
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
                {if disabled {
                    again("enable", "Enable")
                } else {
                    view! {
                        <form method="get" action=action.clone()>
                            <button
                                type="submit"
                                class="button danger"
                                id=disable.clone()
                                name="open"
                                value="disable"
                                autofocus=page.focused(&disable)
                            >
                                "Disable"
                            </button>
                        </form>
                    }
                        .into_any()
                }}
            </div>
            <div class="danger-row">
                <p>"If you delete the key, it stops working at once. You can restore it for 30 days."</p>
                <a class="button danger" id=delete.clone() href=format!("{action}?open=delete") autofocus=page.focused(&delete)>
                    "Delete"
                </a>
            </div>
        </section>
    }
    .into_any()
}
