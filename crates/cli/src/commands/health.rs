use std::time::Duration;

use clap::Args;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use super::{Failed, output::Output};
use crate::config::Settings;

/// Sooner than the supervisors' own patience, which is 30 s for Docker, so that the reason is what they show.
const PATIENCE: Duration = Duration::from_secs(5);
/// More than any answer of `/readyz` has.
const MOST_BYTES: u64 = 64 << 10;

#[derive(Args)]
pub(super) struct Health {
    /// Fail also while nothing can be written; calls are decided all the same
    #[arg(long)]
    writes: bool,
}

impl Health {
    /// Asks the server that runs with the same settings on this machine, and opens nothing itself.
    pub(super) async fn run(self, settings: &Settings, output: &mut Output) -> Result<(), Failed> {
        let address = settings.local_address()?;
        let path = if self.writes { "/readyz?writes=1" } else { "/readyz" };
        let answer = match timeout(PATIENCE, ask(&address, path)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Err(Failed::new(format!("no server answers at {address}: {error}."))),
            Err(_) => return Err(Failed::new(format!("the server at {address} does not answer."))),
        };
        match verdict(&answer) {
            Ok(()) => Ok(output.line(&format!("The server at {address} is ready."))?),
            Err(why) => Err(Failed::new(format!("the server at {address} is not ready: {why}"))),
        }
    }
}

async fn ask(address: &str, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(MOST_BYTES).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Whether an answer says that the server is ready; else why not, in its own words where it has some.
fn verdict(answer: &str) -> Result<(), String> {
    let mut words = answer.split_whitespace();
    let status = match (words.next(), words.next()) {
        (Some(version), Some(status)) if version.starts_with("HTTP/") => status,
        _ => return Err("its answer is not HTTP.".to_owned()),
    };
    if status == "200" {
        return Ok(());
    }
    let body = answer.split_once("\r\n\r\n").and_then(|(_, body)| serde_json::from_str::<Value>(body).ok());
    let detail = body.as_ref().and_then(|body| body["detail"].as_str()).map(|detail| format!(": {detail}"));
    Err(format!("it answers {status}{}", detail.unwrap_or_else(|| ".".to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_200_is_ready() {
        for (answer, expected) in [
            ("HTTP/1.1 200 OK\r\n\r\n{\"status\":\"ready\"}", Ok(())),
            (
                "HTTP/1.1 503 Service Unavailable\r\nX: y\r\n\r\n{\"detail\":\"The database does not answer.\"}",
                Err("it answers 503: The database does not answer."),
            ),
            ("HTTP/1.1 503 Service Unavailable\r\n\r\nbusy", Err("it answers 503.")),
            ("HTTP/1.1 404 Not Found\r\n\r\n{}", Err("it answers 404.")),
            ("SSH-2.0-x 200", Err("its answer is not HTTP.")),
            ("", Err("its answer is not HTTP.")),
        ] {
            assert_eq!(verdict(answer), expected.map_err(str::to_owned), "{answer}");
        }
    }
}
