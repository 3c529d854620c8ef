//! What a person sees while xtask works: each step as it begins, its time as it ends, and a table of all of them.

use crate::process::Result;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::time::{Duration, Instant};

/// Prints a line. A closed standard output is not worth stopping for.
pub(crate) fn say(line: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}

struct Done {
    name: String,
    took: Duration,
    failure: Option<String>,
}

/// The steps of one command.
pub(crate) struct Steps {
    started: Instant,
    done: Vec<Done>,
}

impl Steps {
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), done: Vec::new() }
    }

    /// Does one step and remembers how long it took.
    pub(crate) fn run<T>(&mut self, name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        say(&format!("▸ {name} …"));
        let began = Instant::now();
        let result = work();
        let took = began.elapsed();
        let mark = if result.is_ok() { "✓" } else { "✗" };
        say(&format!("{mark} {name} … {}", shown(took)));
        let failure = result.as_ref().err().map(ToString::to_string);
        self.done.push(Done { name: name.to_owned(), took, failure });
        result
    }

    /// True when no step has failed.
    pub(crate) fn all_passed(&self) -> bool {
        self.done.iter().all(|step| step.failure.is_none())
    }

    /// The closing line of a command of few steps.
    pub(crate) fn total(&self) -> String {
        format!("done in {}", shown(self.started.elapsed()))
    }

    /// All steps with their times, then what failed and why.
    pub(crate) fn table(&self) -> String {
        let width = self.done.iter().map(|step| step.name.chars().count()).max().unwrap_or(0).max("total".len());
        let mut table = String::new();
        for step in &self.done {
            let verdict = if step.failure.is_none() { "ok" } else { "FAILED" };
            let _ = writeln!(table, "  {:width$}  {:>12}  {verdict}", step.name, shown(step.took));
        }
        let _ = writeln!(table, "  {:width$}  {:>12}", "total", shown(self.started.elapsed()));
        for step in &self.done {
            if let Some(failure) = &step.failure {
                let _ = writeln!(table, "{}: {failure}", step.name);
            }
        }
        table
    }
}

fn shown(took: Duration) -> String {
    let seconds = took.as_secs_f64();
    if seconds < 60.0 {
        format!("{seconds:.1} s")
    } else {
        format!("{} min {:02} s", took.as_secs() / 60, took.as_secs() % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Failure;

    #[test]
    fn times_are_read_at_a_glance() {
        assert_eq!(shown(Duration::from_millis(12_340)), "12.3 s");
        assert_eq!(shown(Duration::from_secs(185)), "3 min 05 s");
    }

    #[test]
    fn the_table_names_every_step_and_why_one_failed() {
        let mut steps = Steps::new();
        steps.run("formatting", || Ok(())).unwrap();
        steps.run("lint", || Err::<(), _>(Failure::new("two warnings"))).unwrap_err();
        let table = steps.table();
        assert!(!steps.all_passed());
        assert!(
            table.contains("formatting") && table.contains("FAILED") && table.contains("lint: two warnings"),
            "{table}"
        );
    }
}
