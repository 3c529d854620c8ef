use leptos::prelude::*;
use model::{Handover, Instant, Key, SecretInfo, SecretUsage};

use super::details::{ActivityDetails, KeyDetails, Opened};
use crate::ui::{
    count,
    labels::{relative, time},
    never, table_scroll,
};

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

/// The secrets of a key with the traffic on each, the newest first.
pub(super) fn secrets(page: &KeyDetails, of: &ActivityDetails) -> AnyView {
    let overlaps = page.lives() && two_work(&page.secrets, page.now);
    let rows = of.activity.secrets.iter().map(|secret| row(secret, page));
    let table = view! {
        <table class="table">
            <thead>
                <tr>
                    <th scope="col">"Secret"</th>
                    <th scope="col">"Created"</th>
                    <th scope="col">"Works until"</th>
                    <th scope="col" class="number">"Allowed"</th>
                    <th scope="col" class="number">"Refused"</th>
                    <th scope="col">"Last used"</th>
                    <th scope="col">"Last address"</th>
                </tr>
            </thead>
            <tbody>{rows.collect_view()}</tbody>
        </table>
    };
    view! {
        // Scripts fetch it again while something in it is about to change.
        <section class="panel" id="secrets" aria-labelledby="secrets-title" data-live=overlaps.then_some("")>
            <h2 id="secrets-title" tabindex="-1" autofocus=page.focused("secrets-title")>
                {if overlaps { "Secrets: two work at the moment" } else { "Secret" }}
            </h2>
            <p class="faint">{format!("Calls are those of the last {}.", of.span.words)}</p>
            {table_scroll("Secrets", None, table.into_any())}
            {(overlaps && page.may_rotate).then(|| end_overlap(page))}
        </section>
    }
    .into_any()
}

fn end_overlap(page: &KeyDetails) -> AnyView {
    let opener = Opened::EndOverlap.opener();
    view! {
        <p>
            <a
                class="button danger"
                id=opener.clone()
                href=page.opens(Opened::EndOverlap)
                data-opens
                autofocus=page.focused(&opener)
            >
                "End overlap now"
            </a>
        </p>
    }
    .into_any()
}

fn row(of: &SecretUsage, page: &KeyDetails) -> AnyView {
    let (label, tone) = match of.secret.expires_at {
        None => ("Current", "badge good"),
        Some(end) if end > page.now => ("Old", "badge warning"),
        Some(_) => ("Ended", "badge"),
    };
    view! {
        <tr>
            <th scope="row"><code translate="no">{of.secret.hint.0.clone()}</code> " " <span class=tone>{label}</span></th>
            <td>{time(of.secret.created_at)}</td>
            <td>{of.secret.expires_at.map(time)}</td>
            <td class="number">{count(of.counts.allowed)}</td>
            <td class="number">{count(of.counts.refused())}</td>
            <td>{of.secret.last_used_at.map_or_else(|| never(page.recorded).into_any(), |at| relative(at).into_any())}</td>
            <td><bdi translate="no">{of.last_address.map(|address| address.to_string())}</bdi></td>
        </tr>
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
    let waiting = page.handovers.iter().any(|handover| handover.is_open(page.now));
    view! {
        <section class="panel" id="hand-over" aria-labelledby="hand-over-title" data-live=waiting.then_some("")>
            <h2 id="hand-over-title" tabindex="-1" autofocus=page.focused("hand-over-title")>"Hand over"</h2>
            <p class="faint">{if page.recoverable { HANDED_OVER } else { SHOWN_ONCE }}</p>
            {(!page.handovers.is_empty())
                .then(|| {
                    view! {
                        <ul class="secrets" aria-label="Hand-over links">
                            {page.handovers.iter().map(|handover| link(page, handover)).collect_view()}
                        </ul>
                    }
                })}
        </section>
    }
    .into_any()
}

fn withdraw(page: &KeyDetails, handover: &Handover) -> AnyView {
    let dialog = Opened::Withdraw(handover.id);
    view! { <a class="button small" id=dialog.opener() href=page.opens(dialog) data-opens>"Withdraw link"</a> }
        .into_any()
}

fn link(page: &KeyDetails, handover: &Handover) -> AnyView {
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
            {(page.may_change && handover.is_open(now)).then(|| withdraw(page, handover))}
        </li>
    }
    .into_any()
}
