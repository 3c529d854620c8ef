//! `cargo xtask ha`: several nodes on a PostgreSQL that fails over, tried by hand. The trial itself is an example of `server`.

use crate::build::{self, Profile};
use crate::process::{self, Failure, Result};
use crate::step::{Steps, say};
use crate::{apt, paths, tools};
use std::fs;
use std::path::Path;
use std::process::{ExitCode, Stdio};

/// Programs, each with its package of Debian.
const PROGRAMS: [(&str, &str); 5] = [
    ("/usr/lib/postgresql", "postgresql"),
    ("/usr/bin/patroni", "patroni"),
    ("/usr/bin/etcd", "etcd-server"),
    ("/usr/sbin/haproxy", "haproxy"),
    ("/usr/sbin/ip", "iproute2"),
];

/// The first process of namespaces of their own, with `$@` as the trial. When it ends, or is ended, the kernel ends every
/// process in them and takes away the networks, and the file system in memory that holds all data. It also takes in the
/// processes whose parents were killed.
const FIRST: &str = r#"
mount -t tmpfs -o mode=755 keydesk-ha /run && mkdir /run/keydesk-ha && ip link set lo up || exit 1
exec 3<&0
"$@" <&3 3<&- & trial=$!
exec 3<&-
trap : INT TERM HUP; status=1
while kill -0 "$trial" 2>/dev/null; do wait "$trial"; status=$?; done
exit "$status"
"#;

pub(crate) fn run(args: &[String]) -> Result<ExitCode> {
    if !apt::is_root() {
        return Err(Failure::new("`cargo xtask ha` makes networks and starts PostgreSQL: run it as root"));
    }
    let steps = Steps::new();
    steps.run("PostgreSQL, Patroni, etcd and HAProxy", install)?;
    let valkey = steps.run("Valkey", tools::valkey)?;
    let profile = Profile::asked()?;
    let mut cargo = profile.cargo("build");
    match profile {
        Profile::Release | Profile::Start => drop(build::with(profile, &steps)?),
        // As the tests have built it; nobody opens a page.
        Profile::Dev => drop(cargo.args(["--bin", "keydesk"])),
    }
    steps.compile("build the trial", cargo.args(["--example", "ha"]))?;
    let trial = profile.binary().with_file_name("examples").join("ha");
    let logs = paths::work().join("ha");
    let _ = fs::remove_dir_all(&logs);
    let mut first = process::command("unshare");
    first.args(["--net", "--pid", "--fork", "--kill-child", "--mount", "--mount-proc", "sh", "-c", FIRST, "sh"]);
    first.arg(trial).arg("--logs").arg(logs).args(args).env(tools::VALKEY, valkey);
    // It ends when this pipe does, so with this process, however that ends.
    let mut running = first
        .stdin(Stdio::piped())
        .spawn()
        .map_err(|error| Failure::new(format!("`unshare` could not be started: {error}")))?;
    let pipe = running.stdin.take();
    let status = running.wait().map_err(|error| Failure::new(format!("the trial can't be waited for: {error}")))?;
    drop(pipe);
    say(&steps.total());
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn install() -> Result<()> {
    let missing =
        || PROGRAMS.into_iter().filter(|(program, _)| !Path::new(program).exists()).map(|(_, package)| package);
    let wanted: Vec<_> = missing().collect();
    if !wanted.is_empty() && apt::available() {
        apt::install(&wanted)?;
    }
    let missing: Vec<_> = missing().collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("{} is not here; the trial runs on Debian's packages", missing.join(", "))))
}
