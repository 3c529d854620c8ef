use leptos::prelude::*;
use model::{Environment, Webhook, WebhookOrder, WebhookSignature};

use super::{
    deliveries::deliveries,
    details::{Flash, Opened, WebhookDetails},
    dialogs::dialog,
    fields::fields,
    given::told,
    list::state,
};
use crate::{
    ui::{
        Glyph, Icon,
        labels::{end, time},
        post_button, token_field,
    },
    web::own,
};

/// Everything about one receiver.
pub(super) fn page(page: &WebhookDetails) -> AnyView {
    let dialog = dialog(page);
    // A refused dialog says itself why, and so does a form.
    let inside = dialog.is_some() || page.form.is_some();
    let flash = page.flash.clone().filter(|flash| !(inside && matches!(flash, Flash::Refused(_))));
    let webhook = &page.webhook;
    view! {
        <div class="key-page" data-address=page.address()>
            {dialog}
            <nav class="crumbs" aria-label="Breadcrumb">
                <a href="/webhooks">"Webhooks"</a>
            </nav>
            {head(page)}
            {flash.map(|flash| told(flash, Some(webhook)))}
            {match &page.form {
                Some(form) => {
                    view! {
                        <section class="panel" aria-labelledby="edit">
                            <h2 id="edit">"Edit webhook"</h2>
                            <form class="form" method="post" action=own(&page.address()) data-once>
                                {token_field()}
                                <input type="hidden" name="version" value=webhook.version.to_string()/>
                                {match &page.flash {
                                    Some(flash @ Flash::Refused(_)) => Some(told(flash.clone(), None)),
                                    _ => None,
                                }}
                                {fields(form, &page.problems, false)}
                                <div class="dialog-foot">
                                    <a class="button" href=page.address()>"Cancel"</a>
                                    <button type="submit" class="button primary" name="intent" value="save">"Save"</button>
                                </div>
                            </form>
                        </section>
                    }
                        .into_any()
                }
                None => {
                    view! {
                        {about(webhook)}
                        {deliveries(page)}
                        {danger(page)}
                    }
                        .into_any()
                }
            }}
        </div>
    }
    .into_any()
}

fn head(page: &WebhookDetails) -> AnyView {
    let (webhook, address) = (&page.webhook, page.address());
    let editing = page.form.is_some();
    view! {
        <header class="key-head">
            <div class="key-title">
                <h1 id="webhook-title" class="webhook-address" tabindex="-1" autofocus=page.focused("webhook-title")>
                    <bdi translate="no">{webhook.url.clone()}</bdi>
                </h1>
                {state(webhook)}
                {(webhook.environment == Environment::Test).then(|| view! { <span class="badge test">"Test"</span> })}
            </div>
            {(!editing)
                .then(|| {
                    view! {
                        <div class="key-actions">
                            {webhook
                                .enabled
                                .then(|| {
                                    let class = "button primary";
                                    post_button(&address, "test", "Send test event", class, page.focused("send-test"))
                                })}
                            <a class="button" id="open-edit" href=format!("{address}?edit") autofocus=page.focused("open-edit")>
                                <Icon glyph=Glyph::Pen/>
                                "Edit"
                            </a>
                            <a class="button" id=Opened::Rotate.opener() href=format!("{address}?open=rotate")>
                                "Rotate secret"
                            </a>
                        </div>
                    }
                })}
        </header>
    }
    .into_any()
}

fn about(webhook: &Webhook) -> AnyView {
    let secret = match (&webhook.public_key, webhook.signature) {
        (Some(key), _) => view! {
            "Ed25519, v1a. Public key: " <code translate="no">{key.clone()}</code>
        }
        .into_any(),
        (None, WebhookSignature::V1 | WebhookSignature::V1a) => {
            "HMAC-SHA256, v1, with a secret that was shown once".into_any()
        }
    };
    view! {
        <section class="panel" aria-labelledby="about">
            <h2 id="about">"About"</h2>
            <dl class="about">
                <dt>"Types of events"</dt>
                <dd>
                    <ul class="scopes">
                        {webhook.types.iter().map(|kind| view! { <li><code translate="no">{kind.to_owned()}</code></li> }).collect_view()}
                    </ul>
                </dd>
                <dt>"Order"</dt>
                <dd>
                    {match webhook.order {
                        WebhookOrder::Subject => "Events of one key come one after another",
                        WebhookOrder::None => "As they come",
                    }}
                </dd>
                <dt>"Environment"</dt>
                <dd>{if webhook.environment == Environment::Test { "Test events only" } else { "All events" }}</dd>
                <dt>"Signature"</dt>
                <dd>{secret}</dd>
                {webhook
                    .former_secret_ends_at
                    .map(|at| view! { <dt>"Former secret"</dt><dd>"Signs too until " {end(at)}</dd> })}
                <dt>"Created"</dt>
                <dd>{time(webhook.created_at)}</dd>
                <dt>"Changed"</dt>
                <dd>{time(webhook.updated_at)}</dd>
            </dl>
        </section>
    }
    .into_any()
}

fn danger(page: &WebhookDetails) -> AnyView {
    let address = page.address();
    let (disable, delete) = (Opened::Disable.opener(), Opened::Delete.opener());
    view! {
        <section class="panel danger" aria-labelledby="danger">
            <h2 id="danger">"Danger zone"</h2>
            <div class="danger-row">
                {if page.webhook.enabled {
                    view! {
                        <p>"If you disable the webhook, nothing is sent. What happens meanwhile can be delivered again for 7 days."</p>
                        <a class="button danger" id=disable href=format!("{address}?open=disable") autofocus=page.focused(disable)>
                            "Disable"
                        </a>
                    }
                        .into_any()
                } else {
                    view! {
                        <p>"Nothing is sent. Once enabled, it is told what happens from then on."</p>
                        {post_button(&address, "enable", "Enable", "button", page.focused("enable"))}
                    }
                        .into_any()
                }}
            </div>
            <div class="danger-row">
                <p>"If you delete the webhook, its deliveries are gone, those that are parked among them."</p>
                <a class="button danger" id=delete href=format!("{address}?open=delete")>"Delete"</a>
            </div>
        </section>
    }
    .into_any()
}
