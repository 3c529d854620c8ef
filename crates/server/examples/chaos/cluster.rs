//! A PostgreSQL that can be killed, and one that follows it.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::{PermissionsExt as _, chown},
    path::{Path, PathBuf},
    process::Stdio,
};

use store::testing::Raw;
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::{rounds, support::wait_until};

/// Durability is not under test: what is killed is thrown away.
const SETTINGS: [&str; 7] = [
    "fsync=off",
    "full_page_writes=off",
    "wal_level=replica",
    "hot_standby=on",
    "max_wal_senders=4",
    "max_connections=100",
    "dynamic_shared_memory_type=mmap",
];

/// The folder of PostgreSQL's programs, newest release first.
pub(crate) fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let number = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let found = versions.filter_map(|entry| Some((number(&entry.path())?, entry.path().join("bin"))));
    found.filter(|(_, bin)| bin.join("pg_basebackup").is_file()).max().map(|(_, bin)| bin)
}

/// Where servers of one round lie.
pub(crate) struct Cluster {
    programs: PathBuf,
    folder: TempDir,
    /// PostgreSQL refuses to run as root; its package makes a user for it.
    owner: Option<(u32, u32)>,
}

/// A running server.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
    port: u16,
}

impl Cluster {
    pub(crate) fn new() -> Self {
        let folder = rounds::folder();
        let owner = if rustix::process::geteuid().is_root() { owner() } else { None };
        if let Some((user, group)) = owner {
            chown(folder.path(), Some(user), Some(group)).expect("a folder for PostgreSQL");
        }
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).expect("a folder for PostgreSQL");
        Self { programs: programs().expect("PostgreSQL"), folder, owner }
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.current_dir(self.folder.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
        command.kill_on_drop(true);
        command
    }

    async fn run(&self, program: &str, args: &[&str]) {
        let status = self.command(program).args(args).status().await.expect("a program");
        assert!(status.success(), "{program} {args:?} ended with {status}");
    }

    /// The first server.
    pub(crate) async fn primary(&self) -> Server {
        let how = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"];
        self.run("initdb", &[&how[..], &["--pgdata=primary"]].concat()).await;
        self.start("primary").await
    }

    /// One that follows it.
    pub(crate) async fn standby(&self, primary: &Server) -> Server {
        let port = primary.port.to_string();
        let from = ["--host=127.0.0.1", "--port", &port, "--username=postgres"];
        let how = ["--pgdata=standby", "--write-recovery-conf", "--checkpoint=fast", "--no-sync"];
        self.run("pg_basebackup", &[&from[..], &how].concat()).await;
        self.start("standby").await
    }

    async fn start(&self, data: &str) -> Server {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
        let mut server = self.command("postgres");
        server.args(["-D", data, "-k"]).arg(self.folder.path()).args(["-h", "127.0.0.1", "-p", &port.to_string()]);
        for setting in SETTINGS {
            server.args(["-c", setting]);
        }
        let child = server.spawn().expect("PostgreSQL");
        let ready = async || {
            let port = port.to_string();
            let asked = self.command("pg_isready").args(["-q", "-h", "127.0.0.1", "-p", &port]).status().await;
            asked.is_ok_and(|status| status.success())
        };
        assert!(wait_until(ready).await, "PostgreSQL does not start");
        Server { child, port, address: format!("postgres://postgres@127.0.0.1:{port}/postgres") }
    }
}

impl Server {
    async fn raw(&self) -> Raw {
        Raw::connect(&self.address).await
    }

    /// The number of the newest change.
    pub(crate) async fn epoch(&self) -> i64 {
        self.raw().await.number("SELECT value FROM epoch").await
    }

    /// Waits until this one has all that the other has.
    pub(crate) async fn catches_up_with(&self, primary: &Self) {
        let written = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint";
        let there = primary.raw().await.number(written).await;
        let mut own = self.raw().await;
        let replayed = "SELECT coalesce(pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0'), 0)::bigint";
        assert!(wait_until(async || own.number(replayed).await >= there).await, "the standby does not follow");
    }

    /// From now on this one lags.
    pub(crate) async fn follows_no_more(&self) {
        let mut own = self.raw().await;
        own.execute("ALTER SYSTEM SET primary_conninfo = ''").await.expect("a setting");
        own.number("SELECT pg_reload_conf()::int::bigint").await;
        let receivers = "SELECT count(*) FROM pg_stat_wal_receiver";
        assert!(wait_until(async || own.number(receivers).await == 0).await, "the standby goes on following");
    }

    /// Makes this one the primary.
    pub(crate) async fn is_promoted(&self) {
        let mut own = self.raw().await;
        own.number("SELECT pg_promote()::int::bigint").await;
        let standby = "SELECT pg_is_in_recovery()::int::bigint";
        assert!(wait_until(async || own.number(standby).await == 0).await, "the standby is not promoted");
    }

    pub(crate) async fn is_killed(&mut self) {
        self.child.kill().await.expect("an end");
    }
}

fn owner() -> Option<(u32, u32)> {
    let users = fs::read_to_string("/etc/passwd").ok()?;
    let mut words = users.lines().find(|line| line.starts_with("postgres:"))?.split(':').skip(2);
    Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?))
}
