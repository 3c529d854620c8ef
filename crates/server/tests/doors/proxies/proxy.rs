use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::support::{Connection, wait_until};

/// A real proxy with one of the documented configurations, on ports of its own. It ends with the test.
pub(crate) struct Proxy {
    pub(crate) address: String,
    _child: Child,
    folder: TempDir,
}

/// The documented configuration `name`, with the addresses of this test in place of the documented ones.
pub(crate) fn documented(name: &str, addresses: &[(&str, &str)]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/proxies").join(name);
    let mut text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    for (documented, here) in addresses {
        assert!(text.contains(documented), "{name} does not say {documented}");
        text = text.replace(documented, here);
    }
    text
}

/// A configuration with one mistake, which a test has to notice.
pub(crate) fn spoiled(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "nothing says {from}");
    text.replace(from, to)
}

/// A port that was free a moment ago.
pub(crate) fn free_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").to_string()
}

impl Proxy {
    /// Starts `program` on files that are written into a folder of its own, and waits until it listens on `address`.
    pub(crate) async fn start(program: &str, args: &[&str], address: String, files: &[(&str, String)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            fs::write(folder.path().join(name), text).expect("a file");
        }
        let log = folder.path().join("log");
        let output = || Stdio::from(fs::File::options().create(true).append(true).open(&log).expect("a log"));
        let mut command = command(program);
        command.args(args).current_dir(folder.path()).env("HOME", folder.path());
        command.stdin(Stdio::null()).stdout(output()).stderr(output()).kill_on_drop(true);
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{program} does not start: {error}"));
        let listening = wait_until(async || {
            let ended = child.try_wait().expect("a status").is_some();
            ended || Connection::open(&address).await.is_ok()
        });
        let said = || fs::read_to_string(&log).unwrap_or_default();
        assert!(listening.await && child.try_wait().expect("a status").is_none(), "{program} said:\n{}", said());
        Self { address, _child: child, folder }
    }

    /// One of its files.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Its output so far.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

/// The program that `cargo xtask` unpacked, else the installed one.
fn command(program: &str) -> Command {
    let unpacked = std::env::var_os("TEST_PROXIES")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/proxies/root"), PathBuf::from);
    let places = ["usr/sbin", "usr/bin"].map(|folder| unpacked.join(folder).join(program));
    let Some(found) = places.into_iter().find(|path| path.is_file()) else { return Command::new(program) };
    let mut command = Command::new(found);
    let libraries = fs::read_dir(unpacked.join("usr/lib")).into_iter().flatten().flatten().map(|entry| entry.path());
    command.env("LD_LIBRARY_PATH", std::env::join_paths(libraries).expect("folders"));
    command
}
