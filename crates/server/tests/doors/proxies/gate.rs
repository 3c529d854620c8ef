use std::{net::Ipv4Addr, path::Path};

use serde_json::Value;
use tempfile::TempDir;

use super::{proxy::documented, upstream::Upstream};
use crate::support::{Connection, Program, init, keydesk};

/// Keydesk with the documented routes, an API behind the tested proxy, and keys.
pub(crate) struct Gate {
    pub(crate) program: Program,
    pub(crate) upstream: Upstream,
    /// May read contacts.
    pub(crate) reader: Key,
    /// Valid, and may do nothing.
    pub(crate) poor: Key,
    /// May read contacts, but is a test key.
    pub(crate) tester: Key,
    /// May read contacts of another installation.
    pub(crate) foreigner: Key,
    folder: TempDir,
}

/// The address of clients: not that of the proxy, which Keydesk trusts, as if they were on another machine.
pub(crate) const CLIENT: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) secret: String,
}

/// The answer that a client got.
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) head: String,
    /// For an allowed request: the request that the API got.
    pub(crate) body: String,
}

impl Gate {
    pub(crate) async fn open() -> Self {
        Self::open_with(&[]).await
    }

    pub(crate) async fn open_with(args: &[&str]) -> Self {
        Self::open_configured("", args).await
    }

    /// With more in the documented configuration. Another installation exists before it serves.
    pub(crate) async fn open_configured(more: &str, args: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let config = folder.path().join("keydesk.toml");
        std::fs::write(&config, documented("keydesk.toml", &[]) + "\n" + more).expect("a file");
        let config = config.to_str().expect("a path");
        init(folder.path(), &[]).await;
        keydesk(folder.path(), &["installation", "create", "other", "--title", "Other"]).await;
        let program = Program::serve(folder.path(), &[&["--config", config], args].concat()).await;
        let reader = Key::new(folder.path(), &["--client-name", "Müller & Söhne", "--scope", "contacts:read"]).await;
        let poor = Key::new(folder.path(), &["--client-name", "Poor", "--scope", "live:read"]).await;
        let args = ["--client-name", "Tester", "--scope", "contacts:read", "--environment", "test"];
        let tester = Key::new(folder.path(), &args).await;
        let args = ["--client-name", "Other", "--scope", "contacts:read", "--installation", "other"];
        let foreigner = Key::new(folder.path(), &args).await;
        Self { program, upstream: Upstream::start().await, reader, poor, tester, foreigner, folder }
    }

    /// Another key that may read contacts, from one address alone.
    pub(crate) async fn key_for(&self, address: &str) -> Key {
        let args = ["--client-name", address, "--scope", "contacts:read", "--allow-ip", address];
        Key::new(self.folder.path(), &args).await
    }

    /// Another key that may read contacts, as often as these limits allow.
    pub(crate) async fn key_within(&self, limits: &[&str]) -> Key {
        let args = ["--client-name", "Limited", "--scope", "contacts:read"];
        Key::new(self.folder.path(), &[&args[..], limits].concat()).await
    }

    /// Another key that may read contacts and calls, from pages of one origin alone.
    pub(crate) async fn key_of(&self, origin: &str) -> Key {
        let args = ["--client-name", origin, "--scope", "contacts:read", "--scope", "calls:read"];
        Key::new(self.folder.path(), &[&args[..], &["--allow-origin", origin]].concat()).await
    }
}

impl Key {
    pub(super) async fn new(data: &Path, args: &[&str]) -> Self {
        let made = keydesk(data, &[&["key", "create", "--json"], args].concat()).await;
        let made: Value = serde_json::from_slice(&made.stdout).expect("a key");
        let text = |name: &str| made[name].as_str().expect("a text").to_owned();
        Self { id: text("id"), secret: text("key") }
    }
}

/// One request, whose target and header lines are sent as they are.
pub(crate) async fn send(address: &str, method: &str, target: &[u8], lines: &[&str], body: &str) -> Got {
    let mut request = format!("{method} ").into_bytes();
    request.extend_from_slice(target);
    request.extend_from_slice(b" HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n");
    for line in lines {
        request.extend_from_slice(format!("{line}\r\n").as_bytes());
    }
    if !body.is_empty() {
        request.extend_from_slice(format!("Content-Length: {}\r\n", body.len()).as_bytes());
    }
    request.extend_from_slice(format!("\r\n{body}").as_bytes());
    let mut connection = Connection::open_from(CLIENT.into(), address).await.expect("a connection");
    connection.write(&request).await.expect("a request");
    let answer = connection.read_to_end().await.expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.get(9..12).and_then(|status| status.parse().ok());
    let status = status.unwrap_or_else(|| panic!("no answer to {}: {answer:?}", String::from_utf8_lossy(target)));
    Got { status, head: head.to_owned(), body: body.to_owned() }
}

/// A GET with a key and these header lines.
pub(crate) async fn get(address: &str, target: &str, key: &str, lines: &[&str]) -> Got {
    let authorization = format!("Authorization: Bearer {key}");
    send(address, "GET", target.as_bytes(), &[&[authorization.as_str()], lines].concat(), "").await
}

impl Got {
    /// The values of a header of the answer.
    pub(crate) fn header(&self, name: &str) -> Vec<&str> {
        values(&self.head, name)
    }

    /// The values of a header of the request that the API got.
    pub(crate) fn sent(&self, name: &str) -> Vec<&str> {
        values(&self.body, name)
    }

    /// The first line of the request that the API got.
    pub(crate) fn request_line(&self) -> &str {
        self.body.lines().next().unwrap_or_default()
    }
}

fn values<'a>(head: &'a str, name: &str) -> Vec<&'a str> {
    let lines = head.split("\r\n\r\n").next().unwrap_or_default().lines().filter_map(|line| line.split_once(':'));
    lines.filter(|(there, _)| there.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).collect()
}
