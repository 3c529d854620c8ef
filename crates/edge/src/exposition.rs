//! The text format that Prometheus reads.

use std::fmt::{Arguments, Write};

use model::HistogramCounts;

/// What a metric is: its kind and what it counts.
pub fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    // Writing to a String can't fail.
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

/// One value, under its name and labels.
pub fn line(text: &mut String, name: Arguments<'_>, value: u64) {
    let _ = writeln!(text, "{name} {value}");
}

/// One histogram of durations, under its name and labels.
pub fn histogram(text: &mut String, name: &str, labels: &str, counts: &HistogramCounts) {
    for (bound, up_to) in counts.up_to() {
        line(text, format_args!("{name}_bucket{{{labels},le=\"{bound}\"}}"), up_to);
    }
    let count = counts.count();
    line(text, format_args!("{name}_bucket{{{labels},le=\"+Inf\"}}"), count);
    let _ = writeln!(text, "{name}_sum{{{labels}}} {}", counts.sum());
    line(text, format_args!("{name}_count{{{labels}}}"), count);
}

/// A text as the value of a label.
pub fn label(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
