//! One database, and the processes that serve on it.

use std::{
    fs::{self, File},
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use store::testing::TestDatabase;
use tempfile::TempDir;

use crate::http::{Answer, Connection, request};

pub(crate) type Failed = Box<dyn std::error::Error>;

/// How long a change may take to reach the other node.
const FRESH: Duration = Duration::from_secs(5);
/// How long a start may take, in a debug build beside other work.
const START: Duration = Duration::from_secs(60);

/// A database with a folder for the keyring.
pub(crate) struct Deployment {
    folder: TempDir,
    address: String,
    _database: Option<TestDatabase>,
}

/// A key that was made.
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) secret: String,
}

impl Deployment {
    pub(crate) fn on_sqlite() -> Result<Self, Failed> {
        let folder = tempfile::tempdir()?;
        let address = format!("sqlite:{}", folder.path().join("keydesk.db").display());
        Ok(Self { folder, address, _database: None })
    }

    /// A new database of the server that `TEST_POSTGRES_URL` names.
    pub(crate) async fn on_postgres() -> Result<Self, Failed> {
        let database = TestDatabase::empty_postgres().await;
        let address = database.address().to_owned();
        Ok(Self { folder: tempfile::tempdir()?, address, _database: Some(database) })
    }

    /// A database that somebody has put in place, with its keyring in the folder.
    pub(crate) fn of(database: TestDatabase, folder: TempDir) -> Self {
        let address = database.address().to_owned();
        Self { folder, address, _database: Some(database) }
    }

    fn command(&self, program: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(args).args(["--database", &self.address, "--data-dir"]).arg(self.folder.path());
        command
    }

    /// The secret of a key that manages others.
    pub(crate) fn manager(&self, program: &Path) -> Result<String, Failed> {
        let create = ["key", "create", "--client-name", "Manager", "--json"];
        let scopes = ["--scope", "keys:read", "--scope", "keys:write"];
        let done = self.command(program, &[&create[..], &scopes].concat()).output()?;
        if !done.status.success() {
            return Err(String::from_utf8_lossy(&done.stderr).into());
        }
        text(&serde_json::from_slice(&done.stdout)?, "key")
    }

    /// What the new binary finds in the database: its log must hold together.
    pub(crate) fn examine(&self, program: &Path) -> Result<(), Failed> {
        for command in [&["doctor"][..], &["audit", "verify"]] {
            let done = self.command(program, command).output()?;
            if !done.status.success() {
                let said = [done.stdout, done.stderr].concat();
                return Err(format!("{}: {}", command.join(" "), String::from_utf8_lossy(&said)).into());
            }
        }
        Ok(())
    }
}

/// A running server, killed when dropped.
pub(crate) struct Node {
    child: Child,
    address: SocketAddr,
    name: String,
}

impl Node {
    /// Starts it and waits until it answers. The error is the last line that it wrote.
    pub(crate) fn start(program: &Path, on: &Deployment) -> Result<Self, Failed> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let log: PathBuf = on.folder.path().join("log");
        let mut command = on.command(program, &["serve", "--listen", &address.to_string()]);
        let child = command.stdout(Stdio::null()).stderr(File::create(&log)?).spawn()?;
        let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut node = Self { child, address, name };
        let started = Instant::now();
        // It listens before it has made its tables. Whoever has no key is told so once it answers.
        while !node.ask("GET", "/api/v1/whoami", "none", "").is_ok_and(|answer| answer.status == 401) {
            if node.child.try_wait()?.is_some() {
                let said = fs::read_to_string(&log)?;
                return Err(said.lines().last().unwrap_or("it ended without a word").into());
            }
            if started.elapsed() > START {
                return Err(format!("{} does not start", node.name).into());
            }
            sleep(Duration::from_millis(20));
        }
        Ok(node)
    }

    fn ask(&self, method: &str, path: &str, key: &str, body: &str) -> Result<Answer, Failed> {
        Ok(Connection::open(self.address)?.send(&request(method, path, key, body))?)
    }

    pub(crate) fn create(&self, manager: &str, client_name: &str) -> Result<Key, Failed> {
        let body = json!({"client_name": client_name}).to_string();
        let answer = self.ask("POST", "/api/v1/keys", manager, &body)?;
        self.expect(&answer, 201, "create")?;
        let made: Value = serde_json::from_slice(&answer.body)?;
        Ok(Key { id: text(&made, "id")?, secret: text(&made, "key")? })
    }

    pub(crate) fn delete(&self, manager: &str, key: &Key) -> Result<(), Failed> {
        let answer = self.ask("DELETE", &format!("/api/v1/keys/{}", key.id), manager, "")?;
        self.expect(&answer, 204, "delete")
    }

    fn expect(&self, answer: &Answer, status: u16, what: &str) -> Result<(), Failed> {
        if answer.status == status {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&answer.body);
        Err(format!("{}: {what} was answered {}: {said}", self.name, answer.status).into())
    }

    /// Waits until a key works, or is refused. An answer that is neither does not count.
    pub(crate) fn until_works(&self, key: &Key, works: bool) -> Result<(), Failed> {
        let (wanted, asked) = (if works { 200 } else { 401 }, Instant::now());
        loop {
            let status = self.ask("GET", "/api/v1/whoami", &key.secret, "")?.status;
            if status == wanted {
                return Ok(());
            }
            if asked.elapsed() > FRESH {
                return Err(format!("{} answers {status} for a key, and {wanted} was wanted", self.name).into());
            }
            sleep(Duration::from_millis(50));
        }
    }

    /// Ends it as an operator does.
    pub(crate) fn stop(mut self) -> Result<(), Failed> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        let ended = self.child.wait()?;
        if ended.success() { Ok(()) } else { Err(format!("{} ended with {ended}", self.name).into()) }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn text(document: &Value, name: &str) -> Result<String, Failed> {
    Ok(document[name].as_str().ok_or("an answer lacks a text")?.to_owned())
}
