use leptos::prelude::*;
use model::BusiestHour;

use super::{
    super::{
        details::{ActivityDetails, KeyDetails},
        history::history,
        limits::limits,
        secrets::{hand_over, secrets},
        span::SPANS,
        tab::Tab,
    },
    chart::chart,
    compared::compared,
    refused::refused,
    tables::{addresses, scopes},
};
use crate::ui::{
    count,
    labels::{is_default, relative},
    never, not_recorded,
};

/// What was done with a key, and to it.
pub(in crate::key) fn panel(page: &KeyDetails, of: &ActivityDetails) -> AnyView {
    let activity = &of.activity;
    let unused = activity.last_used_at.is_none() && activity.counts.calls() == 0 && activity.addresses.is_empty();
    view! {
        {ranges(page, of)}
        {(!page.recorded).then(not_recorded)}
        {if unused { never_used(page.recorded) } else { used(page, of) }}
        {secrets(page, of)}
        {(page.lives() && !is_default(&page.key)).then(|| hand_over(page))}
        <section class="panel" aria-labelledby="limits-title">
            <h2 id="limits-title">"Limits"</h2>
            <dl class="about">{limits(page)}</dl>
        </section>
        {history(page, of)}
    }
    .into_any()
}

fn ranges(page: &KeyDetails, of: &ActivityDetails) -> AnyView {
    let links = SPANS.iter().map(|span| {
        let href = format!("{}?range={}", Tab::Activity.address(page.key.id), span.name);
        view! {
            <li>
                <a href=href aria-current=(span == of.span).then_some("true")>
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

fn used(page: &KeyDetails, of: &ActivityDetails) -> AnyView {
    let ActivityDetails { activity, span, zone, .. } = of;
    let key = &page.key;
    let any = activity.counts.calls() > 0;
    let none = if page.recorded { "No call" } else { "No refused call" };
    view! {
        <section class="panel" aria-labelledby="calls">
            <h2 id="calls">"Calls"</h2>
            {numbers(page, of)}
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
    }
    .into_any()
}

/// The range in numbers, compared with the time before.
fn numbers(page: &KeyDetails, of: &ActivityDetails) -> AnyView {
    let ActivityDetails { activity, span, zone, .. } = of;
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
