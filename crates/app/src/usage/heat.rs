use leptos::prelude::*;
use model::{HeatMap, Instant};

use super::{geometry::level, shown::Shown};
use crate::ui::{count, table_scroll};

const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
/// Of one hour in the drawing.
const CELL: u64 = 20;
/// Each level has a colour and a size of its own.
const LEVELS: u64 = 5;
/// Between two sizes.
const LARGER: u64 = 3;

/// When calls are made: squares that grow with the number of calls, and a table.
pub(super) fn heat(shown: &Shown, heat: &HeatMap, begins: Instant) -> AnyView {
    let most = heat.calls.as_flattened().iter().copied().max().unwrap_or_default();
    let busiest = DAYS.iter().zip(&heat.calls).find_map(|(day, hours)| {
        let hour = hours.iter().position(|calls| *calls == most)?;
        Some(format!("The busiest hour is {day}, {}, with {} calls.", clock(hour), count(most)))
    });
    let busiest = busiest.filter(|_| most > 0).unwrap_or_else(|| "No call of this time has a known hour.".to_owned());
    let since = (heat.from > begins).then(|| {
        let from = shown.zone.day_and_time_words(heat.from);
        format!(" From {from} on: of calls before that the day alone is known.")
    });
    let squares = DAYS.iter().enumerate().zip(&heat.calls).flat_map(|((row, day), hours)| {
        hours.iter().enumerate().map(move |(hour, calls)| square((row as u64, *day), hour, *calls, most))
    });
    view! {
        <section class="panel" aria-labelledby="heat-title">
            <h2 id="heat-title">"Hours of the week"</h2>
            <p class="faint" id="heat-summary">{busiest} {since}</p>
            <div class="heat">
                <div class="heat-days" aria-hidden="true">
                    {DAYS.iter().map(|day| view! { <span>{&day[..3]}</span> }).collect_view()}
                </div>
                <svg
                    class="heat-squares"
                    viewBox=format!("0 0 {} {}", 24 * CELL, 7 * CELL)
                    role="img"
                    aria-labelledby="heat-title"
                    aria-describedby="heat-summary"
                >
                    {squares.collect_view()}
                </svg>
                <div class="heat-hours" aria-hidden="true">
                    {[0, 6, 12, 18].map(|hour| view! { <span>{clock(hour)}</span> }).collect_view()}
                </div>
            </div>
            <details class="usage-table" id="heat-table">
                <summary>"Show as a table"</summary>
                {table(shown, heat)}
            </details>
        </section>
    }
    .into_any()
}

fn square((row, day): (u64, &'static str), hour: usize, calls: u64, most: u64) -> AnyView {
    let level = level(calls, most, LEVELS);
    let size = if level == 0 { 2 } else { CELL - 2 - LARGER * (LEVELS - level) };
    let (x, y) = (hour as u64 * CELL, row * CELL);
    let around = (CELL - size) / 2;
    let (left, top) = (x + around, y + around);
    view! {
        <g>
            <title>{format!("{day}, {} to {}: {} calls", clock(hour), clock(hour + 1), count(calls))}</title>
            <rect class="heat-ground" x=x y=y width=CELL height=CELL></rect>
            <rect class=format!("heat-{level}") x=left y=top width=size height=size rx="1"></rect>
        </g>
    }
    .into_any()
}

fn table(shown: &Shown, heat: &HeatMap) -> AnyView {
    let row = |hour: usize| {
        let cells = heat.calls.iter().map(|hours| hours.get(hour).copied().unwrap_or_default());
        view! {
            <tr>
                <th scope="row">{format!("{} to {}", clock(hour), clock(hour + 1))}</th>
                {cells.map(|calls| view! { <td>{count(calls)}</td> }).collect_view()}
            </tr>
        }
    };
    let table = view! {
        <table class="table numbers">
            <caption>{format!("Calls by the hour of the day and the day of the week, by the clocks of {}.", shown.zone.place())}</caption>
            <thead>
                <tr>
                    <th scope="col">"Hour"</th>
                    {DAYS.iter().map(|day| view! { <th scope="col">{*day}</th> }).collect_view()}
                </tr>
            </thead>
            <tbody>{(0..24).map(row).collect_view()}</tbody>
        </table>
    };
    table_scroll("Hours of the week", Some("heat-scroll"), table.into_any())
}

fn clock(hour: usize) -> String {
    format!("{hour:02}:00")
}
