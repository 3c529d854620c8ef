//! A mail server of tests' own, on this machine. It takes letters, or says what it is told to say.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// Bytes of a line and of a letter at most.
const MOST: u64 = 1 << 20;

/// A letter that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Whom the letter goes to.
    pub to: Vec<String>,
    /// All of it, as it came, without the encoding of its parts.
    pub text: String,
}

impl Received {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let head = self.text.split("\r\n\r\n").next()?;
        let line =
            head.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{}:", name.to_lowercase())))?;
        line.split_once(':').map(|(_, value)| value.trim())
    }
}

#[derive(Default)]
struct State {
    letters: Vec<Received>,
    /// What is answered to whoever names a recipient; `None`: it is taken.
    refusal: Option<String>,
    connections: usize,
}

/// A mail server that runs until it is dropped.
pub struct MailServer {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl MailServer {
    /// Starts one, which takes everything.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let state: Arc<Mutex<State>> = Arc::default();
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                locked(&shared).connections += 1;
                let shared = Arc::clone(&shared);
                tokio::spawn(async move {
                    let _ = speak(stream, &shared).await;
                });
            }
        });
        Self { address, state, task }
    }

    /// Its address, as a setting: `smtp://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// What it answers to recipients from now on: `550 No such mailbox`. `None`: it takes them.
    pub fn refuse(&self, answer: Option<&str>) {
        locked(&self.state).refusal = answer.map(str::to_owned);
    }

    /// The letters that it has taken.
    pub fn letters(&self) -> Vec<Received> {
        locked(&self.state).letters.clone()
    }

    /// How often somebody has connected.
    pub fn connections(&self) -> usize {
        locked(&self.state).connections
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn speak(stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read.take(MOST));
    write.write_all(b"220 mail.example.com\r\n").await?;
    let mut to = Vec::new();
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let line = line.trim_end().to_owned();
        let verb = line.split(' ').next().unwrap_or_default().to_ascii_uppercase();
        let answer = match verb.as_str() {
            "EHLO" | "HELO" => "250-mail.example.com\r\n250 8BITMIME".to_owned(),
            "RCPT" => {
                let refusal = locked(state).refusal.clone();
                if refusal.is_none() {
                    let address = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
                    to.extend(address.map(|(address, _)| address.to_owned()));
                }
                refusal.unwrap_or_else(|| "250 taken".to_owned())
            }
            "DATA" => {
                write.write_all(b"354 go on\r\n").await?;
                let text = decoded(&data(&mut lines).await?);
                locked(state).letters.push(Received { to: std::mem::take(&mut to), text });
                "250 taken".to_owned()
            }
            "QUIT" => {
                write.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            "MAIL" | "RSET" | "NOOP" => "250 so be it".to_owned(),
            _ => "502 not here".to_owned(),
        };
        write.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
}

async fn data(lines: &mut (impl AsyncBufReadExt + Unpin)) -> std::io::Result<String> {
    let mut text = String::new();
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).await? == 0 || line == ".\r\n" {
            return Ok(text);
        }
        text.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}

/// Takes the encoding of quoted-printable parts away.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let joined = text.replace("=\r\n", "");
    let mut rest = joined.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).filter(|_| *first == b'=').and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
