use std::{
    path::PathBuf,
    process::Stdio,
    time::{Duration, Instant},
};

use keydesk_client::{Client, Error, Retries};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    net::TcpListener,
    process::{Child, Command},
};

const PATIENCE: Duration = Duration::from_secs(60);

/// The product, serving, with a contact centre behind its gateway.
pub(crate) struct Program {
    folder: TempDir,
    child: Option<Child>,
    listen: String,
    gateway: String,
}

impl Program {
    /// Starts it, and waits until it answers calls.
    pub(crate) async fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let config = "[sandbox]\nenabled = true\nhistory_days = 0\nshared_clock = true\n";
        std::fs::write(folder.path().join("keydesk.toml"), config).unwrap();
        let mut program = Self { folder, child: None, listen: free_address().await, gateway: free_address().await };
        program.again().await;
        program
    }

    /// Starts it again, on the same addresses and data.
    pub(crate) async fn again(&mut self) {
        let mut command = self.command(&["serve", "--listen", &self.listen, "--gateway-listen", &self.gateway]);
        self.child = Some(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        let client = Client::builder(&self.address(), "nobody").retries(Retries::none()).build().unwrap();
        let is_up = |answer: Result<_, Error>| matches!(answer, Err(Error::Refused(_)));
        wait_until(async || is_up(client.whoami().await)).await;
    }

    /// Ends it as a power cut would.
    pub(crate) async fn kill(&mut self) {
        self.child.take().unwrap().kill().await.unwrap();
    }

    /// Waits until the contact centre answers this key.
    pub(crate) async fn opened(&self, key: &str) {
        let client = self.gateway_with(key);
        wait_until(async || client.contact_centre().read::<Value>("/v1/sandbox").await.is_ok()).await;
    }

    /// Runs a command on its data, and returns what it prints.
    pub(crate) async fn keydesk(&self, args: &[&str]) -> Value {
        let output = self.command(args).arg("--json").output().await.unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// A new key with these rights, and more words of the command line.
    pub(crate) async fn key(&self, environment: &str, scopes: &[&str], more: &[&str]) -> String {
        let mut args = vec!["key", "create", "--client-name", "Tests", "--environment", environment];
        args.extend(scopes.iter().flat_map(|scope| ["--scope", *scope]));
        args.extend(more);
        self.keydesk(&args).await["key"].as_str().unwrap().to_owned()
    }

    pub(crate) fn address(&self) -> String {
        format!("http://{}", self.listen)
    }

    /// A client of Keydesk itself.
    pub(crate) fn client(&self, key: &str) -> Client {
        Client::new(&self.address(), key).unwrap()
    }

    /// A client of the gateway.
    pub(crate) fn gateway_with(&self, key: &str) -> Client {
        Client::new(&format!("http://{}", self.gateway), key).unwrap()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(binary());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KEYDESK_")) {
            command.env_remove(name);
        }
        command.args(args).arg("--data-dir").arg(self.folder.path());
        command.arg("--config").arg(self.folder.path().join("keydesk.toml"));
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }
}

fn binary() -> PathBuf {
    let beside = || {
        let own = std::env::current_exe().unwrap();
        own.ancestors().nth(2).unwrap().join("keydesk")
    };
    let binary = std::env::var_os("KEYDESK_BIN").map_or_else(beside, PathBuf::from);
    assert!(binary.is_file(), "no product at {}: build it, or name it in KEYDESK_BIN", binary.display());
    binary
}

async fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string()
}

/// Asks again and again until `holds`.
pub(crate) async fn wait_until(mut holds: impl AsyncFnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !holds().await {
        assert!(Instant::now() < until, "it does not come to hold");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
