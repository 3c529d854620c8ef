//! The dialogs that ask before something happens to a receiver.

use leptos::prelude::*;

use super::details::{Flash, Opened, WebhookDetails};
use crate::{
    ui::{Notice, Tone, plain_dialog, token_field},
    web::own,
};

/// What a dialog says, and what its button does.
struct Asked {
    title: &'static str,
    text: &'static str,
    intent: &'static str,
    button: &'static str,
    class: &'static str,
}

/// The dialog that the address opens.
pub(super) fn dialog(page: &WebhookDetails) -> Option<AnyView> {
    let asked = match page.open {
        Opened::Rotate => Asked {
            title: "Rotate secret",
            text: "The webhook gets another signing secret. For a day deliveries are signed with both, so that the receiver can be changed meanwhile.",
            intent: "rotate",
            button: "Rotate secret",
            class: "button primary",
        },
        Opened::Disable if page.webhook.enabled => Asked {
            title: "Disable webhook",
            text: "Nothing is sent to it any more. What waits stays, and is sent once it is enabled again.",
            intent: "disable",
            button: "Disable",
            class: "button primary danger",
        },
        Opened::Delete => Asked {
            title: "Delete webhook",
            text: "Nothing is sent to it any more, and its deliveries are gone. This can't be undone.",
            intent: "delete",
            button: "Delete",
            class: "button primary danger",
        },
        Opened::Redeliver => Asked {
            title: "Deliver again",
            text: "Events of this time are sent once more, those that were accepted among them. Each keeps its id, by which the receiver knows it.",
            intent: "redeliver",
            button: "Deliver again",
            class: "button primary",
        },
        _ => return None,
    };
    let careful = matches!(page.open, Opened::Disable | Opened::Delete);
    let opener = page.open.opener();
    let refused = match &page.flash {
        Some(Flash::Refused(error)) => Some(error.to_string()),
        _ => None,
    };
    let form = view! {
        <form class="form" method="post" action=own(&page.address()) data-once>
            {refused.map(|text| view! { <div role="alert"><Notice tone=Tone::Bad>{text}</Notice></div> })}
            {token_field()}
            <input type="hidden" name="version" value=page.webhook.version.to_string()/>
            <p><strong class="named-key"><bdi translate="no">{page.webhook.url.clone()}</bdi></strong></p>
            <p>{asked.text}</p>
            {(page.open == Opened::Redeliver).then(spans)}
            <div class="dialog-foot">
                <a class="button" href=format!("{}#{opener}", page.address()) data-close autofocus=careful>"Cancel"</a>
                <button type="submit" class=asked.class name="intent" value=asked.intent autofocus=!careful>
                    {asked.button}
                </button>
            </div>
        </form>
    };
    Some(plain_dialog(asked.intent, asked.title, careful, opener, form.into_any()))
}

/// Hours that can be chosen.
const SPANS: [(u32, &str); 4] =
    [(1, "The last hour"), (24, "The last 24 hours"), (72, "The last 3 days"), (168, "The last 7 days")];

fn spans() -> AnyView {
    view! {
        <fieldset class="choices">
            <legend>"Which events"</legend>
            {SPANS
                .map(|(hours, words)| {
                    view! {
                        <label class="tick">
                            <input type="radio" name="hours" value=hours.to_string() checked=hours == 24/>
                            <span>{words}</span>
                        </label>
                    }
                })
                .collect_view()}
        </fieldset>
    }
    .into_any()
}
