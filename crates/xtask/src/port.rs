//! Ports on this machine, and whether something answers there.

use crate::process::{Failure, Result};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

/// A port on 127.0.0.1 that nobody listens on now.
pub(crate) fn free() -> Result<u16> {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| Failure::new(format!("no free port on 127.0.0.1: {error}")))
}

/// The status of `GET path`, or `None` when nobody answers.
pub(crate) fn status_of(port: u16, path: &str) -> Option<u16> {
    get(port, path, "")
}

/// The same, calling with an API key.
pub(crate) fn status_with_key(port: u16, path: &str, key: &str) -> Option<u16> {
    get(port, path, &format!("authorization: Bearer {key}\r\n"))
}

fn get(port: u16, path: &str, headers: &str) -> Option<u16> {
    let mut stream =
        TcpStream::connect_timeout(&SocketAddr::from(([127, 0, 0, 1], port)), Duration::from_secs(1)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{headers}connection: close\r\n\r\n").ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    String::from_utf8_lossy(&answer).split_whitespace().nth(1)?.parse().ok()
}
