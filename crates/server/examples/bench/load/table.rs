//! The tables of docs/performance.md.

use std::fmt::Write as _;

use super::rows::Row;
use crate::median;

/// One row in one round; times in microseconds.
#[derive(Clone, Copy)]
pub(super) struct Sample {
    /// CPU time of the server for a call.
    pub(super) cpu: f64,
    /// Calls in a second.
    pub(super) rate: f64,
    pub(super) p50: f64,
    pub(super) p99: f64,
}

/// Medians of all rounds. A ratio is the median of the ratios within each round.
pub(super) fn markdown(rows: &[Row], samples: &[Vec<Sample>]) -> String {
    let mut text = String::new();
    let mut connections = 0;
    for (at, row) in rows.iter().enumerate().filter(|(_, row)| !row.shares_cores()) {
        if row.load.connections != connections {
            connections = row.load.connections;
            head(
                &mut text,
                &[
                    &format!("{connections} connections"),
                    "server CPU for a call",
                    "ratio",
                    "calls a second",
                    "p50",
                    "p99",
                    "ratio",
                ],
            );
        }
        let (own, base) = (&samples[at], &samples[row.base]);
        let Sample { cpu, rate, p50, p99 } = medians(own);
        let ratio = |of: fn(&Sample) -> f64| {
            if at == row.base { String::new() } else { format!("{:.2}", ratio(own, base, of)) }
        };
        let (cpu_ratio, p99_ratio) = (ratio(|sample| sample.cpu), ratio(|sample| sample.p99));
        // Writing to a String can't fail.
        let _ = writeln!(
            text,
            "| {} | {cpu:.2} us | {cpu_ratio} | {rate:.0} | {p50:.0} us | {p99:.0} us | {p99_ratio} |",
            row.what
        );
    }
    head(&mut text, &["server and generator share their cores", "one core, calls a second", "two cores", "ratio"]);
    for (at, row) in rows.iter().enumerate().filter(|(at, row)| row.shares_cores() && *at != row.base) {
        let (own, base) = (&samples[at], &samples[row.base]);
        let (one, two) = (medians(base).rate, medians(own).rate);
        let ratio = ratio(own, base, |sample| sample.rate);
        let _ = writeln!(text, "| {} | {one:.0} | {two:.0} | {ratio:.2} |", row.what);
    }
    text
}

fn head(text: &mut String, columns: &[&str]) {
    let _ = write!(text, "\n| {} |\n|{}\n", columns.join(" | "), "---|".repeat(columns.len()));
}

fn medians(samples: &[Sample]) -> Sample {
    let of = |value: fn(&Sample) -> f64| median(samples.iter().map(value).collect());
    Sample { cpu: of(|s| s.cpu), rate: of(|s| s.rate), p50: of(|s| s.p50), p99: of(|s| s.p99) }
}

fn ratio(own: &[Sample], base: &[Sample], of: fn(&Sample) -> f64) -> f64 {
    median(own.iter().zip(base).map(|(own, base)| of(own) / of(base)).collect())
}
