//! The server that runs while xtask goes on building. It ends with xtask, however that ends, and xtask ends when it does.

use crate::process::{Failure, Result};
use std::io;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Runs what follows the signal's name until it ends by itself, or until standard input does, which asks it to end. A terminal sends
/// Ctrl-C to this shell, too, so it is trapped; `wait` returns early for it, hence the loop.
const SCRIPT: &str = r#"
exec 3<&0
"$0" "$@" </dev/null 3<&- & server=$!
{ cat <&3 >/dev/null; kill "$server"; } 2>/dev/null & watch=$!
exec 3<&-
trap : INT TERM HUP
status=1
while kill -0 "$server" 2>/dev/null; do wait "$server"; status=$?; done
kill "$watch" 2>/dev/null
exit "$status"
"#;

/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// A server beside xtask.
pub(crate) struct Beside(Arc<Mutex<Running>>);

struct Running {
    shell: Child,
    /// From then on its end is no reason to end.
    is_stopping: bool,
}

impl Beside {
    /// Starts it with our own output. When it ends by itself, as for Ctrl-C or a configuration that is wrong, so does xtask.
    pub(crate) fn start(command: &Command) -> Result<Self> {
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(SCRIPT).arg(command.get_program()).args(command.get_args()).stdin(Stdio::piped());
        if let Some(folder) = command.get_current_dir() {
            shell.current_dir(folder);
        }
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        let shell = shell.spawn().map_err(|error| Failure::new(format!("`sh` could not be started: {error}")))?;
        let running = Arc::new(Mutex::new(Running { shell, is_stopping: false }));
        let watched = Arc::clone(&running);
        thread::spawn(move || {
            loop {
                thread::sleep(LOOK);
                let mut running = lock(&watched);
                if running.is_stopping {
                    return;
                }
                if let Ok(Some(status)) = running.shell.try_wait() {
                    std::process::exit(status.code().unwrap_or(1));
                }
            }
        });
        Ok(Self(running))
    }

    /// Asks it to end, and waits for that.
    pub(crate) fn stop(&self) {
        let mut running = lock(&self.0);
        running.is_stopping = true;
        drop(running.shell.stdin.take());
        // Nobody is left to report an error to.
        let _ = running.shell.wait();
    }

    /// Waits until it ends by itself.
    pub(crate) fn wait(&self) -> ExitCode {
        let mut running = lock(&self.0);
        running.is_stopping = true;
        code(running.shell_end())
    }
}

impl Running {
    /// `wait` would close its standard input first, which ends it.
    fn shell_end(&mut self) -> io::Result<ExitStatus> {
        loop {
            if let Some(status) = self.shell.try_wait()? {
                return Ok(status);
            }
            thread::sleep(LOOK);
        }
    }
}

fn code(status: io::Result<ExitStatus>) -> ExitCode {
    let code = status.ok().and_then(|status| status.code()).and_then(|code| u8::try_from(code).ok());
    ExitCode::from(code.unwrap_or(1))
}

fn lock(running: &Mutex<Running>) -> MutexGuard<'_, Running> {
    running.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_stopped_when_it_is_asked() {
        let mut sleep = Command::new("sleep");
        let beside = Beside::start(sleep.arg("600")).unwrap();
        beside.stop();
        assert!(lock(&beside.0).shell.try_wait().unwrap().is_some());
    }

    #[test]
    fn its_end_is_waited_for_and_told() {
        let mut says = Command::new("sh");
        let beside = Beside::start(says.args(["-c", "sleep 0.1; exit 7"])).unwrap();
        assert_eq!(format!("{:?}", beside.wait()), format!("{:?}", ExitCode::from(7)));
    }
}
