use leptos::prelude::*;
use model::{Delivery, DeliveryState};

use super::details::{Opened, WebhookDetails};
use crate::{
    ui::{
        labels::{relative, time},
        token_field,
    },
    web::own,
};

/// What was sent, how it was answered, and when it is tried next.
pub(super) fn deliveries(page: &WebhookDetails) -> AnyView {
    let address = page.address();
    let of = |state: Option<DeliveryState>| match state {
        None => format!("{address}#deliveries"),
        Some(state) => format!("{address}?state={}#deliveries", state.as_str()),
    };
    let filter = |label: &'static str, state: Option<DeliveryState>| {
        let current = (page.state == state).then_some("page");
        view! { <a class="button small" href=of(state) aria-current=current>{label}</a> }
    };
    let older = page.deliveries.next_cursor.as_ref().map(|cursor| {
        let state = page.state.map(|state| format!("state={}&", state.as_str())).unwrap_or_default();
        format!("{address}?{state}before={cursor}#deliveries")
    });
    let items = &page.deliveries.items;
    view! {
        <section class="panel" aria-labelledby="deliveries">
            <div class="key-head">
                <h2 id="deliveries" tabindex="-1" autofocus=page.focused("deliveries")>"Deliveries"</h2>
                <a class="button small" id=Opened::Redeliver.opener() href=format!("{address}?open=redeliver")>"Deliver again"</a>
            </div>
            <nav class="key-actions" aria-label="Deliveries by state">
                {filter("All", None)}
                {filter("Waiting", Some(DeliveryState::Pending))}
                {filter("Parked", Some(DeliveryState::Parked))}
                {filter("Accepted", Some(DeliveryState::Delivered))}
            </nav>
            {page.earlier.then(|| view! { <p><a href=of(page.state)>"Show the newest"</a></p> })}
            {if items.is_empty() {
                view! { <p class="faint">"There are none. A test event shows whether the receiver answers."</p> }.into_any()
            } else {
                view! {
                    <ol class="deliveries">
                        {items.iter().map(|delivery| row(delivery, &address)).collect_view()}
                    </ol>
                }
                    .into_any()
            }}
            {older.map(|href| view! { <p><a href=href>"Show older"</a></p> })}
        </section>
    }
    .into_any()
}

fn row(delivery: &Delivery, address: &str) -> AnyView {
    let (text, class) = match delivery.state {
        DeliveryState::Delivered => ("Accepted", "badge good"),
        DeliveryState::Pending if delivery.attempts == 0 => ("On its way", "badge"),
        DeliveryState::Pending => ("Waiting", "badge warning"),
        DeliveryState::Parked => ("Parked", "badge bad"),
    };
    let tries = match delivery.attempts {
        0 => String::new(),
        1 => "1 try".to_owned(),
        tries => format!("{tries} tries"),
    };
    let label = format!("Deliver again: {}", delivery.kind);
    view! {
        <li>
            <p class="webhook-name">
                <code translate="no">{delivery.kind.clone()}</code>
                <span class=class>{text}</span>
                <span class="faint">{time(delivery.timestamp)}</span>
            </p>
            {delivery
                .last_attempt
                .as_ref()
                .map(|attempt| {
                    let status = attempt.status.map_or_else(|| "No answer".to_owned(), |status| format!("Answer {status}"));
                    view! {
                        <p class="delivery-answer">
                            {format!("{status} in {} ms", attempt.duration_ms)}
                            {(!attempt.answer.is_empty())
                                .then(|| view! { ": " <samp dir="auto">{attempt.answer.clone()}</samp> })}
                        </p>
                    }
                })}
            <p class="faint">
                {tries}
                {delivery.next_attempt_at.filter(|_| delivery.attempts > 0).map(|at| view! { ", next " {relative(at)} })}
            </p>
            {(delivery.state != DeliveryState::Pending)
                .then(|| {
                    view! {
                        <form method="post" action=own(address) data-once>
                            {token_field()}
                            <input type="hidden" name="event" value=delivery.event_id.to_string()/>
                            <button type="submit" class="button small" name="intent" value="again" aria-label=label>
                                "Deliver again"
                            </button>
                        </form>
                    }
                })}
        </li>
    }
    .into_any()
}
