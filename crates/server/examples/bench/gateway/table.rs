//! The tables of docs/performance.md.

use std::fmt::Write as _;

use super::{fronts::Front, steady::Latencies};
use crate::median;

/// One row in one round; times in microseconds.
#[derive(Clone, Copy)]
pub(super) struct Sample {
    /// CPU time for a call of what is measured.
    pub(super) own: f64,
    /// The same with that of the Keydesk which it asks.
    pub(super) in_all: f64,
    /// Calls in a second.
    pub(super) rate: f64,
    pub(super) p50: f64,
    pub(super) p99: f64,
}

/// At full load. Medians of all rounds; a ratio is the median of the ratios to the first row within each round.
pub(super) fn calls(connections: u32, rows: &[Front], samples: &[Vec<Sample>]) -> String {
    let mut text = format!(
        "\n| {connections} connections | CPU for a call, its own | ratio | with Keydesk's | ratio | calls a second | ratio | p50 | p99 |\n{}\n",
        "|---".repeat(9) + "|"
    );
    let Some(base) = samples.first() else { return text };
    for (row, own) in rows.iter().zip(samples) {
        let middle = |of: fn(&Sample) -> f64| median(own.iter().map(of).collect());
        let ratio = |of: fn(&Sample) -> f64| format!("{:.2}", ratio(own, base, of));
        let (cpu, in_all) = (middle(|sample| sample.own), middle(|sample| sample.in_all));
        let asks =
            if row.asks { format!("{in_all:.2} us | {}", ratio(|sample| sample.in_all)) } else { " | ".to_owned() };
        let (rate, p50, p99) = (middle(|sample| sample.rate), middle(|sample| sample.p50), middle(|sample| sample.p99));
        // Writing to a String can't fail.
        let _ = writeln!(
            text,
            "| {} | {cpu:.2} us | {} | {asks} | {rate:.0} | {} | {p50:.0} us | {p99:.0} us |",
            row.what,
            ratio(|sample| sample.own),
            ratio(|sample| sample.rate),
        );
    }
    text
}

/// At a steady rate.
pub(super) fn half_load(rows: &[Front], rates: &[f64], latencies: &[Vec<Latencies>]) -> String {
    let mut text = format!("\n| at a steady rate | calls a second | p50 | p99 | ratio |\n{}\n", "|---".repeat(5) + "|");
    let Some(base) = latencies.first() else { return text };
    for ((row, rate), own) in rows.iter().zip(rates).zip(latencies) {
        let middle = |of: fn(&Latencies) -> f64| median(own.iter().map(of).collect());
        let (p50, p99) = (middle(|sample| sample.p50), middle(|sample| sample.p99));
        let ratio = ratio(own, base, |sample| sample.p99);
        let _ = writeln!(text, "| {} | {rate:.0} | {p50:.0} us | {p99:.0} us | {ratio:.2} |", row.what);
    }
    text
}

fn ratio<T>(own: &[T], base: &[T], of: fn(&T) -> f64) -> f64 {
    median(own.iter().zip(base).map(|(own, base)| of(own) / of(base)).collect())
}
