use leptos::prelude::*;
use model::{Handover, Instant, Key, SecretInfo};

use super::details::{KeyDetails, Opened};
use crate::ui::labels::{relative, time};

/// Overlaps that are offered: seconds and words.
pub(super) const OVERLAPS: [(u32, &str); 4] = [
    (0, "None: the old secret stops working now"),
    (SHORTEST_OVERLAP, "1 hour"),
    (86_400, "24 hours"),
    (604_800, "7 days"),
];
/// Services that call with a key get the new secret within this time, in seconds: the shortest overlap that is offered.
pub(super) const SHORTEST_OVERLAP: u32 = 3_600;
/// The one that is chosen at first.
pub(super) const OVERLAP: u32 = 86_400;

const HANDED_OVER: &str = "Links that show the key once to the client's developer, who needs no account.";
/// Why there is no button.
const SHOWN_ONCE: &str = "This installation shows a key once and keeps no copy of it, so a link has nothing to show. Hand the \
                          key over when you create or rotate it.";

/// Whether a secret works beside the newest one.
pub(super) fn two_work(secrets: &[SecretInfo], now: Instant) -> bool {
    secrets.iter().filter(|secret| secret.expires_at.is_none_or(|end| end > now)).count() > 1
}

/// The secrets that work until an end, with that.
pub(super) fn ending(secrets: &[SecretInfo], now: Instant) -> impl Iterator<Item = (&SecretInfo, Instant)> {
    secrets.iter().filter_map(move |secret| Some((secret, secret.expires_at.filter(|end| *end > now)?)))
}

/// The secrets of a key with the traffic on each.
pub(super) fn rotation(page: &KeyDetails) -> AnyView {
    let address = format!("/keys/{}", page.key.id);
    let overlaps = two_work(&page.secrets, page.now);
    view! {
        // Scripts fetch it again while something in it is about to change.
        <section class="panel" id="secrets" aria-labelledby="secrets-title" data-live=overlaps.then_some("")>
            <h2 id="secrets-title" tabindex="-1" autofocus=page.focused("secrets-title")>{if overlaps { "Secrets: two work at the moment" } else { "Secret" }}</h2>
            <ul class="secrets">
                {page.secrets.iter().map(|secret| row(secret, page)).collect_view()}
            </ul>
            {(overlaps && page.may_rotate).then(|| end_overlap(page, &address))}
        </section>
    }
    .into_any()
}

fn end_overlap(page: &KeyDetails, address: &str) -> AnyView {
    let opener = Opened::EndOverlap.opener();
    view! {
        <p>
            <a class="button danger" id=opener.clone() href=format!("{address}?open=end-overlap") autofocus=page.focused(&opener)>
                "End overlap now"
            </a>
        </p>
    }
    .into_any()
}

fn row(secret: &SecretInfo, page: &KeyDetails) -> AnyView {
    let now = page.now;
    let (label, tone) = match secret.expires_at {
        None => ("Current", "badge good"),
        Some(end) if end > now => ("Old", "badge warning"),
        Some(_) => ("Ended", "badge"),
    };
    let used = match secret.last_used_at {
        None if page.recorded => "never used".into_any(),
        None => "use not recorded".into_any(),
        Some(at) => view! { "last used " {relative(at)} }.into_any(),
    };
    let end = secret.expires_at.map(|end| {
        let word = if end > now { "works until " } else { "ended " };
        view! { <span>{word} {time(end)}</span> }
    });
    view! {
        <li>
            <div>
                <code translate="no">{secret.hint.0.clone()}</code>
                <span class=tone>{label}</span>
            </div>
            <p class="faint">
                <span>{used}</span>
                <span>"created " {time(secret.created_at)}</span>
                {end}
            </p>
        </li>
    }
    .into_any()
}

/// Where a secret ends at once, services of the contact centre may stop working, so the key's name is typed first.
pub(super) fn confirm(key: &Key, id: &'static str, what: &str) -> AnyView {
    let name = key.settings.client_name.as_str();
    let note = format!("{id}-note");
    view! {
        <div class="field">
            <label for=id>{format!("{what}, type “{name}”")}</label>
            <input class="input" type="text" id=id name="confirm" autocomplete="off" spellcheck="false" aria-describedby=note.clone()/>
            <p class="field-note" id=note>
                "The contact centre's own services call with this key. Those that use a secret that ends stop working until they have the new one."
            </p>
        </div>
    }
    .into_any()
}

/// The links that hand the key over.
pub(super) fn hand_over(page: &KeyDetails) -> AnyView {
    let address = format!("/keys/{}", page.key.id);
    let waiting = page.handovers.iter().any(|handover| handover.is_open(page.now));
    view! {
        <section class="panel" id="hand-over" aria-labelledby="hand-over-title" data-live=waiting.then_some("")>
            <h2 id="hand-over-title" tabindex="-1" autofocus=page.focused("hand-over-title")>"Hand over"</h2>
            <p class="faint">{if page.recoverable { HANDED_OVER } else { SHOWN_ONCE }}</p>
            {(!page.handovers.is_empty())
                .then(|| {
                    view! {
                        <ul class="secrets" aria-label="Hand-over links">
                            {page.handovers.iter().map(|handover| link(page, handover, &address)).collect_view()}
                        </ul>
                    }
                })}
            {page
                .may_hand_over()
                .then(|| {
                    view! {
                        <p>
                            <a class="button" id="open-hand-over" href=format!("{address}?open=hand-over")>"Hand over"</a>
                        </p>
                    }
                })}
        </section>
    }
    .into_any()
}

fn withdraw(handover: &Handover, address: &str) -> AnyView {
    let opener = Opened::Withdraw(handover.id).opener();
    let href = format!("{address}?open=withdraw&handover={}", handover.id);
    view! { <a class="button small" id=opener href=href>"Withdraw link"</a> }.into_any()
}

fn link(page: &KeyDetails, handover: &Handover, address: &str) -> AnyView {
    let now = page.now;
    let (label, tone, more) = match (handover.opened_at, handover.withdrawn_at) {
        (Some(at), _) => ("Opened", "badge good", view! { <span>"opened " {relative(at)}</span> }.into_any()),
        (None, Some(at)) => ("Withdrawn", "badge", view! { <span>"withdrawn " {time(at)}</span> }.into_any()),
        (None, None) if handover.expires_at <= now => {
            ("Expired", "badge", view! { <span>"expired " {time(handover.expires_at)}</span> }.into_any())
        }
        (None, None) => {
            ("Not opened yet", "badge warning", view! { <span>"until " {time(handover.expires_at)}</span> }.into_any())
        }
    };
    view! {
        <li>
            <div>
                <span class=tone>{label}</span>
            </div>
            <p class="faint">
                <span>"created " {time(handover.created_at)}</span>
                {more}
            </p>
            {(page.may_change && handover.is_open(now)).then(|| withdraw(handover, address))}
        </li>
    }
    .into_any()
}
