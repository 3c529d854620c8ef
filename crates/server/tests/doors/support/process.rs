use std::{
    path::{Path, PathBuf},
    process::{ExitStatus, Output, Stdio},
    sync::{Arc, Mutex, Weak},
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

const PATIENCE: Duration = Duration::from_secs(30);

/// The real binary, serving.
pub(crate) struct Program {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
    pub(crate) address: String,
    pub(crate) ops_address: String,
    /// Empty unless the port was asked for.
    pub(crate) grpc_address: String,
    /// Likewise.
    pub(crate) spoe_address: String,
}

/// The binary: cargo tells tests where it is. An example lies in a folder beside it.
fn binary() -> PathBuf {
    option_env!("CARGO_BIN_EXE_keydesk").map(PathBuf::from).unwrap_or_else(|| {
        let own = std::env::current_exe().expect("a path of this program");
        own.ancestors().nth(2).expect("a folder beside the examples").join("keydesk")
    })
}

/// The binary, with nothing of this process's own configuration.
pub(crate) fn command() -> Command {
    let mut command = Command::new(binary());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KEYDESK_")) {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// The same under a limit that the shell sets, such as `ulimit -n 64`.
pub(crate) fn limited(limit: &str) -> Command {
    shell(&format!("{limit} && exec \"$0\" \"$@\""))
}

/// The same by a script of the shell, which is given the program and its arguments.
pub(crate) fn shell(script: &str) -> Command {
    let plain = command();
    let mut command = Command::new("sh");
    command.arg("-c").arg(script).arg(plain.as_std().get_program());
    for (name, _) in plain.as_std().get_envs() {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Runs a command to its end.
pub(crate) async fn keydesk(data: &Path, args: &[&str]) -> Output {
    let output = command().args(args).arg("--data-dir").arg(data).output();
    timeout(PATIENCE, output).await.expect("an end").expect("a program")
}

/// What a command left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs a command to its end as it is, with these variables.
pub(crate) async fn ran(variables: &[(&str, &str)], args: &[&str]) -> Ran {
    let output = command().envs(variables.iter().copied()).args(args).output();
    let output = timeout(PATIENCE, output).await.expect("an end").expect("a program");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

impl Ran {
    /// Refused in one sentence with these words, and nothing that steers a terminal.
    pub(crate) fn is_refused(&self, words: &str) {
        assert_eq!((self.code, self.out.as_str()), (Some(1), ""), "{self:?}");
        let sentence = self.err.trim_end_matches('\n');
        assert!(sentence.starts_with("keydesk: ") && sentence.contains(words), "{words:?} is not in {self:?}");
        assert!(!sentence.contains(char::is_control), "{self:?}");
    }
}

/// Makes a deployment.
pub(crate) async fn init(data: &Path, args: &[&str]) {
    let output = keydesk(data, &[&["init"], args].concat()).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

impl Program {
    /// Starts it on free ports, and waits until it serves.
    pub(crate) async fn serve(data: &Path, args: &[&str]) -> Self {
        Self::start(command(), data, args).await
    }

    /// The same where no more files than these may be open.
    pub(crate) async fn serve_with_files(data: &Path, files: u32, args: &[&str]) -> Self {
        Self::start(limited(&format!("ulimit -n {files}")), data, args).await
    }

    /// The same where it may itself raise that number.
    pub(crate) async fn serve_with_soft_files(data: &Path, files: u32, args: &[&str]) -> Self {
        Self::start(limited(&format!("ulimit -Sn {files}")), data, args).await
    }

    /// The same as another command, which runs it. A start that fails is a failed test.
    pub(crate) async fn start(command: Command, data: &Path, args: &[&str]) -> Self {
        match Self::try_start(command, data, args).await {
            Ok(program) => program,
            Err(ran) => panic!("it did not start: {ran:?}"),
        }
    }

    /// The same where it may end instead of serving: then what it left behind.
    pub(crate) async fn try_start(command: Command, data: &Path, args: &[&str]) -> Result<Self, Ran> {
        Self::launch(command, data, args, None).await
    }

    /// The same, and the command may have it write its log to a file.
    pub(crate) async fn launch(
        mut command: Command,
        data: &Path,
        args: &[&str],
        log: Option<&Path>,
    ) -> Result<Self, Ran> {
        let mut child = command
            .args(["serve", "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0", "--log-format", "json"])
            .args(args)
            .arg("--data-dir")
            .arg(data)
            .stderr(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a program");
        let lines = Arc::new(Mutex::new(Vec::new()));
        let stderr = BufReader::new(child.stderr.take().expect("standard error"));
        let stdout = BufReader::new(child.stdout.take().expect("standard output"));
        let readers =
            [tokio::spawn(collect(stdout, Arc::clone(&lines))), tokio::spawn(collect(stderr, Arc::clone(&lines)))];
        if let Some(log) = log {
            tokio::spawn(follow(log.to_owned(), Arc::downgrade(&lines)));
        }
        let mut program = Self {
            child,
            lines,
            address: String::new(),
            ops_address: String::new(),
            grpc_address: String::new(),
            spoe_address: String::new(),
        };
        let mut ended = None;
        let known = wait_until(async || {
            ended = program.child.try_wait().expect("a status");
            ended.is_some() || program.printed().contains("ready in")
        });
        assert!(known.await, "it neither serves nor ends: {}", program.printed());
        if let Some(status) = ended {
            for reader in readers {
                let _ = timeout(PATIENCE, reader).await;
            }
            return Err(Ran { code: status.code(), out: String::new(), err: program.printed() });
        }
        let started = program.line("ready in").await;
        let of = |name: &str| started[name].as_str().expect("an address").to_owned();
        (program.address, program.ops_address) = (of("address"), of("ops_address"));
        let asked = |name: &str| started[name].as_str().unwrap_or_default().to_owned();
        (program.grpc_address, program.spoe_address) = (asked("grpc_address"), asked("spoe_address"));
        Ok(program)
    }

    /// Whether it has ended, and how.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a status")
    }

    /// Everything that it has printed.
    pub(crate) fn printed(&self) -> String {
        self.lines.lock().expect("lines").join("\n")
    }

    /// Waits for a log line with these words.
    pub(crate) async fn line(&self, words: &str) -> Value {
        let mut found = None;
        let seen = wait_until(async || {
            found = self.lines.lock().expect("lines").iter().find(|line| line.contains(words)).cloned();
            found.is_some()
        });
        assert!(seen.await, "no line with {words:?} in\n{}", self.printed());
        found.and_then(|line| serde_json::from_str(&line).ok()).unwrap_or_default()
    }

    /// The number of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id().expect("a running program")
    }

    /// Sends a signal.
    pub(crate) async fn signal(&self, name: &str) {
        let id = self.child.id().expect("a running program").to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &id]).status().await.expect("kill");
        assert!(sent.success());
    }

    /// Waits for its end.
    pub(crate) async fn end(&mut self) -> Option<i32> {
        timeout(PATIENCE, self.child.wait()).await.expect("an end").expect("a status").code()
    }

    /// Kills it.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.expect("an end");
    }
}

async fn collect(mut from: impl AsyncBufReadExt + Unpin, into: Arc<Mutex<Vec<String>>>) {
    let mut line = String::new();
    while from.read_line(&mut line).await.is_ok_and(|length| length > 0) {
        into.lock().expect("lines").push(line.trim_end().to_owned());
        line.clear();
    }
}

/// Collects the lines of a file that grows.
async fn follow(file: PathBuf, into: Weak<Mutex<Vec<String>>>) {
    let mut read = 0;
    while let Some(into) = into.upgrade() {
        let text = tokio::fs::read(&file).await.unwrap_or_default();
        let new = text.get(read..).unwrap_or_default();
        if let Some(end) = new.iter().rposition(|byte| *byte == b'\n') {
            let lines = String::from_utf8_lossy(&new[..end]);
            into.lock().expect("lines").extend(lines.lines().map(str::to_owned));
            read += end + 1;
        }
        drop(into);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Asks again and again until `holds`; `false` when that takes too long.
pub(crate) async fn wait_until(mut holds: impl AsyncFnMut() -> bool) -> bool {
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        if holds().await {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    false
}
