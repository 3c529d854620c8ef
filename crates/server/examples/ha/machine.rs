//! A machine and the program that it runs.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus},
    time::{Duration, Instant},
};

use crate::{Failed, network::Host};

/// Longer than anything takes that is not stuck.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// When this is dropped, everything on the machine is killed.
pub(crate) struct Machine {
    pub(crate) host: Host,
    command: Vec<String>,
    log: PathBuf,
    child: Option<Child>,
}

impl Machine {
    /// A machine that runs `command`, whose output goes into a log of its own in `folder`.
    pub(crate) fn new(host: Host, folder: &Path, command: Vec<String>) -> Self {
        Self { host, command, log: folder.join(format!("{}.log", host.name)), child: None }
    }

    pub(crate) fn start(&mut self) -> Result<(), Failed> {
        let (program, args) = self.command.split_first().ok_or("no program")?;
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut command = self.host.command(program);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("KEYDESK_")) {
            command.env_remove(name);
        }
        self.child = Some(command.args(args).stdout(log.try_clone()?).stderr(log).spawn()?);
        Ok(())
    }

    /// Kills every process there, as a power cut would.
    pub(crate) fn kill(&mut self) -> Result<(), Failed> {
        let until = Instant::now() + PATIENCE;
        // Those that begin while others are killed are killed, too.
        loop {
            let running = self.host.processes()?;
            if running.is_empty() {
                break;
            }
            if Instant::now() > until {
                return Err(format!("processes of {} can't be killed", self.host.name).into());
            }
            let _ = Command::new("kill").arg("-9").args(running).output()?;
        }
        if let Some(mut child) = self.child.take() {
            child.wait()?;
        }
        Ok(())
    }

    /// How its program ended, if it did by itself.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>, Failed> {
        Ok(self.child.as_mut().map(Child::try_wait).transpose()?.flatten())
    }

    /// Asks its program to end, and waits for that.
    pub(crate) fn stop(&mut self) -> Result<ExitStatus, Failed> {
        let mut child = self.child.take().ok_or("nothing runs there")?;
        Command::new("kill").arg(child.id().to_string()).status()?;
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if let Some(status) = child.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        self.child = Some(child);
        Err(format!("{} did not end when it was asked to", self.host.name).into())
    }

    /// What it has written so far.
    pub(crate) fn said(&self) -> String {
        fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // Whatever is left ends with the namespace.
        let _ = self.kill();
    }
}

/// Asks again and again until `holds` gives nothing more to wait for; an error says what it waited for.
pub(crate) fn wait_until(mut holds: impl FnMut() -> Result<(), String>) -> Result<(), Failed> {
    let until = Instant::now() + PATIENCE;
    loop {
        match holds() {
            Ok(()) => return Ok(()),
            Err(why) if Instant::now() > until => {
                return Err(format!("not well after {} s: {why}", PATIENCE.as_secs()).into());
            }
            Err(_) => std::thread::sleep(Duration::from_millis(100)),
        }
    }
}
