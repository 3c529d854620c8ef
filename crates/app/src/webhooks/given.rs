use leptos::prelude::*;
use model::Webhook;

use super::details::Flash;
use crate::ui::{Ask, Notice, ShownOnce, Tone, Unseen};

/// What was done, given or refused. Scripts say it to screen readers once the page stands.
pub(super) fn told(flash: Flash, webhook: Option<&Webhook>) -> AnyView {
    match flash {
        Flash::Done(text, _) => view! {
            <div class="outcome">
                <div role="status" data-announce><Notice tone=Tone::Good>{text}</Notice></div>
            </div>
        }
        .into_any(),
        Flash::Refused(error) => {
            view! { <div role="alert" data-announce><Notice tone=Tone::Bad>{error.to_string()}</Notice></div> }
                .into_any()
        }
        Flash::Secret(secret) => given(secret, webhook),
    }
}

fn given(secret: Option<String>, webhook: Option<&Webhook>) -> AnyView {
    let both = webhook.is_some_and(|webhook| webhook.former_secret_ends_at.is_some());
    let Some(text) = secret else {
        return view! {
            <div class="outcome">
                <div role="status" data-announce>
                    <Notice tone=Tone::Good>"Done. The public key with which deliveries are checked stands below."</Notice>
                </div>
            </div>
        }
        .into_any();
    };
    let once = ShownOnce {
        id: "webhook-secret",
        what: "secret",
        text,
        hint: "whsec_…".to_owned(),
        unseen: Unseen::Covered,
        ask: Ask::Always,
    };
    let lead = if both {
        "With it the receiver checks that deliveries come from here. It is shown now and never again. For a day deliveries are signed \
         with the former secret, too."
    } else {
        "With it the receiver checks that deliveries come from here. It is shown now and never again."
    };
    view! {
        <section class="panel once" aria-labelledby="once">
            <h2 id="once" tabindex="-1" autofocus>"The signing secret"</h2>
            <p role="status" data-announce>{lead}</p>
            <div>{once.view()}</div>
            <p class="faint scripted">
                "It is covered after 60 seconds, and when you turn to another window. Copying works all the same."
            </p>
        </section>
    }
    .into_any()
}
