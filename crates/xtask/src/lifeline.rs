//! A helper process that never outlives xtask, however that ends: Ctrl-C, a failed step, or `kill -9`.

use crate::process::{self, Failure, Result};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

/// Runs what follows the signal `$1` until it ends by itself, or until standard input does, which sends it the signal;
/// then removes the folder `$0`.
///
/// A terminal sends Ctrl-C to this shell too, so it is trapped; `wait` returns early for it, hence the loop.
const SCRIPT: &str = r#"
signal=$1; shift
exec 3<&0
"$@" </dev/null 3<&- & helper=$!
{ cat <&3 >/dev/null; kill -s "$signal" "$helper"; } 2>/dev/null & watch=$!
exec 3<&-
trap : INT TERM HUP
while kill -0 "$helper" 2>/dev/null; do wait "$helper"; done
kill "$watch" 2>/dev/null
rm -rf -- "$0"
"#;

/// Stops its process when dropped, and waits for that.
pub(crate) struct Lifeline(Child);

/// How a process is asked to end.
#[derive(Clone, Copy)]
pub(crate) enum Stop {
    /// As a service manager does.
    Gracefully,
    /// For PostgreSQL, which would wait for its clients when asked gracefully, and for those clients: at once, as nothing is kept.
    AtOnce,
}

impl Stop {
    fn signal(self) -> &'static str {
        match self {
            Self::Gracefully => "TERM",
            Self::AtOnce => "QUIT",
        }
    }
}

/// A user and group to run as.
#[derive(Clone, Copy)]
pub(crate) struct Owner {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl Lifeline {
    /// Starts `command`; when it ends, `folder`, which is its alone, is removed.
    pub(crate) fn start(command: &Command, stop: Stop, folder: &Path, owner: Option<Owner>) -> Result<Self> {
        let mut shell = process::command("sh");
        shell.arg("-c").arg(SCRIPT).arg(folder).arg(stop.signal()).arg(command.get_program()).args(command.get_args());
        shell.current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        for (name, value) in command.get_envs() {
            if let Some(value) = value {
                shell.env(name, value);
            }
        }
        if let Some(owner) = owner {
            shell.uid(owner.uid).gid(owner.gid);
        }
        shell.spawn().map(Self).map_err(|error| Failure::new(format!("`sh` could not be started: {error}")))
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.0.try_wait()
    }
}

impl Drop for Lifeline {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // Nobody is left to report an error to.
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropping_a_lifeline_stops_the_process_and_removes_its_folder() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("own");
        std::fs::create_dir(&folder).unwrap();
        let mut sleep = Command::new("sleep");
        let mut lifeline = Lifeline::start(sleep.arg("600"), Stop::Gracefully, &folder, None).unwrap();
        assert!(lifeline.ended().unwrap().is_none());
        drop(lifeline);
        assert!(!folder.exists());
    }

    #[test]
    fn a_process_that_ends_by_itself_is_seen_to() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("own");
        std::fs::create_dir(&folder).unwrap();
        let mut lifeline = Lifeline::start(&Command::new("true"), Stop::Gracefully, &folder, None).unwrap();
        while lifeline.ended().unwrap().is_none() {
            std::thread::yield_now();
        }
        assert!(!folder.exists());
    }
}
