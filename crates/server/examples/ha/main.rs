//! What several nodes of Keydesk keep when parts fail: `cargo xtask ha [--rounds N] [--only NAME,...]`.
//!
//! PostgreSQL under Patroni, etcd, HAProxy, Valkey and three nodes of Keydesk, each on a machine of its own, which is a network namespace.
//! Calls and changes go on all the time. A ledger outside of the servers keeps what was acknowledged, and is compared with what every
//! node answers after each round. xtask starts it in namespaces of processes, mounts and networks that end with it, however it ends.

mod cluster;
mod compare;
mod faults;
#[path = "../bench/http.rs"]
mod http;
mod ledger;
mod limits;
mod machine;
mod network;
mod nodes;
mod report;
mod traffic;
mod trial;

use std::{
    io::Read as _,
    path::{Path, PathBuf},
};

use self::{cluster::Mode, faults::Fault, report::Report, trial::Trial};

pub(crate) type Failed = Box<dyn std::error::Error + Send + Sync>;

/// A file system in memory that only this trial sees. xtask makes it.
pub(crate) const FOLDER: &str = "/run/keydesk-ha";

pub(crate) fn say(line: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// What was asked for.
struct Asked {
    rounds: u32,
    modes: Vec<Mode>,
    faults: Vec<Fault>,
    /// Where the logs go when something went wrong.
    logs: Option<PathBuf>,
}

impl Asked {
    fn read() -> Result<Self, Failed> {
        let mut asked = Self { rounds: 20, modes: Vec::new(), faults: Vec::new(), logs: None };
        let mut args = std::env::args().skip(1);
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{arg} wants a value"));
            match arg.as_str() {
                "--rounds" => asked.rounds = value()?.parse().map_err(|_| "--rounds wants a number")?,
                "--only" => value()?.split(',').try_for_each(|name| asked.choose(name))?,
                "--logs" => asked.logs = Some(value()?.into()),
                _ => return Err(format!("`{arg}` is not understood; there are --rounds N and --only NAME,...").into()),
            }
        }
        if asked.modes.is_empty() {
            asked.modes = Mode::ALL.to_vec();
        }
        if asked.faults.is_empty() {
            asked.faults = Fault::ALL.to_vec();
        }
        Ok(asked)
    }

    fn choose(&mut self, name: &str) -> Result<(), Failed> {
        if let Some(mode) = Mode::ALL.into_iter().find(|mode| mode.name() == name) {
            self.modes.push(mode);
        } else if let Some(fault) = Fault::ALL.into_iter().find(|fault| fault.name() == name) {
            self.faults.push(fault);
        } else {
            let names = Mode::ALL.map(Mode::name).into_iter().chain(Fault::ALL.map(Fault::name));
            return Err(format!("there is no `{name}`; there are {}", names.collect::<Vec<_>>().join(", ")).into());
        }
        Ok(())
    }
}

fn main() -> Result<(), Failed> {
    let asked = Asked::read()?;
    if !Path::new(FOLDER).is_dir() {
        return Err("start it with `cargo xtask ha`, which gives it networks and processes of its own".into());
    }
    end_with_xtask();
    let hosts = network::make()?;
    let mut report = Report::default();
    let tried = asked.modes.iter().try_for_each(|&mode| {
        let mut trial = Trial::begin(&hosts, mode)?;
        let tried = asked.faults.iter().try_for_each(|&fault| trial.rounds(fault, asked.rounds, &mut report));
        tried.and_then(|()| trial.end(&mut report))
    });
    say(&report.table());
    let broken = report.is_broken();
    if let (true, Some(logs)) = (tried.is_err() || broken, &asked.logs) {
        keep_logs(logs)?;
        say(&format!("The logs are in {}.", logs.display()));
    }
    tried?;
    if broken { Err("a promise was broken, see the table".into()) } else { Ok(()) }
}

/// When xtask is gone, so is everything: this is the only process that its namespace waits for.
fn end_with_xtask() {
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(130);
    });
}

fn keep_logs(into: &Path) -> Result<(), Failed> {
    std::fs::create_dir_all(into)?;
    for mode in Mode::ALL {
        for file in std::fs::read_dir(Path::new(FOLDER).join(mode.name())).into_iter().flatten().flatten() {
            if file.path().extension().is_some_and(|ending| ending == "log") {
                let name = format!("{}-{}", mode.name(), file.file_name().to_string_lossy());
                std::fs::copy(file.path(), into.join(name))?;
            }
        }
    }
    Ok(())
}
