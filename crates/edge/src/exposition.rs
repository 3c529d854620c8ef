//! The text format that Prometheus reads.

use std::fmt::{Arguments, Write};

/// What a metric is: its kind and what it counts.
pub fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    // Writing to a String can't fail.
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

/// One value, under its name and labels.
pub fn line(text: &mut String, name: Arguments<'_>, value: u64) {
    let _ = writeln!(text, "{name} {value}");
}
