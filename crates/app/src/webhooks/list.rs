use leptos::prelude::*;
use model::{Environment, Webhook};

use super::{
    details::{Flash, WebhookList},
    fields::fields,
    given::told,
};
use crate::{
    ui::{EmptyState, Glyph, Icon, count, labels::relative, token_field},
    web::own,
};

/// Every receiver, with how its deliveries go.
pub(super) fn list(page: &WebhookList) -> AnyView {
    let (add, any) = (page.form.is_some(), !page.webhooks.is_empty());
    let flash = page.flash.clone();
    let focused = matches!(&page.flash, Some(Flash::Done(_, "webhooks-title")));
    view! {
        <div class="key-page" data-address="/webhooks">
            <header class="key-head">
                <h1 id="webhooks-title" tabindex="-1" autofocus=focused>"Webhooks"</h1>
                {(!add && any).then(add_link)}
            </header>
            {flash.map(|flash| told(flash, None))}
            {page.form.as_ref().map(|form| {
                view! {
                    <section class="panel" aria-labelledby="add">
                        <h2 id="add">"Add webhook"</h2>
                        <form class="form" method="post" action=own("/webhooks") data-once>
                            {token_field()}
                            {fields(form, &page.problems, true)}
                            <div class="dialog-foot">
                                <a class="button" href="/webhooks">"Cancel"</a>
                                <button type="submit" class="button primary" name="intent" value="create">"Add webhook"</button>
                            </div>
                        </form>
                    </section>
                }
            })}
            {if any {
                view! { <ul class="webhooks" aria-label="Webhooks">{page.webhooks.iter().map(row).collect_view()}</ul> }.into_any()
            } else if add {
                ().into_any()
            } else {
                view! {
                    <EmptyState glyph=Glyph::Bell title="No webhooks yet">
                        <p>"A webhook tells another system what happens here, as it happens: a key was made, ends soon, was deleted."</p>
                        <p>{add_link()}</p>
                    </EmptyState>
                }
                    .into_any()
            }}
        </div>
    }
    .into_any()
}

fn add_link() -> AnyView {
    view! {
        <a class="button primary" id="open-add" href="/webhooks?add">
            <Icon glyph=Glyph::Plus/>
            "Add webhook"
        </a>
    }
    .into_any()
}

fn row(webhook: &Webhook) -> AnyView {
    let types: Vec<_> = webhook.types.iter().collect();
    let health = &webhook.health;
    view! {
        <li class="panel webhook">
            <p class="webhook-name">
                <a href=format!("/webhooks/{}", webhook.id)><bdi translate="no">{webhook.url.clone()}</bdi></a>
                {state(webhook)}
                {(webhook.environment == Environment::Test).then(|| view! { <span class="badge test">"Test"</span> })}
            </p>
            <p class="faint">
                {if types == ["*"] { "All events".to_owned() } else { types.join(", ") }}
                {match health.last_delivered_at {
                    None => view! { ". Nothing was accepted yet." }.into_any(),
                    Some(at) => view! { ". Last accepted " {relative(at)} "." }.into_any(),
                }}
            </p>
        </li>
    }
    .into_any()
}

/// How a receiver is, in words and in the tone of a badge.
pub(super) fn state(webhook: &Webhook) -> AnyView {
    let health = &webhook.health;
    let failing = health.last_failed_at > health.last_delivered_at && health.pending > 0;
    let (text, class) = if !webhook.enabled {
        ("Disabled".to_owned(), "badge")
    } else if health.parked > 0 {
        (format!("{} parked", count(health.parked)), "badge bad")
    } else if failing {
        (format!("Failing, {} waiting", count(health.pending)), "badge warning")
    } else if health.last_delivered_at.is_none() {
        ("No events yet".to_owned(), "badge")
    } else {
        ("Working".to_owned(), "badge good")
    };
    view! { <span class=class>{text}</span> }.into_any()
}
