//! Servers as processes of their own, so that the kernel can account for them.

use std::{
    fs,
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
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
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let address: SocketAddr = format!("127.0.0.1:{port}").parse()?;
        let mut command = Command::new("taskset");
        command.args(["-c", "0"]).arg(program).stdout(Stdio::null()).stderr(Stdio::null());
        command.args(args.iter().map(|arg| arg.replace("LISTEN", &address.to_string())));
        let started = Instant::now();
        let child = command.spawn()?;
        let mut server = Self { child, address, accepted_after: Duration::ZERO };
        while TcpStream::connect(address).is_err() {
            if started.elapsed() > Duration::from_secs(60) || server.child.try_wait()?.is_some() {
                return Err(format!("{} did not start", program.display()).into());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        server.accepted_after = started.elapsed();
        Ok(server)
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
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS")).ok_or("no VmRSS")?;
        let kib: f64 = line.split_whitespace().nth(1).ok_or("no VmRSS")?.parse()?;
        Ok(kib / 1024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}
