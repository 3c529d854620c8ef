//! Servers as processes of their own, so that the kernel can account for them.

use std::{
    fs,
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::Failed;

/// A running server, ended when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    /// From start until it accepted a connection.
    pub(crate) accepted_after: Duration,
}

impl Server {
    /// Starts `program` on core 0; `LISTEN` in the arguments stands for its address.
    pub(crate) fn start(program: &Path, args: &[&str]) -> Result<Self, Failed> {
        Self::start_on("0", program, args)
    }

    /// The same on these cores, as `taskset` names them.
    pub(crate) fn start_on(cores: &str, program: &Path, args: &[&str]) -> Result<Self, Failed> {
        let address = Self::free_address()?;
        let mut command = Command::new(program);
        command.args(args.iter().map(|arg| arg.replace("LISTEN", &address.to_string())));
        Self::launch(cores, address, &command)
    }

    /// Its number in the system.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// An address at which nobody listens yet.
    pub(crate) fn free_address() -> Result<SocketAddr, Failed> {
        Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
    }

    /// Starts a server that will listen at `address`.
    pub(crate) fn launch(cores: &str, address: SocketAddr, server: &Command) -> Result<Self, Failed> {
        let mut command = Command::new("taskset");
        command.args(["-c", cores]).arg(server.get_program()).args(server.get_args());
        command.envs(server.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let started = Instant::now();
        let child = command.spawn()?;
        let mut server = Self { child, address, accepted_after: Duration::ZERO };
        while TcpStream::connect(address).is_err() {
            if started.elapsed() > Duration::from_secs(60) || server.child.try_wait()?.is_some() {
                return Err(format!("{} did not start", command_line(&command)).into());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        server.accepted_after = started.elapsed();
        Ok(server)
    }

    /// CPU time of the process and of its children, of threads that have ended too. In steps of 10 ms.
    pub(crate) fn cpu_of_all(&self) -> Result<Duration, Failed> {
        /// The kernel's unit in /proc, on every architecture.
        const TICKS: u64 = 100;
        let mut ticks = 0;
        for (_, fields) in self.processes()? {
            // With the twelfth, user and system time.
            let times = fields.get(11..13).unwrap_or_default();
            ticks += times.iter().map(|time| time.parse::<u64>()).sum::<Result<u64, _>>()?;
        }
        Ok(Duration::from_millis(ticks * 1_000 / TICKS))
    }

    /// The process and its children: the folder of each in /proc, and of its `stat` what stands behind the name, which may hold
    /// spaces: state, parent, and so on.
    fn processes(&self) -> Result<Vec<(PathBuf, Vec<String>)>, Failed> {
        let own = self.child.id().to_string();
        let mut found = Vec::new();
        for process in fs::read_dir("/proc")?.flatten() {
            // Whatever ends meanwhile is none of ours.
            let Ok(stat) = fs::read_to_string(process.path().join("stat")) else { continue };
            let Some((_, fields)) = stat.rsplit_once(") ") else { continue };
            let fields: Vec<String> = fields.split(' ').map(str::to_owned).collect();
            if fields.get(1) == Some(&own) || process.file_name() == *own {
                found.push((process.path(), fields));
            }
        }
        Ok(found)
    }

    /// From now on the most memory is counted that it has.
    pub(crate) fn forget_peak(&self) -> Result<(), Failed> {
        for (process, _) in self.processes()? {
            // "5" sets `VmHWM` to what is resident now.
            fs::write(process.join("clear_refs"), "5")?;
        }
        Ok(())
    }

    /// The most resident memory of the process and its children since then, in MiB.
    pub(crate) fn peak_mib(&self) -> Result<f64, Failed> {
        self.processes()?.iter().map(|(process, _)| status_mib(process, "VmHWM")).sum()
    }

    /// CPU time of all its threads so far, as the scheduler accounts for it in nanoseconds.
    pub(crate) fn cpu(&self) -> Result<Duration, Failed> {
        let mut nanos = 0;
        for task in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let statistics = fs::read_to_string(task?.path().join("schedstat"))?;
            nanos += statistics.split_whitespace().next().ok_or("no schedstat")?.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanos))
    }

    /// Resident memory in MiB.
    pub(crate) fn memory_mib(&self) -> Result<f64, Failed> {
        status_mib(&Path::new("/proc").join(self.child.id().to_string()), "VmRSS")
    }
}

/// A size of a process, as its `status` names it, in MiB.
fn status_mib(process: &Path, name: &str) -> Result<f64, Failed> {
    let status = fs::read_to_string(process.join("status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).ok_or_else(|| format!("no {name}"))?;
    let kib: f64 = line.split_whitespace().nth(1).ok_or_else(|| format!("no {name}"))?.parse()?;
    Ok(kib / 1024.0)
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

fn command_line(command: &Command) -> String {
    command.get_args().map(|arg| arg.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}
