//! How long after a deletion is answered another node still accepts the key: `bench --revocation [--trials N]`.
//!
//! Three nodes on one PostgreSQL. A key that all of them have in memory is deleted at one of them, while both others are asked
//! about it again and again. First with PostgreSQL's notifications, then with lost ones, so that the poll alone tells.

use std::{
    net::SocketAddr,
    process::Command,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use crate::{
    Failed, Programs, fresh_postgres,
    http::{Connection, request},
    percentile, say,
};

/// How often each node is asked. More often would take the time that is measured.
const ASK_EACH: Duration = Duration::from_millis(1);
/// The nodes look for changes four times a second. Deletions come at every moment in between.
const POLL_MS: u64 = 250;

pub(crate) fn measure(programs: &Programs, args: &[String]) -> Result<(), Failed> {
    let trials: u64 = match args.iter().position(|arg| arg == "--trials") {
        Some(at) => args.get(at + 1).ok_or("--trials wants a number")?.parse()?,
        None => 1_000,
    };
    let server = std::env::var("TEST_POSTGRES_URL").map_err(|_| "it wants a PostgreSQL in TEST_POSTGRES_URL")?;
    let database = fresh_postgres(&server, "revocation")?;
    let dir = tempfile::tempdir()?;
    programs.document(&database, dir.path(), &["init"])?;
    let created = ["key", "create", "--client-name", "Manager", "--scope", "keys:*"];
    let manager = programs.secret(&database, dir.path(), &created)?;
    let nodes = (0..3).map(|_| programs.serve_on("0,1", &database, dir.path(), &[])).collect::<Result<Vec<_>, _>>()?;
    let nodes: Vec<SocketAddr> = nodes.iter().map(|node| node.address).collect();
    say(&format!("revocation over 3 nodes, {trials} trials each: how long another node accepts the key, ms\n"));
    say("| | p50 | p99 | maximum |\n|---|---|---|---|");
    // They listen once their caches are warm.
    thread::sleep(Duration::from_secs(3));
    say(&row("with notifications", &nodes, &manager, trials)?);
    lose_notifications(&database)?;
    say(&row("notifications lost", &nodes, &manager, trials)?);
    Ok(())
}

fn row(what: &str, nodes: &[SocketAddr], manager: &str, trials: u64) -> Result<String, Failed> {
    let mut took = (0..trials).map(|number| trial(nodes, manager, number)).collect::<Result<Vec<_>, _>>()?;
    took.sort_unstable();
    let millis = |percent| percentile(&took, percent) / 1e3;
    Ok(format!("| {what} | {:.1} | {:.1} | {:.1} |", millis(50), millis(99), millis(100)))
}

/// The time from the answer until the last of the others refused.
fn trial(nodes: &[SocketAddr], manager: &str, number: u64) -> Result<Duration, Failed> {
    let deletes = number as usize % nodes.len();
    let mut connection = Connection::open(nodes[deletes])?;
    let create = request("POST", "/api/v1/keys", manager, "{\"client_name\":\"Revoked\",\"scopes\":[\"keys:read\"]}");
    let made: serde_json::Value = serde_json::from_slice(&connection.send(&create)?.body)?;
    let of = |name: &str| made[name].as_str().ok_or("no key was made");
    let ask = &request("GET", "/authz?scope=keys:read", of("key")?, "");
    let delete = request("DELETE", &format!("/api/v1/keys/{}", of("id")?), manager, "");
    let others: Vec<SocketAddr> =
        nodes.iter().enumerate().filter(|(node, _)| *node != deletes).map(|(_, at)| *at).collect();
    // A step that has no common measure with the poll's.
    thread::sleep(Duration::from_millis(number * 97 % POLL_MS));
    thread::scope(|scope| {
        let (accepts, accepted) = mpsc::channel();
        let ask_node =
            |node: SocketAddr, accepts: mpsc::Sender<()>| scope.spawn(move || refused_at(node, ask, &accepts));
        let asking: Vec<_> = others.iter().map(|node| ask_node(*node, accepts.clone())).collect();
        drop(accepts);
        // All of them have it in memory by then. Who failed says so when it is joined.
        let _ = others.iter().try_for_each(|_| accepted.recv());
        let status = connection.send(&delete)?.status;
        let answered = Instant::now();
        if status != 204 {
            return Err(format!("a deletion is answered by {status}").into());
        }
        let mut longest = Duration::ZERO;
        for node in asking {
            let refused = node.join().map_err(|_| "a thread panicked")??;
            longest = longest.max(refused.saturating_duration_since(answered));
        }
        Ok(longest)
    })
}

/// Asks until the key is refused, which it must not be at first.
fn refused_at(node: SocketAddr, ask: &[u8], accepts: &mpsc::Sender<()>) -> Result<Instant, Failed> {
    let mut connection = Connection::open(node)?;
    let mut accepted = 0;
    loop {
        match connection.send(ask)?.status {
            200 => {
                accepted += 1;
                if accepted == 1 {
                    accepts.send(())?;
                }
            }
            401 if accepted > 0 => return Ok(Instant::now()),
            status => return Err(format!("a key is answered by {status} after {accepted} calls").into()),
        }
        thread::sleep(ASK_EACH);
    }
}

/// From now on PostgreSQL notifies nobody who listens.
fn lose_notifications(database: &str) -> Result<(), Failed> {
    let psql = |sql: &str| -> Result<String, Failed> {
        let output = Command::new("psql").arg(database).args(["-XAtqc", sql]).output()?;
        if output.status.success() { Ok(String::from_utf8(output.stdout)?) } else { Err("psql failed".into()) }
    };
    let function = psql("SELECT pg_get_functiondef('epoch_marked'::regproc)")?;
    let lost = function.replace("'keydesk_change'", "'nobody_listens'");
    if lost == function {
        return Err("`epoch_marked` notifies nobody".into());
    }
    psql(&lost).map(drop)
}
