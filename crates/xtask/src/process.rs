//! Running other programs, and the one kind of failure that xtask knows.

use std::ffi::OsStr;
use std::fmt;
use std::io::{self, BufRead, BufReader, IsTerminal, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;

pub(crate) type Result<T> = std::result::Result<T, Failure>;

/// One sentence for the person at the terminal.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }

    /// Names the file in an I/O failure, which the standard library does not.
    pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |error| Self(format!("{}: {error}", path.display()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A command in the workspace's root, without what `cargo run` put into our own environment: another toolchain's cargo
/// would take the library path and the package variables for its own.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(crate::paths::root());
    for (name, _) in std::env::vars_os() {
        let Some(text) = name.to_str() else { continue };
        let of_cargo_run = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"];
        if of_cargo_run.iter().any(|prefix| text.starts_with(prefix))
            || ["CARGO", "CARGO_PRIMARY_PACKAGE", "LD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "OUT_DIR"]
                .contains(&text)
        {
            command.env_remove(&name);
        }
    }
    command
}

/// The cargo that runs us.
pub(crate) fn cargo() -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Runs it with our own output; anything but success is a failure.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.stdin(Stdio::null()).status().map_err(|error| not_started(command, &error))?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("`{}` failed ({status})", shown(command)))) }
}

/// Its standard output; on failure the last line of its standard error.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| not_started(command, &error))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    let last = complaint.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing").trim();
    Err(Failure::new(format!("`{}` failed ({}): {last}", shown(command), output.status)))
}

/// Runs it and shows its output line by line as it comes, giving each line to `see` as well. True when it succeeded.
pub(crate) fn watch(command: &mut Command, see: impl FnMut(&str) + Send) -> Result<bool> {
    if io::stdout().is_terminal() {
        // Its output goes through a pipe, but ends on a terminal that shows colours.
        command.env("CARGO_TERM_COLOR", "always");
    }
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| not_started(command, &error))?;
    let see = Mutex::new(see);
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    std::thread::scope(|scope| {
        if let Some(stdout) = stdout {
            scope.spawn(|| pass_on(stdout, &see));
        }
        if let Some(stderr) = stderr {
            scope.spawn(|| pass_on(stderr, &see));
        }
    });
    Ok(child.wait().map_err(|error| not_started(command, &error))?.success())
}

/// Runs it with our own standard error, giving each line of its standard output to `see` alone. True when it succeeded.
pub(crate) fn listen(command: &mut Command, mut see: impl FnMut(&str)) -> Result<bool> {
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(|error| not_started(command, &error))?;
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines().map_while(std::result::Result::ok) {
            see(&line);
        }
    }
    Ok(child.wait().map_err(|error| not_started(command, &error))?.success())
}

fn pass_on<F: FnMut(&str)>(from: impl Read, see: &Mutex<F>) {
    let mut reader = BufReader::new(from);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        if let Ok(mut see) = see.lock() {
            // A closed terminal is no reason to stop the work.
            let _ = io::stdout().write_all(&line);
            see(String::from_utf8_lossy(&line).trim_end());
        }
        line.clear();
    }
}

/// True when the program is there and answers.
pub(crate) fn answers(program: &str, arg: &str) -> bool {
    command(program)
        .arg(arg)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn not_started(command: &Command, error: &io::Error) -> Failure {
    Failure::new(format!("`{}` could not be started: {error}", command.get_program().to_string_lossy()))
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let mut words = vec![program.to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|arg| arg.to_string_lossy().into_owned()));
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watched_command_is_seen_line_by_line_on_both_streams() {
        let mut seen = Vec::new();
        let success =
            watch(command("sh").args(["-c", "echo one; echo two >&2; exit 3"]), |line| seen.push(line.to_owned()))
                .unwrap();
        seen.sort();
        assert_eq!(seen, ["one", "two"]);
        assert!(!success);
    }

    #[test]
    fn a_failing_capture_says_the_last_complaint() {
        let failure = capture(command("sh").args(["-c", "echo first >&2; echo last >&2; exit 1"])).unwrap_err();
        assert!(failure.to_string().ends_with(": last"), "{failure}");
    }
}
