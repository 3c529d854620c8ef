use leptos::prelude::*;
use model::{BusiestHour, Instant, Key, KeyActivity, TimeZone};

use super::{
    super::head::{Head, Tab},
    chart::chart,
    compared::compared,
    refused::refused,
    span::{SPANS, Span},
    tables::{addresses, scopes, secrets},
};
use crate::ui::{count, labels::relative, never, not_recorded};

/// What the page shows.
pub(super) struct ActivityPage {
    pub(super) key: Key,
    pub(super) activity: KeyActivity,
    pub(super) span: &'static Span,
    pub(super) zone: TimeZone,
    pub(super) may_change: bool,
    pub(super) may_rotate: bool,
    pub(super) tried: bool,
    /// Whether allowed calls are recorded.
    pub(super) recorded: bool,
    pub(super) now: Instant,
}

/// What was done with a key.
pub(super) fn activity_page(page: &ActivityPage) -> AnyView {
    let ActivityPage { key, activity, .. } = page;
    let head = Head {
        key,
        tab: Tab::Activity,
        may_change: page.may_change,
        may_rotate: page.may_rotate,
        tried: page.tried,
        editing: false,
        focus: "",
        now: page.now,
    };
    view! {
        <div class="key-page" data-address=format!("/keys/{}", key.id)>
            <nav class="crumbs" aria-label="Breadcrumb">
                <a href="/keys" rel="external">"API Keys"</a>
            </nav>
            {head.view()}
            {ranges(page)}
            {(!page.recorded).then(not_recorded)}
            {if activity.last_used_at.is_none() && activity.counts.calls() == 0 && activity.addresses.is_empty() {
                never_used(page.recorded)
            } else {
                used(page)
            }}
        </div>
    }
    .into_any()
}

fn ranges(page: &ActivityPage) -> AnyView {
    let links = SPANS.iter().map(|span| {
        let href = format!("/keys/{}/activity?range={}", page.key.id, span.name);
        view! {
            <li>
                <a href=href aria-current=(span == page.span).then_some("true")>
                    {format!("Last {}", span.words)}
                </a>
            </li>
        }
    });
    view! {
        <nav class="ranges" aria-label="Range">
            <ul>{links.collect_view()}</ul>
        </nav>
    }
    .into_any()
}

fn never_used(recorded: bool) -> AnyView {
    if !recorded {
        return view! {
            <section class="panel" aria-labelledby="never-used">
                <h2 id="never-used">"Never refused"</h2>
                <p>"No call with this key was refused yet."</p>
            </section>
        }
        .into_any();
    }
    view! {
        <section class="panel" aria-labelledby="never-used">
            <h2 id="never-used">"Never used"</h2>
            <p>"No call was made with this key yet. What it is used for is shown here within a few seconds of the first call."</p>
        </section>
    }
    .into_any()
}

fn used(page: &ActivityPage) -> AnyView {
    let ActivityPage { key, activity, span, zone, now, .. } = page;
    let any = activity.counts.calls() > 0;
    let none = if page.recorded { "No call" } else { "No refused call" };
    view! {
        <section class="panel" aria-labelledby="calls">
            <h2 id="calls">"Calls"</h2>
            {numbers(page)}
            {if any {
                chart(&activity.points, span, zone)
            } else {
                view! { <p role="status">{format!("{none} in the last {}.", span.words)}</p> }.into_any()
            }}
        </section>
        {any
            .then(|| {
                view! {
                    <section class="panel" aria-labelledby="refused">
                        <h2 id="refused">"Refused"</h2>
                        {refused(key, activity)}
                    </section>
                    <section class="panel" aria-labelledby="scopes-used">
                        <h2 id="scopes-used">"Scopes used"</h2>
                        {scopes(key, activity, page.recorded)}
                    </section>
                }
            })}
        <section class="panel" aria-labelledby="addresses">
            <h2 id="addresses">"Addresses"</h2>
            {addresses(activity)}
        </section>
        <section class="panel" aria-labelledby="by-secret">
            <h2 id="by-secret">"Secrets"</h2>
            {secrets(activity, *now, page.recorded)}
        </section>
    }
    .into_any()
}

/// The range in numbers, compared with the time before.
fn numbers(page: &ActivityPage) -> AnyView {
    let ActivityPage { activity, span, zone, .. } = page;
    let number = |title: &'static str, calls: u64, earlier: u64| {
        view! {
            <div>
                <dt>{title}</dt>
                <dd class="activity-number">{count(calls)}</dd>
                <dd class="faint">{compared(calls, earlier, span.words)}</dd>
            </div>
        }
    };
    let busiest = activity.busiest_hour.map(|BusiestHour { at, allowed }| {
        view! {
            <div>
                <dt>"Busiest hour"</dt>
                <dd class="activity-number">{count(allowed)}</dd>
                <dd class="faint">{format!("allowed from {}", zone.words(at))}</dd>
            </div>
        }
    });
    let from = activity.last_address.map(|address| {
        view! { <dd class="faint">"from " <bdi translate="no">{address.to_string()}</bdi></dd> }
    });
    view! {
        <dl class="activity-numbers">
            {number("Allowed", activity.counts.allowed, activity.before.allowed)}
            {number("Refused", activity.counts.refused(), activity.before.refused())}
            {busiest}
            <div>
                <dt>"Last used"</dt>
                <dd class="activity-number">
                    {activity.last_used_at.map_or_else(|| never(page.recorded).into_any(), |at| relative(at).into_any())}
                </dd>
                {from}
            </div>
        </dl>
    }
    .into_any()
}
