//! The output of xtask for people: each step as it begins, its time as it ends, and a table of all of them.

use crate::process::{self, Failure, Result};
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
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
    /// An explanation of the time.
    note: String,
}

/// The steps of one command. Some run beside each other.
pub(crate) struct Steps {
    started: Instant,
    done: Mutex<Vec<Done>>,
}

impl Steps {
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), done: Mutex::default() }
    }

    /// Does one step and remembers how long it took.
    pub(crate) fn run<T>(&self, name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.noted(name, || Ok((work()?, String::new())))
    }

    /// The same for a compilation, with how many crates were not up to date.
    pub(crate) fn compile(&self, name: &str, cargo: &mut Command) -> Result<()> {
        self.noted(name, || {
            let (mut crates, is_work) = (0_u32, ["Compiling ", "Checking ", "Documenting "]);
            let success = process::watch(cargo, |line| {
                let line = uncoloured(line);
                crates += u32::from(is_work.iter().any(|word| line.trim_start().starts_with(word)));
            })?;
            if !success {
                return Err(Failure::new("cargo says above what is wrong"));
            }
            Ok(((), if crates == 0 { "was up to date".to_owned() } else { format!("compiled {crates} crates") }))
        })
    }

    /// The same for work that explains its own time.
    pub(crate) fn noted<T>(&self, name: &str, work: impl FnOnce() -> Result<(T, String)>) -> Result<T> {
        say(&format!("▸ {name} …"));
        let began = Instant::now();
        let result = work();
        let took = began.elapsed();
        let mark = if result.is_ok() { "✓" } else { "✗" };
        let (result, note) = match result {
            Ok((done, note)) => (Ok(done), note),
            Err(failure) => (Err(failure), String::new()),
        };
        say(&format!("{mark} {name} … {}", shown(took)));
        let failure = result.as_ref().err().map(ToString::to_string);
        self.done().push(Done { name: name.to_owned(), took, failure, note });
        result
    }

    /// True when no step has failed.
    pub(crate) fn all_passed(&self) -> bool {
        self.done().iter().all(|step| step.failure.is_none())
    }

    /// The closing line of a command of few steps.
    pub(crate) fn total(&self) -> String {
        format!("done in {}", shown(self.started.elapsed()))
    }

    /// All steps with their times, then what failed and why.
    pub(crate) fn table(&self) -> String {
        let done = self.done();
        let width = done.iter().map(|step| step.name.chars().count()).max().unwrap_or(0).max("total".len());
        let mut table = String::new();
        for step in &*done {
            let verdict = if step.failure.is_none() { "ok" } else { "FAILED" };
            let line = format!("  {:width$}  {:>12}  {verdict}  {}", step.name, shown(step.took), step.note);
            let _ = writeln!(table, "{}", line.trim_end());
        }
        let _ = writeln!(table, "  {:width$}  {:>12}", "total", shown(self.started.elapsed()));
        for step in &*done {
            if let Some(failure) = &step.failure {
                let _ = writeln!(table, "{}: {failure}", step.name);
            }
        }
        table
    }

    /// A step that panicked was not pushed, and those before it are whole.
    fn done(&self) -> MutexGuard<'_, Vec<Done>> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The line without the escapes that colour a terminal.
fn uncoloured(line: &str) -> String {
    let (first, coloured) = line.split_once('\x1b').unwrap_or((line, ""));
    coloured
        .split('\x1b')
        .fold(first.to_owned(), |plain, piece| plain + piece.split_once('m').map_or("", |(_, text)| text))
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
        let steps = Steps::new();
        steps.run("formatting", || Ok(())).unwrap();
        steps.run("lint", || Err::<(), _>(Failure::new("two warnings"))).unwrap_err();
        let table = steps.table();
        assert!(!steps.all_passed());
        assert!(
            table.contains("formatting") && table.contains("FAILED") && table.contains("lint: two warnings"),
            "{table}"
        );
    }

    #[test]
    fn a_compilation_says_whether_there_was_anything_to_compile() {
        let steps = Steps::new();
        let cargo = |says: &str| {
            let mut command = process::command("printf");
            command.arg(says);
            command
        };
        steps
            .compile(
                "first",
                &mut cargo(
                    "   Compiling model v0.1.0\\n\\033[1m\\033[92m   Compiling\\033[0m app v0.1.0\\n    Finished\\n",
                ),
            )
            .unwrap();
        steps.compile("second", &mut cargo("    Finished\\n")).unwrap();
        let table = steps.table();
        assert!(table.contains("compiled 2 crates") && table.contains("was up to date"), "{table}");
        assert!(steps.compile("third", &mut process::command("false")).is_err());
    }
}
