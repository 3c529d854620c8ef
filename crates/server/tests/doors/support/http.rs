use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

/// Longer than any step of a passing test takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A raw connection, for bytes that no client library would send.
pub(crate) struct Connection(TcpStream);

impl Connection {
    pub(crate) async fn open(address: &str) -> std::io::Result<Self> {
        TcpStream::connect(address).await.map(Self)
    }

    /// Opens it from another address of this machine, which has all of 127.0.0.0/8.
    pub(crate) async fn open_from(source: IpAddr, address: &str) -> std::io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::new(source, 0))?;
        socket.connect(address.parse().map_err(|_| std::io::ErrorKind::InvalidInput)?).await.map(Self)
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.write_all(bytes).await
    }

    /// Everything up to these words.
    pub(crate) async fn read_until(&mut self, words: &str) -> std::io::Result<String> {
        let mut read = Vec::new();
        let mut chunk = [0; 1024];
        while !read.windows(words.len()).any(|window| window == words.as_bytes()) {
            match timeout(PATIENCE, self.0.read(&mut chunk)).await?? {
                0 => break,
                length => read.extend_from_slice(&chunk[..length]),
            }
        }
        Ok(String::from_utf8_lossy(&read).into_owned())
    }

    /// Everything until the other side closes.
    pub(crate) async fn read_to_end(&mut self) -> std::io::Result<String> {
        let mut bytes = Vec::new();
        timeout(PATIENCE, self.0.read_to_end(&mut bytes)).await??;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// One call over a connection of its own: the status, and all that came.
pub(crate) async fn request(
    address: &str,
    method: &str,
    path: &str,
    key: Option<&str>,
    body: Option<&str>,
) -> std::io::Result<(u16, String)> {
    let mut connection = Connection::open(address).await?;
    let key = key.map(|key| format!("Authorization: Bearer {key}\r\n")).unwrap_or_default();
    let body = body.unwrap_or_default();
    let kind = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{key}{kind}Content-Length: {length}\r\n\r\n"
    );
    connection.write(format!("{head}{body}").as_bytes()).await?;
    let answer = connection.read_to_end().await?;
    let status = answer.get(9..12).and_then(|status| status.parse().ok());
    status.map(|status| (status, answer)).ok_or_else(|| std::io::ErrorKind::UnexpectedEof.into())
}

/// Posts a form, with these headers and no others that matter: all that came.
pub(crate) async fn post_form(
    address: &str,
    path: &str,
    headers: &[(&str, &str)],
    form: &str,
) -> std::io::Result<String> {
    let mut connection = Connection::open(address).await?;
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!(
        "POST {path} HTTP/1.1\r\n{headers}Connection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
        form.len()
    );
    connection.write(format!("{head}{form}").as_bytes()).await?;
    connection.read_to_end().await
}
