use leptos::prelude::*;
use model::UsageReport;

use super::{
    calls::calls,
    figures::figures,
    filter::{Asked, Filter, PATH},
    filter_form::filter_form,
    heat::heat,
    live::{STREAM, totals},
    range::NAMED,
    shown::{Found, Shown},
    tops::{clients, refusals, scopes},
    words::lost,
};
use crate::{
    frame::module,
    ui::{Glyph, Icon, Notice, Tone, not_recorded},
    web::{Assets, own},
};

pub(super) fn usage_page(shown: &Shown) -> AnyView {
    let live = matches!(&shown.found, Found::Report { asked, .. } if asked.ends_now);
    let stream = live.then(|| own(&shown.filter.at(STREAM)));
    let script = expect_context::<Assets>().usage;
    view! {
        <div class="usage-page" data-stream=stream data-zone=shown.zone.name().to_owned()>
            <header class="usage-head">
                <h1>"Usage"</h1>
                {live.then(follow)}
                <a class="button" href="/usage/refusals" rel="external">
                    "Refusals"
                </a>
                {matches!(shown.found, Found::Report { .. })
                    .then(|| {
                        view! {
                            <a class="button" href=shown.filter.at("/usage.csv") rel="external" download="">
                                <Icon glyph=Glyph::Down/>
                                "Download CSV"
                            </a>
                        }
                    })}
            </header>
            {filter_form(shown)}
            {found(shown)}
        </div>
        {module(&script, use_nonce())}
    }
    .into_any()
}

/// Says whether the numbers follow new calls, and stops them. Without scripts there is nothing to stop.
fn follow() -> AnyView {
    view! {
        <span class="usage-live scripted">
            <span role="status" data-live-state="">
                "Live"
            </span>
            <button type="button" class="button" data-pause="">
                "Pause"
            </button>
        </span>
    }
    .into_any()
}

fn found(shown: &Shown) -> AnyView {
    match &shown.found {
        Found::Wrong(_) => {
            view! { <Notice tone=Tone::Bad>"Nothing is shown: mend what is wrong above."</Notice> }.into_any()
        }
        Found::NoKey => empty(
            "There is no such key",
            view! {
                <p>"It was deleted for good, or its id is wrong."</p>
                <p><a href=PATH rel="external">"Show the calls of all keys"</a></p>
            }
            .into_any(),
        ),
        Found::Report { asked, report, is_nobody } => numbers(shown, (asked, report), *is_nobody),
    }
}

/// What new calls change. The script puts a newer one in its place.
fn numbers(shown: &Shown, (asked, report): (&Asked, &UsageReport), is_nobody: bool) -> AnyView {
    let place = shown.zone.place();
    let begins = shown.zone.day_and_time_words(report.range.from());
    view! {
        <div class="usage-numbers" id="usage-numbers" data-totals=totals(&report.counts)>
            <p class="faint">
                <strong>{asked.title.clone()}</strong>
                {format!(": from {begins} on, by the clocks of {place}. Calls are counted within seconds.")}
            </p>
            {lost(shown.lost).map(|words| view! { <p class="faint">{words}</p> })}
            {(!shown.recorded).then(not_recorded)}
            {report
                .is_lower_bound
                .then(|| {
                    view! {
                        <Notice tone=Tone::Warning>
                            "This client has more keys than are added up, so all numbers are lower bounds."
                        </Notice>
                    }
                })}
            {if report.counts.calls() == 0 {
                no_calls(shown, is_nobody)
            } else {
                view! {
                    {figures(asked, report)}
                    {calls(shown, report)}
                    <div class="usage-pair">
                        {report.clients.as_ref().map(|top| clients(shown, top, report))}
                        {refusals(shown, report)}
                        {scopes(shown, &report.scopes)}
                    </div>
                    {heat(shown, &report.heat, report.range.from())}
                }
                .into_any()
            }}
        </div>
    }
    .into_any()
}

fn no_calls(shown: &Shown, is_nobody: bool) -> AnyView {
    let filter = &shown.filter;
    let longest = NAMED.last().map(|named| named.name).unwrap_or_default();
    let longer = Filter { range: longest.to_owned(), from: String::new(), to: String::new(), ..filter.clone() };
    let longer = (filter.range != longest || filter.has_days())
        .then(|| view! { <p><a href=longer.address() rel="external">"Show the last 12 months"</a></p> });
    if filter.is_any() {
        let nobody =
            is_nobody.then(|| view! { <p>"Nobody has exactly this Client Name, as names are compared here."</p> });
        let all = filter.range_alone().address();
        return empty(
            "No calls match",
            view! {
                {nobody}
                <p><a href=all rel="external">"Show all calls of this time"</a></p>
                {longer}
            }
            .into_any(),
        );
    }
    if !shown.recorded {
        return empty("No call was refused", longer.into_any());
    }
    empty(
        "No calls yet",
        view! {
            <p>"Nobody has called with a key of this installation in this time. Calls are counted as soon as an API asks Keydesk about its keys."</p>
            <p><a href="/docs" rel="external">"Integration Documentation"</a></p>
            {longer}
        }
        .into_any(),
    )
}

fn empty(title: &'static str, words: AnyView) -> AnyView {
    view! {
        <div class="empty">
            <Icon glyph=Glyph::Chart/>
            <h2>{title}</h2>
            {words}
        </div>
    }
    .into_any()
}
