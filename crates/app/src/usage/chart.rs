use leptos::prelude::*;
use model::{UsagePoint, UsageStep};

use super::{
    geometry::scale,
    series::Series,
    shown::Shown,
    words::{axis_words, step_words},
};
use crate::ui::{StackedPart, count, stacked};

/// Of the drawing. Its height is that of the style sheet in pixels, so that a unit is a pixel.
const HEIGHT: u64 = 240;
/// Width of a bar with the gap behind it. The drawing is as wide as the page, whatever that is.
const BAR: usize = 10;
const GAP: usize = 2;
/// Times that are written below.
const TIMES: usize = 4;

/// Bars of calls, one above the other by what became of them.
pub(super) fn chart(shown: &Shown, bars: &[UsagePoint], series: &[Series], (unit, step): (&str, UsageStep)) -> AnyView {
    let most = bars.iter().map(|bar| bar.counts.calls()).max().unwrap_or_default();
    let (top, lines) = scale(most);
    let width = bars.len() * BAR;
    let named = |(index, path): (usize, String)| view! { <path class=format!("series-{index}") d=path></path> };
    let drawn = paths(bars, series, top).into_iter().enumerate().map(named);
    let summary = format!(
        "One bar for each {unit}, from {} to {}. The highest has {} calls. The same numbers stand in the table below.",
        step_words(&shown.zone, bars.first().map(|bar| bar.at).unwrap_or_default(), step),
        step_words(&shown.zone, bars.last().map(|bar| bar.at).unwrap_or_default(), step),
        count(most)
    );
    let scale_words = (0..=lines).rev().map(|line| view! { <span>{count(top / lines * line)}</span> });
    let ruled = (0..lines).map(|line| format!("M0 {}h{width}", HEIGHT * line / lines)).collect::<String>();
    view! {
        <div class="chart">
            <div class="chart-scale" aria-hidden="true">{scale_words.collect_view()}</div>
            <svg
                class="chart-bars"
                viewBox=format!("0 0 {width} {HEIGHT}")
                preserveAspectRatio="none"
                role="img"
                aria-labelledby="calls-title"
                aria-describedby="calls-summary"
            >
                {patterns()}
                <path class="chart-lines" d=ruled></path>
                {drawn.collect_view()}
                {bars.iter().enumerate().map(|(index, bar)| pointed(shown, (index, bar), series, step)).collect_view()}
            </svg>
            <div class="chart-times" aria-hidden="true">{times(shown, bars, step)}</div>
        </div>
        <p class="unseen" id="calls-summary">{summary}</p>
        <ul class="legend" aria-label="Colours">
            {series
                .iter()
                .enumerate()
                .map(|(index, of)| {
                    view! {
                        <li>
                            <svg class="legend-colour" viewBox="0 0 12 12" aria-hidden="true">
                                <rect class=format!("series-{index}") width="12" height="12"></rect>
                            </svg>
                            {of.title}
                        </li>
                    }
                })
                .collect_view()}
        </ul>
    }
    .into_any()
}

/// One path for each series, since hundreds of bars are far fewer elements then.
fn paths(bars: &[UsagePoint], series: &[Series], top: u64) -> Vec<String> {
    let mut paths = vec![String::new(); series.len()];
    for (index, bar) in bars.iter().enumerate() {
        let parts: Vec<_> = series.iter().map(|of| of.of(&bar.counts)).collect();
        let drawn = paths.iter_mut().zip(stacked(&parts, top, HEIGHT)).filter(|(_, part)| part.height > 0);
        for (path, StackedPart { y, height }) in drawn {
            let ground = y + height;
            path.push_str(&format!("M{} {ground}v-{height}h{}v{height}z", index * BAR + GAP / 2, BAR - GAP));
        }
    }
    paths
}

/// What says under the pointer what a bar is of.
fn pointed(shown: &Shown, (index, bar): (usize, &UsagePoint), series: &[Series], step: UsageStep) -> AnyView {
    let mut words = vec![format!("{}: {} calls", step_words(&shown.zone, bar.at, step), count(bar.counts.calls()))];
    let parts = series.iter().map(|of| (of.title, of.of(&bar.counts))).filter(|(_, calls)| *calls > 0);
    words.extend(parts.map(|(title, calls)| format!("{title}: {}", count(calls))));
    let x = index * BAR;
    view! {
        <rect class="chart-pointed" x=x width=BAR height=HEIGHT>
            <title>{words.join("\n")}</title>
        </rect>
    }
    .into_any()
}

/// Each stands where its bar begins.
fn times(shown: &Shown, bars: &[UsagePoint], step: UsageStep) -> AnyView {
    let parts = TIMES.min(bars.len().max(1));
    let at = (0..parts).filter_map(|part| bars.get(part * bars.len() / parts));
    at.map(|bar| {
        let (first, second) = axis_words(&shown.zone, bar.at, step);
        view! { <span>{first} <br/> {second}</span> }
    })
    .collect_view()
    .into_any()
}

/// For where the system chooses the colours: the style sheet fills series with them then.
fn patterns() -> AnyView {
    let lines = [
        ("hatch-1", "M0 6L6 0"),
        ("hatch-2", "M0 0L6 6"),
        ("hatch-3", "M0 3h6"),
        ("hatch-4", "M3 0v6"),
        ("hatch-5", "M0 6L6 0M0 0L6 6"),
    ];
    let patterns = lines.map(|(id, path)| {
        view! {
            <pattern id=id width="6" height="6" patternUnits="userSpaceOnUse">
                <path class="hatch" d=path></path>
            </pattern>
        }
    });
    view! { <defs>{patterns.collect_view()}</defs> }.into_any()
}

#[cfg(test)]
mod tests {
    use model::{CallCounts, Code, Instant};

    use super::*;
    use crate::usage::series::series;

    #[test]
    fn parts_stand_on_each_other_from_the_ground_up() {
        let bar = |allowed, expired| UsagePoint {
            at: Instant::from_millis(0),
            counts: CallCounts { allowed, denied: [(Code::Expired, expired)].into() },
        };
        let bars = [bar(50, 50), bar(0, 0), bar(100, 1)];
        let all = series(&bars[0].counts);
        assert_eq!(paths(&bars, &all, 200), ["M1 240v-60h8v60zM21 240v-119h8v119z", "M1 180v-60h8v60zM21 121v-2h8v2z"]);
    }
}
