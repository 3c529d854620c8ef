//! PostgreSQL under Patroni, with etcd and HAProxy, as their manuals say.

use std::{
    fmt::Write as _,
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    os::unix::fs::chown,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::Value;

use crate::{
    Failed,
    machine::{Machine, wait_until},
    network::{Host, Hosts},
};

/// How standbys follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Patroni's `synchronous_mode`: what is acknowledged is on a standby.
    Synchronous,
    Asynchronous,
}

impl Mode {
    pub(crate) const ALL: [Self; 2] = [Self::Synchronous, Self::Asynchronous];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Synchronous => "sync",
            Self::Asynchronous => "async",
        }
    }
}

pub(crate) struct Cluster {
    mode: Mode,
    _balancer: Machine,
    pub(crate) etcd: Vec<Machine>,
    pub(crate) postgres: Vec<Machine>,
}

impl Cluster {
    /// Starts all of it, and waits until it is well.
    pub(crate) fn start(hosts: &Hosts, mode: Mode, folder: &Path) -> Result<Self, Failed> {
        let owner = Owner::find()?;
        let mut etcd: Vec<_> =
            hosts.etcd.iter().map(|&host| Machine::new(host, folder, etcd(host, hosts, folder))).collect();
        etcd.iter_mut().try_for_each(Machine::start)?;
        let mut postgres = Vec::new();
        for &host in &hosts.postgres {
            let own = folder.join(host.name);
            fs::create_dir(&own)?;
            chown(&own, Some(owner.uid), Some(owner.gid))?;
            let file = own.join("patroni.yml");
            fs::write(&file, patroni(host, hosts, mode, &own)?)?;
            postgres.push(Machine::new(host, folder, owner.runs(&["patroni", &file.display().to_string()])));
        }
        postgres.iter_mut().try_for_each(Machine::start)?;
        let file = folder.join("haproxy.cfg");
        fs::write(&file, haproxy(hosts)?)?;
        let command = ["haproxy", "-db", "-f", &file.display().to_string()].map(str::to_owned).to_vec();
        let mut balancer = Machine::new(hosts.balancer, folder, command);
        balancer.start()?;
        let cluster = Self { mode, _balancer: balancer, etcd, postgres };
        wait_until(|| cluster.is_well())?;
        Ok(cluster)
    }

    /// One primary, two standbys that follow it, and in synchronous mode one that is waited for; else what is missing.
    pub(crate) fn is_well(&self) -> Result<(), String> {
        for machine in &self.etcd {
            if ask(machine.host, 2379, "GET", "/health", "").is_none_or(|health| health["health"] != "true") {
                return Err(format!("{} is not well", machine.host.name));
            }
        }
        let seen = self.members().ok_or("Patroni does not answer")?;
        let members = seen["members"].as_array().ok_or("Patroni knows no members")?;
        let having = |role: &str| members.iter().filter(|member| member["role"] == role).collect::<Vec<_>>();
        let [leader] = having("leader")[..] else { return Err(format!("there is no one leader: {seen}")) };
        let standbys = members.iter().filter(|member| member["role"] != "leader");
        let following = standbys.filter(|member| {
            let state = member["state"].as_str().unwrap_or_default();
            let lag = member["lag"].as_u64();
            ["running", "streaming"].contains(&state)
                && member["timeline"] == leader["timeline"]
                && lag.is_some_and(|lag| lag < 1 << 20)
        });
        let waited_for = having("sync_standby").len() == usize::from(self.mode == Mode::Synchronous);
        if leader["state"] == "running" && following.count() == 2 && waited_for {
            Ok(())
        } else {
            Err(format!("the members of the cluster are {seen}"))
        }
    }

    /// What the first Patroni that answers knows.
    fn members(&self) -> Option<Value> {
        self.postgres.iter().find_map(|machine| ask(machine.host, 8008, "GET", "/cluster", ""))
    }

    /// The primary, as an index.
    pub(crate) fn primary(&self) -> Result<usize, Failed> {
        let primary = self
            .postgres
            .iter()
            .position(|machine| ask_status(machine.host, 8008, "/primary").is_some_and(|status| status == 200));
        primary.ok_or_else(|| "there is no primary".into())
    }

    /// The leader of etcd, as an index.
    pub(crate) fn etcd_leader(&self) -> Result<usize, Failed> {
        let leads = |machine: &Machine| {
            let status = ask(machine.host, 2379, "POST", "/v3/maintenance/status", "{}");
            status
                .is_some_and(|status| status["leader"].is_string() && status["leader"] == status["header"]["member_id"])
        };
        self.etcd.iter().position(leads).ok_or_else(|| "etcd has no leader".into())
    }

    /// Runs a statement on the PostgreSQL of one machine.
    pub(crate) fn run(&self, machine: usize, sql: &str) -> Result<(), Failed> {
        let host = self.postgres[machine].host;
        let mut psql = host.command("psql");
        psql.args(["-X", "-q", "-h", host.address, "-U", "postgres", "-d", "postgres", "-c", sql]);
        let output = psql.env("PGCONNECT_TIMEOUT", "5").output()?;
        if output.status.success() {
            return Ok(());
        }
        Err(format!("{sql:?} on {}: {}", host.name, String::from_utf8_lossy(&output.stderr).trim()).into())
    }
}

/// PostgreSQL refuses to run as root; its package makes a user for it.
struct Owner {
    uid: u32,
    gid: u32,
}

impl Owner {
    fn find() -> Result<Self, Failed> {
        let users = fs::read_to_string("/etc/passwd")?;
        let line = users.lines().find(|line| line.starts_with("postgres:")).ok_or("there is no user postgres")?;
        let mut ids = line.split(':').skip(2).map(str::parse);
        let mut id = || ids.next().ok_or("/etc/passwd can't be read")?.map_err(|_| "/etc/passwd can't be read");
        Ok(Self { uid: id()?, gid: id()? })
    }

    fn runs(&self, command: &[&str]) -> Vec<String> {
        let (uid, gid) = (self.uid.to_string(), self.gid.to_string());
        let words = ["setpriv", "--reuid", &uid, "--regid", &gid, "--clear-groups"];
        words.iter().chain(command).map(|word| (*word).to_owned()).collect()
    }
}

fn etcd(own: Host, hosts: &Hosts, folder: &Path) -> Vec<String> {
    let Host { name, address } = own;
    let members: Vec<_> = hosts.etcd.iter().map(|host| format!("{}=http://{}:2380", host.name, host.address)).collect();
    let words = format!(
        "etcd --name {name} --data-dir {}/{name} --initial-cluster-state new --initial-cluster {} \
         --listen-peer-urls http://{address}:2380 --initial-advertise-peer-urls http://{address}:2380 \
         --listen-client-urls http://{address}:2379 --advertise-client-urls http://{address}:2379",
        folder.display(),
        members.join(",")
    );
    words.split_whitespace().map(str::to_owned).collect()
}

/// The folder of PostgreSQL's programs, newest release first.
fn programs() -> Result<PathBuf, Failed> {
    let found = fs::read_dir("/usr/lib/postgresql")?.flatten().map(|entry| entry.path().join("bin"));
    found.filter(|bin| bin.join("postgres").is_file()).max().ok_or_else(|| "PostgreSQL is not installed".into())
}

/// Patroni's times are shorter than its defaults (30, 10 and 10 s), so that a round is.
fn patroni(own: Host, hosts: &Hosts, mode: Mode, folder: &Path) -> Result<String, Failed> {
    let Host { name, address } = own;
    let etcd: Vec<_> = hosts.etcd.iter().map(|host| format!("'{}:2379'", host.address)).collect();
    Ok(format!(
        "scope: keydesk
name: {name}
restapi: {{listen: '{address}:8008', connect_address: '{address}:8008'}}
etcd3: {{hosts: [{etcd}]}}
bootstrap:
  dcs:
    ttl: 10
    loop_wait: 1
    retry_timeout: 3
    maximum_lag_on_failover: 1073741824
    synchronous_mode: {synchronous}
    postgresql:
      use_pg_rewind: true
      parameters: {{max_connections: 200, shared_buffers: 32MB, max_wal_size: 128MB, jit: 'off', synchronous_commit: 'on'}}
  initdb: [{{encoding: UTF8}}, {{locale: C.UTF-8}}, {{auth: trust}}, data-checksums]
postgresql:
  listen: '{address}:5432'
  connect_address: '{address}:5432'
  data_dir: {folder}/data
  bin_dir: {bin}
  pgpass: {folder}/pgpass
  remove_data_directory_on_rewind_failure: true
  remove_data_directory_on_diverged_timelines: true
  parameters: {{unix_socket_directories: {folder}}}
  authentication:
    superuser: {{username: postgres, password: none}}
    replication: {{username: replicator, password: none}}
  pg_hba:
  - local all all trust
  - host all all 10.0.0.0/24 trust
  - host replication all 10.0.0.0/24 trust
",
        etcd = etcd.join(", "),
        synchronous = mode == Mode::Synchronous,
        folder = folder.display(),
        bin = programs()?.display(),
    ))
}

/// To whichever PostgreSQL is the primary, as Patroni says. Connections to one that is no longer are closed.
fn haproxy(hosts: &Hosts) -> Result<String, Failed> {
    let mut text = "global
  maxconn 1000
defaults
  mode tcp
  timeout connect 3s
  timeout client 1h
  timeout server 1h
  timeout check 1s
listen primary
  bind 10.0.0.2:5000
  option httpchk OPTIONS /primary
  http-check expect status 200
  default-server inter 500ms fall 2 rise 1 on-marked-down shutdown-sessions
"
    .to_owned();
    for Host { name, address } in &hosts.postgres {
        writeln!(text, "  server {name} {address}:5432 check port 8008")?;
    }
    Ok(text)
}

fn ask_status(host: Host, port: u16, path: &str) -> Option<u16> {
    exchange(host, port, "GET", path, "")?.get(9..12)?.parse().ok()
}

/// The document that a service answers.
fn ask(host: Host, port: u16, method: &str, path: &str, body: &str) -> Option<Value> {
    let answer = exchange(host, port, method, path, body)?;
    serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
}

/// Patroni's answers have no length, so what comes until it closes is the answer.
fn exchange(host: Host, port: u16, method: &str, path: &str, body: &str) -> Option<String> {
    let address = SocketAddr::new(host.address.parse().ok()?, port);
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(3))).ok()?;
    let length = body.len();
    write!(stream, "{method} {path} HTTP/1.0\r\nHost: {address}\r\nContent-Length: {length}\r\n\r\n{body}").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}
