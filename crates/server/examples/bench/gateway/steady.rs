//! Calls at a steady rate, however fast they are answered: what a caller waits for while a server has half of what it can do.
//!
//! Each connection has times at which its calls are due. A call that is due while the one before it is still waited for counts from when
//! it was due: a server that stops for a moment makes all of them late, and not one. Otherwise it counts from when it was sent, since
//! it is no fault of the server's that a sleep lasts a little longer.

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::{
    Failed,
    forward_auth::{ROUTED, question},
    http::Connection,
    load::keys::Keys,
    percentile,
    process::Server,
};

/// Percentiles of latencies, in microseconds.
#[derive(Clone, Copy)]
pub(super) struct Latencies {
    pub(super) p50: f64,
    pub(super) p99: f64,
}

/// Calls a server `rate` times a second, on so many connections in all.
pub(super) fn run(
    server: &Server,
    keys: &Keys,
    connections: u32,
    rate: f64,
    seconds: u32,
) -> Result<Latencies, Failed> {
    let requests: Vec<Vec<u8>> = keys.secrets.iter().map(|key| question(ROUTED, key, "")).collect();
    let every = Duration::from_secs_f64(f64::from(connections) / rate);
    // All are connected by then.
    let begin = Instant::now() + Duration::from_millis(200);
    let end = begin + Duration::from_secs(seconds.into());
    let mut latencies = thread::scope(|scope| {
        let callers: Vec<_> = (0..connections)
            .map(|number| {
                let due = begin + every * number / connections;
                let first = requests.len() * number as usize / connections as usize;
                let mine = requests.iter().cycle().skip(first);
                scope.spawn(move || call(server, mine, due, every, end))
            })
            .collect();
        let mut all = Vec::new();
        for caller in callers {
            all.extend(caller.join().unwrap_or(Err("panicked".into()))?);
        }
        Ok::<_, Failed>(all)
    })?;
    if latencies.is_empty() {
        return Err("no call was due".into());
    }
    latencies.sort_unstable();
    Ok(Latencies { p50: percentile(&latencies, 50), p99: percentile(&latencies, 99) })
}

fn call<'a>(
    server: &Server,
    requests: impl Iterator<Item = &'a Vec<u8>>,
    mut due: Instant,
    every: Duration,
    end: Instant,
) -> Result<Vec<Duration>, Failed> {
    let mut connection = Connection::open(server.address)?;
    let mut latencies = Vec::new();
    for request in requests {
        if due >= end {
            break;
        }
        let early = due.saturating_duration_since(Instant::now());
        thread::sleep(early);
        let since = if early.is_zero() { due } else { Instant::now() };
        let status = connection.send(request)?.status;
        if status != 200 {
            return Err(format!("a call is answered by {status}").into());
        }
        latencies.push(since.elapsed());
        due += every;
    }
    Ok(latencies)
}
