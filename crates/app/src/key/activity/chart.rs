use leptos::prelude::*;
use model::{TimeZone, UsagePoint};

use super::span::Span;
use crate::ui::{calls, count, table_scroll};

const HEIGHT: u64 = 160;
/// A bar and the room beside it.
const STEP: usize = 10;
const BAR: usize = 8;
/// One call among thousands is seen, too.
const LEAST: u64 = 2;

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
    let (below, above) = (height(allowed, most), height(refused, most));
    let x = index * STEP + (STEP - BAR) / 2;
    let above = above.min(HEIGHT - below);
    let rectangle = |class: &'static str, from: u64, height: u64| {
        (height > 0).then(|| {
            view! {
                <rect
                    class=class
                    x=x.to_string()
                    y=(HEIGHT - from - height).to_string()
                    width=BAR.to_string()
                    height=height.to_string()
                ></rect>
            }
        })
    };
    view! {
        <g>
            <title>{format!("{at}: {} allowed, {} refused", count(allowed), count(refused))}</title>
            {rectangle("allowed", 0, below)}
            {rectangle("refused", below, above)}
        </g>
    }
    .into_any()
}

/// The height of a bar. Both parts of one fit into the drawing.
fn height(calls: u64, most: u64) -> u64 {
    if calls == 0 {
        return 0;
    }
    let room = u128::from(HEIGHT - LEAST);
    let height = u128::from(calls) * room / u128::from(most);
    u64::try_from(height).unwrap_or(HEIGHT - LEAST).max(LEAST)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_fit_into_the_drawing_and_are_seen() {
        for (allowed, refused) in [(0, 1), (1, 0), (1, 1_000_000), (1_000_000, 1), (500, 500), (u64::MAX - 1, 1)] {
            let most = allowed + refused;
            let (below, above) = (height(allowed, most), height(refused, most));
            assert!(below + above <= HEIGHT, "{allowed} and {refused}: {below} and {above}");
            assert_eq!((below > 0, above > 0), (allowed > 0, refused > 0), "{allowed} and {refused}");
        }
        assert_eq!(height(0, 1), 0);
    }
}
