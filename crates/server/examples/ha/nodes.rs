//! Three nodes of Keydesk on one database, behind HAProxy.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::{
    Failed,
    http::{Connection, request},
    limits,
    machine::Machine,
    network::{Host, Hosts},
};

/// Every node's address for its callers, on a link that is never cut.
pub(crate) const ADDRESSES: [SocketAddr; 3] = [callers(0), callers(1), callers(2)];

const fn callers(node: u8) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(10, 1, node, 2)), 3000)
}

/// Where a node answers the operator, on the same link.
pub(crate) fn operations(node: usize) -> SocketAddr {
    SocketAddr::new(ADDRESSES[node].ip(), 9090)
}

/// What every node says when it notices that its past is no longer the database's.
pub(crate) const SET_BACK: &str = "the database was set back or replaced";

pub(crate) struct Nodes {
    pub(crate) machines: Vec<Machine>,
    /// Where they decide on rate limits together.
    pub(crate) valkey: Machine,
    program: PathBuf,
    settings: Vec<String>,
    balancer: Host,
    /// A key that may make and delete others.
    pub(crate) manager: String,
}

impl Nodes {
    /// Makes a deployment, and starts the nodes on it.
    pub(crate) fn start(hosts: &Hosts, folder: &Path) -> Result<Self, Failed> {
        let program = std::env::current_exe()?.ancestors().nth(2).ok_or("no folder")?.join("keydesk");
        let database = format!("postgres://keydesk@{}:5000/keydesk", hosts.balancer.address);
        let settings: Vec<String> = vec![
            "--database".to_owned(),
            database,
            "--data-dir".to_owned(),
            folder.join("keydesk").display().to_string(),
        ];
        let valkey = limits::valkey(hosts.valkey, folder)?;
        let (machines, balancer, manager) = (Vec::new(), hosts.balancer, String::new());
        let mut nodes = Self { machines, valkey, program, settings, balancer, manager };
        nodes.command(&["init"])?;
        let made = nodes.command(&[
            "key",
            "create",
            "--client-name",
            "Manager",
            "--scope",
            "keys:*",
            "--scope",
            "calls:read",
            "--json",
        ])?;
        let made: Value = serde_json::from_str(&made)?;
        nodes.manager = made["key"].as_str().ok_or("no key was made")?.to_owned();
        for &host in &hosts.keydesk {
            let mut command = vec![nodes.program.display().to_string(), "serve".to_owned()];
            let limits = limits::address(hosts.valkey);
            let serve = ["--listen", "0.0.0.0:3000", "--ops-listen", "0.0.0.0:9090", "--limits", &limits];
            command.extend(serve.map(str::to_owned));
            command.extend(nodes.settings.iter().cloned());
            nodes.machines.push(Machine::new(host, folder, command));
        }
        nodes.machines.iter_mut().try_for_each(Machine::start)?;
        Ok(nodes)
    }

    /// Runs a command of Keydesk beside the nodes. Gives what it printed.
    pub(crate) fn command(&self, words: &[&str]) -> Result<String, Failed> {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", self.balancer.name]).arg(&self.program).args(words).args(&self.settings);
        let output = command.stdin(Stdio::null()).output()?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(format!("keydesk {}: {}", words.join(" "), String::from_utf8_lossy(&output.stderr).trim()).into())
    }

    /// Every node decides calls and writes; else which one does not.
    pub(crate) fn are_well(&self) -> Result<(), String> {
        for (node, address) in ADDRESSES.into_iter().enumerate() {
            let ready = request("GET", "/readyz?writes=1", &self.manager, "");
            let status =
                Connection::open(address).and_then(|mut connection| connection.send(&ready)).map(|ready| ready.status);
            if status.as_ref().map_or(true, |status| *status != 200) {
                return Err(format!("node {} answers {status:?} when it is asked whether it is ready", node + 1));
            }
        }
        Ok(())
    }

    /// Nodes that ended though nobody ended them.
    pub(crate) fn ended(&mut self) -> Result<Vec<String>, Failed> {
        let mut ended = Vec::new();
        for machine in &mut self.machines {
            if let Some(status) = machine.ended()? {
                ended.push(format!("{} ended by itself: {status}", machine.host.name));
            }
        }
        Ok(ended)
    }

    /// How often each node has said that its database was set back.
    pub(crate) fn set_back(&self) -> Vec<usize> {
        self.machines.iter().map(|machine| machine.said().matches(SET_BACK).count()).collect()
    }
}
