use leptos::prelude::*;
use model::{UsagePoint, UsageReport, UsageStep};

use super::{
    chart::chart,
    series::{Series, bars, series},
    shown::Shown,
    words::step_words,
};
use crate::ui::{count, table_scroll};

/// Calls over time, as bars and as a table.
pub(super) fn calls(shown: &Shown, report: &UsageReport) -> AnyView {
    let step = report.range.step();
    let series = series(&report.counts);
    let (bars, unit) = bars(&report.points, step);
    view! {
        <section class="panel" aria-labelledby="calls-title">
            <h2 id="calls-title">"Calls over time"</h2>
            {chart(shown, &bars, &series, (unit, step))}
            <details class="usage-table" id="calls-table">
                <summary>"Show as a table"</summary>
                {table(shown, &bars, &series, (unit, step))}
            </details>
        </section>
    }
    .into_any()
}

fn table(shown: &Shown, bars: &[UsagePoint], series: &[Series], (unit, step): (&'static str, UsageStep)) -> AnyView {
    let begins = match unit {
        "week" => "Week from",
        "day" => "Day",
        _ => "From",
    };
    let called = bars.iter().filter(|bar| bar.counts.calls() > 0);
    let table = view! {
        <table class="table numbers">
            <caption>{format!("Calls of each {unit}, by the clocks of {}. Those without a call are left out.", shown.zone.place())}</caption>
            <thead>
                <tr>
                    <th scope="col">{begins}</th>
                    <th scope="col">"Calls"</th>
                    {series.iter().map(|of| view! { <th scope="col">{of.title}</th> }).collect_view()}
                </tr>
            </thead>
            <tbody>
                {called
                    .map(|bar| {
                        view! {
                            <tr>
                                <th scope="row">{step_words(&shown.zone, bar.at, step)}</th>
                                <td>{count(bar.counts.calls())}</td>
                                {series.iter().map(|of| view! { <td>{count(of.of(&bar.counts))}</td> }).collect_view()}
                            </tr>
                        }
                    })
                    .collect_view()}
            </tbody>
        </table>
    };
    table_scroll("Calls over time", Some("calls-scroll"), table.into_any())
}
