//! Machines as network namespaces, joined by a bridge. All of it is in the namespace of the trial, so addresses are free to choose.

use std::process::{Command, Stdio};

use crate::Failed;

/// A machine's name and address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Host {
    pub(crate) name: &'static str,
    pub(crate) address: &'static str,
}

/// All machines.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hosts {
    pub(crate) balancer: Host,
    pub(crate) etcd: [Host; 3],
    pub(crate) postgres: [Host; 3],
    pub(crate) keydesk: [Host; 3],
    pub(crate) valkey: Host,
}

const HOSTS: Hosts = Hosts {
    balancer: Host { name: "lb", address: "10.0.0.2" },
    etcd: [
        Host { name: "etcd1", address: "10.0.0.11" },
        Host { name: "etcd2", address: "10.0.0.12" },
        Host { name: "etcd3", address: "10.0.0.13" },
    ],
    postgres: [
        Host { name: "pg1", address: "10.0.0.21" },
        Host { name: "pg2", address: "10.0.0.22" },
        Host { name: "pg3", address: "10.0.0.23" },
    ],
    keydesk: [
        Host { name: "kd1", address: "10.0.0.31" },
        Host { name: "kd2", address: "10.0.0.32" },
        Host { name: "kd3", address: "10.0.0.33" },
    ],
    valkey: Host { name: "vk", address: "10.0.0.41" },
};

/// Makes the bridge and every machine on it. Machines of Keydesk have a second link, to its callers, which is never cut.
pub(crate) fn make() -> Result<Hosts, Failed> {
    ip("link add machines type bridge")?;
    ip("addr add 10.0.0.1/24 dev machines")?;
    ip("link set machines up")?;
    for host in [HOSTS.balancer, HOSTS.valkey].iter().chain(&HOSTS.etcd).chain(&HOSTS.postgres).chain(&HOSTS.keydesk) {
        let Host { name, address } = host;
        ip(&format!("netns add {name}"))?;
        ip(&format!("-n {name} link set lo up"))?;
        ip(&format!("link add to-{name} type veth peer name eth0 netns {name}"))?;
        ip(&format!("link set to-{name} master machines up"))?;
        ip(&format!("-n {name} addr add {address}/24 dev eth0"))?;
        ip(&format!("-n {name} link set eth0 up"))?;
    }
    for (number, Host { name, .. }) in HOSTS.keydesk.iter().enumerate() {
        ip(&format!("link add from-{name} type veth peer name eth1 netns {name}"))?;
        ip(&format!("addr add 10.1.{number}.1/24 dev from-{name}"))?;
        ip(&format!("link set from-{name} up"))?;
        ip(&format!("-n {name} addr add 10.1.{number}.2/24 dev eth1"))?;
        ip(&format!("-n {name} link set eth1 up"))?;
    }
    Ok(HOSTS)
}

impl Host {
    /// A command that runs there.
    pub(crate) fn command(self, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", self.name, program]).stdin(Stdio::null());
        command
    }

    /// Takes its cable out: what is sent is lost in silence.
    pub(crate) fn cut(self) -> Result<(), Failed> {
        ip(&format!("link set to-{} down", self.name))
    }

    /// Puts it in again.
    pub(crate) fn join(self) -> Result<(), Failed> {
        ip(&format!("link set to-{} up", self.name))
    }

    /// Loses in silence what it sends to `other`, and what `other` sends to it.
    pub(crate) fn separate(self, other: Self) -> Result<(), Failed> {
        ip(&format!("-n {} route add blackhole {}/32", self.name, other.address))?;
        ip(&format!("-n {} route add blackhole {}/32", other.name, self.address))
    }

    /// Ends that.
    pub(crate) fn unite(self, other: Self) -> Result<(), Failed> {
        ip(&format!("-n {} route del blackhole {}/32", self.name, other.address))?;
        ip(&format!("-n {} route del blackhole {}/32", other.name, self.address))
    }

    /// The processes that run there.
    pub(crate) fn processes(self) -> Result<Vec<String>, Failed> {
        let printed = Command::new("ip").args(["netns", "pids", self.name]).output()?;
        Ok(String::from_utf8_lossy(&printed.stdout).lines().map(str::to_owned).collect())
    }
}

fn ip(words: &str) -> Result<(), Failed> {
    let output = Command::new("ip").args(words.split(' ')).stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("`ip {words}` failed: {}", String::from_utf8_lossy(&output.stderr).trim()).into())
}
