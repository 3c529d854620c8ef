use std::{
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

use crate::{
    Failed,
    http::{Connection, request},
    percentile,
};

/// Pauses between calls: good callers are no load.
const CALL_EACH: Duration = Duration::from_millis(5);
const CONNECT_EACH: Duration = Duration::from_millis(20);
const REVOKE_EACH: Duration = Duration::from_millis(40);

/// Good callers: a proxy that asks on a connection that it keeps, a program that opens a connection for each call, and somebody
/// who deletes keys.
pub(crate) struct Good {
    address: SocketAddr,
    caller: String,
    manager: String,
    /// Keys to be deleted.
    keys: Vec<String>,
    seconds: Duration,
}

/// What they felt.
pub(crate) struct Felt {
    calls: Times,
    connections: Times,
    revocations: Times,
}

#[derive(Default)]
struct Times {
    answered: Vec<Duration>,
    refused: usize,
}

impl Good {
    pub(crate) fn new(address: SocketAddr, caller: &str, manager: &str, seconds: Duration) -> Result<Self, Failed> {
        let mut keys = Vec::new();
        let mut connection = Connection::open(address)?;
        let create = request("POST", "/api/v1/keys", manager, "{\"client_name\":\"To be deleted\"}");
        while keys.len() < (seconds.as_millis() / REVOKE_EACH.as_millis()) as usize {
            let answer: serde_json::Value = serde_json::from_slice(&connection.send(&create)?.body)?;
            keys.push(answer["id"].as_str().ok_or("no key was made")?.to_owned());
        }
        Ok(Self { address, caller: caller.to_owned(), manager: manager.to_owned(), keys, seconds })
    }

    pub(crate) fn call(&self) -> Result<Felt, Failed> {
        thread::scope(|scope| {
            let calls = scope.spawn(|| {
                let ask = request("GET", "/authz?scope=calls:read", &self.caller, "");
                self.on_one_connection(CALL_EACH, std::iter::repeat(ask), 200)
            });
            let connections = scope.spawn(|| {
                let ask = request("GET", "/api/v1/whoami", &self.caller, "");
                self.on_many_connections(&ask)
            });
            let revocations = scope.spawn(|| {
                let delete = |id: &String| request("DELETE", &format!("/api/v1/keys/{id}"), &self.manager, "");
                self.on_one_connection(REVOKE_EACH, self.keys.iter().map(delete), 204)
            });
            let joined = |thread: thread::ScopedJoinHandle<'_, Times>| thread.join().map_err(|_| "a caller panicked");
            Ok(Felt { calls: joined(calls)?, connections: joined(connections)?, revocations: joined(revocations)? })
        })
    }

    fn on_one_connection(&self, each: Duration, requests: impl Iterator<Item = Vec<u8>>, wanted: u16) -> Times {
        let (started, mut times, mut connection) = (Instant::now(), Times::default(), None);
        for request in requests.take_while(|_| started.elapsed() < self.seconds) {
            let sent = Instant::now();
            let status = connection.take().map_or_else(|| Connection::open(self.address), Ok).and_then(|mut open| {
                let status = open.send(&request)?.status;
                connection = Some(open);
                Ok(status)
            });
            times.add(sent, status.is_ok_and(|status| status == wanted));
            thread::sleep(each);
        }
        times
    }

    fn on_many_connections(&self, request: &[u8]) -> Times {
        let (started, mut times) = (Instant::now(), Times::default());
        while started.elapsed() < self.seconds {
            let sent = Instant::now();
            let status = Connection::open(self.address).and_then(|mut open| Ok(open.send(request)?.status));
            times.add(sent, status.is_ok_and(|status| status == 200));
            thread::sleep(CONNECT_EACH);
        }
        times
    }
}

impl Times {
    fn add(&mut self, sent: Instant, answered: bool) {
        if answered { self.answered.push(sent.elapsed()) } else { self.refused += 1 }
    }

    /// p50 and p99 in milliseconds, and refusals.
    fn cells(mut self) -> String {
        self.answered.sort_unstable();
        if self.answered.is_empty() {
            return format!("- | - | {}", self.refused);
        }
        let millis = |percent| percentile(&self.answered, percent) / 1e3;
        format!("{:.2} | {:.2} | {}", millis(50), millis(99), self.refused)
    }
}

impl Felt {
    pub(crate) const HEAD: &str = "| attack | a second | call p50, ms | p99 | refused | new connection p50, ms | p99 | refused | revocation p50, ms | p99 | refused |\n|---|---|---|---|---|---|---|---|---|---|---|";

    pub(crate) fn row(self, attack: &str, acts: f64) -> String {
        let Self { calls, connections, revocations } = self;
        format!("| {attack} | {acts:.0} | {} | {} | {} |", calls.cells(), connections.cells(), revocations.cells())
    }
}
