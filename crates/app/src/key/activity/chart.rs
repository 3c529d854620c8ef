use leptos::prelude::*;
use model::{TimeZone, UsagePoint};

use super::super::span::Span;
use crate::ui::{StackedPart, calls, count, stacked, table_scroll};

const HEIGHT: u64 = 160;
/// A bar and the room beside it.
const STEP: usize = 10;
const BAR: usize = 8;

/// Calls over time: a bar for each step, refused calls on top of allowed ones, and the same as a table.
pub(super) fn chart(points: &[UsagePoint], span: &Span, zone: &TimeZone) -> AnyView {
    let most = points.iter().map(|point| point.counts.calls()).max().unwrap_or(0).max(1);
    let bars = points.iter().enumerate().filter(|(_, point)| point.counts.calls() > 0);
    let bars = bars.map(|(index, point)| bar(index, point, most, &span.step_words(point.at, zone)));
    let ends = [points.first(), points.last()].map(|point| point.map(|point| span.step_words(point.at, zone)));
    let [first, last] = ends;
    let scale = format!("The highest bar is {} in one {}.", calls(most), span.of_step());
    let title = format!("Calls in each {} of the last {}", span.of_step(), span.words);
    view! {
        <figure class="activity-chart">
            <svg
                viewBox=format!("0 0 {} {HEIGHT}", points.len() * STEP)
                preserveAspectRatio="none"
                role="img"
                aria-labelledby="chart-title chart-scale"
            >
                {bars.collect_view()}
            </svg>
            <p class="activity-axis" aria-hidden="true">
                <span>{first}</span>
                <span>{last}</span>
            </p>
            <figcaption>
                <span id="chart-title">{title}</span>
                <span class="legend allowed">"Allowed"</span>
                <span class="legend refused">"Refused"</span>
                <span class="faint" id="chart-scale">{scale}</span>
            </figcaption>
        </figure>
        {table(points, span, zone)}
    }
    .into_any()
}

fn bar(index: usize, point: &UsagePoint, most: u64, at: &str) -> AnyView {
    let (allowed, refused) = (point.counts.allowed, point.counts.refused());
    let x = index * STEP + (STEP - BAR) / 2;
    let parts = ["allowed", "refused"].into_iter().zip(stacked(&[allowed, refused], most, HEIGHT));
    let drawn = parts.filter(|(_, part)| part.height > 0).map(|(class, StackedPart { y, height })| {
        view! {
            <rect class=class x=x.to_string() y=y.to_string() width=BAR.to_string() height=height.to_string()></rect>
        }
    });
    view! {
        <g>
            <title>{format!("{at}: {} allowed, {} refused", count(allowed), count(refused))}</title>
            {drawn.collect_view()}
        </g>
    }
    .into_any()
}

/// The steps that have calls, the newest first.
fn table(points: &[UsagePoint], span: &Span, zone: &TimeZone) -> AnyView {
    let rows = points.iter().rev().filter(|point| point.counts.calls() > 0).map(|point| {
        view! {
            <tr>
                <th scope="row">{span.step_words(point.at, zone)}</th>
                <td class="number">{count(point.counts.allowed)}</td>
                <td class="number">{count(point.counts.refused())}</td>
            </tr>
        }
    });
    let (left_out, when) = match span.of_step() {
        "day" => ("Days without a call are left out.", "Day"),
        _ => ("Hours without a call are left out.", "Hour from"),
    };
    let table = view! {
        <table class="table">
            <thead>
                <tr>
                    <th scope="col">{when}</th>
                    <th scope="col" class="number">"Allowed"</th>
                    <th scope="col" class="number">"Refused"</th>
                </tr>
            </thead>
            <tbody>{rows.collect_view()}</tbody>
        </table>
    };
    view! {
        <details class="activity-table">
            <summary>"Calls over time as a table"</summary>
            {table_scroll("Calls over time", None, table.into_any())}
            <p class="faint">{left_out}</p>
        </details>
    }
    .into_any()
}
