//! The dialogs that ask before something happens to the key. Each names the key, and says what will stop.

use leptos::prelude::*;
use model::{HandoverId, Key, KeyStatus};

use super::{
    details::{Flash, KeyDetails, Opened},
    secrets::{OVERLAP, OVERLAPS, confirm, ending, two_work},
    token,
};
use crate::{
    ApiError,
    ui::{
        Notice, Tone, breaks,
        labels::{end, is_default, relative, time},
        never, plain_dialog, token_field,
    },
    web::own,
};

/// The dialog that the address opens, where the person may do what it asks.
pub(super) fn dialog(page: &KeyDetails) -> Option<AnyView> {
    let key = &page.key;
    let alive = key.status != KeyStatus::Revoked;
    let changes = page.may_change && alive && !is_default(key);
    match page.open {
        Opened::Rotate if page.may_rotate && alive => Some(rotate(page)),
        Opened::EndOverlap if page.may_rotate && alive && two_work(&page.secrets, page.now) => Some(end_overlap(page)),
        Opened::HandOver if page.may_hand_over() => Some(hand_over(page)),
        Opened::Token if page.may_make_token() => Some(make_token(page)),
        Opened::Withdraw(link) if changes => withdraw(page, link),
        Opened::Disable if changes && key.settings.enabled => Some(disable(page)),
        Opened::Delete if changes => Some(delete(page)),
        _ => None,
    }
}

fn rotate(page: &KeyDetails) -> AnyView {
    let overlaps = two_work(&page.secrets, page.now);
    let chosen = page.overlap.unwrap_or(OVERLAP);
    let content = view! {
        <p>{named(&page.key)} " gets a new secret. The old one can go on working beside it, so that nothing stops."</p>
        {page
            .breaks
            .as_ref()
            .map(|used| {
                view! {
                    <p>"Whoever calls with it needs the new secret before the old one ends:"</p>
                    {breaks(used)}
                }
            })}
        <fieldset class="choices">
            <legend>"How long the old secret keeps working beside the new one"</legend>
            {OVERLAPS
                .map(|(seconds, words)| {
                    view! {
                        <label class="tick">
                            <input
                                type="radio"
                                name="overlap"
                                value=seconds.to_string()
                                checked=seconds == chosen
                                autofocus=seconds == chosen
                            />
                            <span>{words}</span>
                        </label>
                    }
                })
                .collect_view()}
        </fieldset>
        {overlaps
            .then(|| {
                view! {
                    <p class="notice warning">
                        <span>"At most two secrets can work. If you rotate again, the old secret stops working at once."</span>
                    </p>
                }
            })}
        {is_default(&page.key)
            .then(|| {
                let what = if overlaps { "To rotate it now" } else { "To rotate it without an overlap" };
                confirm(&page.key, "confirm", what)
            })}
        {(!is_default(&page.key))
            .then(|| view! { <p class="faint">"Hand-over links that nobody has opened will stop working."</p> })}
    };
    form(page, Asked { intent: "rotate", button: "Rotate key", class: "button primary" }, content.into_any())
}

/// Of all secrets that stop, what they are and who would notice. The form names the version that is shown: after another rotation it
/// must not end the secret shown here as current.
fn end_overlap(page: &KeyDetails) -> AnyView {
    let rows = ending(&page.secrets, page.now).map(|(secret, at)| {
        let used = match secret.last_used_at {
            None => never(page.recorded).into_any(),
            Some(at) => relative(at).into_any(),
        };
        view! {
            <dt>"Secret that stops"</dt>
            <dd><code translate="no">{secret.hint.0.clone()}</code></dd>
            <dt>"Last used"</dt>
            <dd>{used}</dd>
            <dt>"Ends by itself"</dt>
            <dd>{end(at)}</dd>
        }
    });
    let content = view! {
        <p>
            "The old secret of " <strong class="named-key">{name(&page.key)}</strong>
            " will stop working at once: every call with it is refused. The current secret, " {hint(&page.key)} ", stays as it is."
        </p>
        <dl class="facts">{rows.collect_view()}</dl>
        {is_default(&page.key).then(|| confirm(&page.key, "confirm-end", "To end the overlap"))}
        <p class="faint">"A secret that has ended can't be made to work again."</p>
    };
    let asked = Asked { intent: "end-overlap", button: "End overlap now", class: "button primary danger" };
    form(page, asked, content.into_any())
}

fn withdraw(page: &KeyDetails, link: HandoverId) -> Option<AnyView> {
    let link = page.handovers.iter().find(|handover| handover.id == link && handover.is_open(page.now))?;
    let content = view! {
        <input type="hidden" name="handover" value=link.id.to_string()/>
        <p>
            "The hand-over link of " {named(&page.key)}
            " will stop working at once: whoever opens it does not see the key. The key itself stays as it is."
        </p>
        <dl class="facts">
            <dt>"Created"</dt>
            <dd>{time(link.created_at)}</dd>
            <dt>"Ends by itself"</dt>
            <dd>{end(link.expires_at)}</dd>
        </dl>
        {page.may_hand_over().then(|| view! { <p class="faint">"You can create another link at any time."</p> })}
    };
    let asked = Asked { intent: "withdraw", button: "Withdraw link", class: "button primary danger" };
    Some(form(page, asked, content.into_any()))
}

fn hand_over(page: &KeyDetails) -> AnyView {
    let content = view! {
        <p>
            "A hand-over link shows " {named(&page.key)}
            " once to the client's developer, who needs no account. It names you and your organisation, says what restricts the key, and \
             works for 7 days. The key's activity says when it was opened."
        </p>
    };
    form(
        page,
        Asked { intent: "hand-over", button: "Create hand-over link", class: "button primary" },
        content.into_any(),
    )
}

fn make_token(page: &KeyDetails) -> AnyView {
    let content = view! {
        <p>"A token of " {named(&page.key)} " works wherever the key does, and is shown once."</p>
        {token::fields(page)}
    };
    form(page, Asked { intent: "token", button: "Make token", class: "button primary" }, content.into_any())
}

fn disable(page: &KeyDetails) -> AnyView {
    let content = view! {
        {stops(page)}
        <p class="faint">"You can enable the key again at any time."</p>
    };
    form(page, Asked { intent: "disable", button: "Disable", class: "button primary danger" }, content.into_any())
}

fn delete(page: &KeyDetails) -> AnyView {
    let content = view! {
        {stops(page)}
        <p class="faint">"Deleted keys can be restored for 30 days."</p>
    };
    form(page, Asked { intent: "delete", button: "Delete", class: "button primary danger" }, content.into_any())
}

/// What the button of a dialog does.
#[derive(Clone, Copy)]
struct Asked {
    intent: &'static str,
    button: &'static str,
    class: &'static str,
}

fn form(page: &KeyDetails, asked: Asked, content: AnyView) -> AnyView {
    let address = format!("/keys/{}", page.key.id);
    let opener = page.open.opener();
    let refused = match &page.flash {
        Some(Flash::Refused(error)) => Some(sentence(error)),
        _ => None,
    };
    // Whoever presses Enter without reading loses nothing.
    let careful = page.open.asks();
    let form = view! {
        <form class="form" method="post" action=own(&address) data-once>
            {refused.map(|text| view! { <div role="alert"><Notice tone=Tone::Bad>{text}</Notice></div> })}
            {token_field()}
            <input type="hidden" name="version" value=page.key.version.to_string()/>
            {content}
            <div class="dialog-foot">
                <a class="button" href=format!("{}#{opener}", page.address()) data-close autofocus=careful>"Cancel"</a>
                <button
                    type="submit"
                    class=asked.class
                    name="intent"
                    value=asked.intent
                    autofocus=page.open == Opened::HandOver
                >
                    {asked.button}
                </button>
            </div>
        </form>
    };
    plain_dialog(asked.intent, page.open.title(), careful, &opener, form.into_any())
}

/// The key as a dialog names it: alone on the screen, it must say which key it is about.
fn named(key: &Key) -> AnyView {
    view! { <strong class="named-key">{name(key)} " " {hint(key)}</strong> }.into_any()
}

fn name(key: &Key) -> AnyView {
    view! { <bdi translate="no">{key.settings.client_name.as_str().to_owned()}</bdi> }.into_any()
}

/// That of the current secret.
fn hint(key: &Key) -> AnyView {
    view! { <code translate="no">{key.hint.0.clone()}</code> }.into_any()
}

/// What no longer works, and who would notice.
fn stops(page: &KeyDetails) -> AnyView {
    view! {
        <p>{named(&page.key)} " will stop working at once: every call with it is refused."</p>
        {page.breaks.as_ref().map(breaks)}
    }
    .into_any()
}

fn sentence(error: &ApiError) -> String {
    match error {
        ApiError::Key(model::KeyError::VersionMoved { .. }) => {
            "Somebody has changed this key since the page was opened. Nothing was done: look at the key as it is now, and try again."
                .to_owned()
        }
        error => error.to_string(),
    }
}
