//! How many calls too many three nodes allow together: `bench --overshoot [--seconds N]`.
//!
//! Nodes on one PostgreSQL, all of them asked as fast as they answer about one key. Its rate limit is decided by shares and then by
//! Redis, its quota by portions that nodes lease.

use std::{
    net::SocketAddr,
    path::PathBuf,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use crate::{
    Failed, Programs, fresh_postgres,
    http::{Connection, request},
    process::Server,
    say,
};

const NODES: usize = 3;
/// Connections that keep each node busy.
const CONNECTIONS: usize = 4;
/// Nodes know each other by what they write every few seconds, and keep what is decided as one for 10 s.
const STAND_STILL: Duration = Duration::from_secs(12);
/// Calls a second that the rate limit allows, and calls at once.
const RATE: u64 = 200;
/// Calls that the quota allows. Less than what comes.
const QUOTA: u64 = 20_000;

pub(crate) fn measure(programs: &Programs, args: &[String]) -> Result<(), Failed> {
    let seconds: u64 = match args.iter().position(|arg| arg == "--seconds") {
        Some(at) => args.get(at + 1).ok_or("--seconds wants a number")?.parse()?,
        None => 30,
    };
    let server = std::env::var("TEST_POSTGRES_URL").map_err(|_| "it wants a PostgreSQL in TEST_POSTGRES_URL")?;
    let redis =
        std::env::var("TEST_REDIS_SERVER").map_err(|_| "it wants the program redis-server in TEST_REDIS_SERVER")?;
    say(&format!("{NODES} nodes, {} connections, {seconds} s each:\n", NODES * CONNECTIONS));
    say("| | allowed | at most | over | refused |\n|---|---|---|---|---|");
    let rate = format!(r#"{{"rate_limits":[{{"name":"all","limit":{RATE},"window_seconds":1,"burst":{RATE}}}]}}"#);
    let quota = format!(r#"{{"rate_limits":[],"quotas":[{{"name":"day","limit":{QUOTA},"period":"day"}}]}}"#);
    let load = Duration::from_secs(seconds);
    for (what, limits, at_redis) in [
        ("rate limit, shares of nodes", &rate, None),
        ("rate limit, in Redis", &rate, Some(PathBuf::from(redis))),
        ("quota, leased in portions", &quota, None),
    ] {
        let dir = tempfile::tempdir()?;
        let database = fresh_postgres(&server, "overshoot")?;
        programs.document(&database, dir.path(), &["init"])?;
        let created = ["key", "create", "--client-name", "Manager", "--scope", "keys:*", "--scope", "calls:read"];
        let manager = programs.secret(&database, dir.path(), &created)?;
        let redis = at_redis.map(|program| start_redis(&program)).transpose()?;
        let address = redis.as_ref().map(|redis| format!("redis://{}", redis.address));
        let limits_at: Vec<&str> = address.iter().flat_map(|address| ["--limits", address.as_str()]).collect();
        let nodes = (0..NODES).map(|_| programs.serve_on("0,1", &database, dir.path(), &limits_at));
        let nodes = nodes.collect::<Result<Vec<_>, _>>()?;
        let at: Vec<SocketAddr> = nodes.iter().map(|node| node.address).collect();
        thread::sleep(STAND_STILL);
        let key = limited_key(at[0], &manager, limits)?;
        let Load { allowed, refused, took } = load_on(&at, &key, load)?;
        let most = if limits == &quota { QUOTA } else { RATE + (RATE as f64 * took.as_secs_f64()).ceil() as u64 };
        let over = 100.0 * allowed.saturating_sub(most) as f64 / most as f64;
        say(&format!("| {what} | {allowed} | {most} | {over:.2} % | {refused} |"));
        drop(nodes);
        let name = database.rsplit('/').next().and_then(|name| name.split('?').next()).ok_or("no name")?;
        Command::new("psql").arg(&server).args(["-qc", &format!("DROP DATABASE {name}")]).status()?;
    }
    Ok(())
}

fn start_redis(program: &std::path::Path) -> Result<Server, Failed> {
    let address = Server::free_address()?;
    let mut redis = Command::new(program);
    let port = address.port().to_string();
    redis.args(["--bind", "127.0.0.1", "--port", &port, "--save", "", "--appendonly", "no"]);
    Server::launch("0,1", address, &redis)
}

fn limited_key(node: SocketAddr, manager: &str, limits: &str) -> Result<String, Failed> {
    let limits = limits.strip_prefix('{').ok_or("no object")?;
    let body = format!(r#"{{"client_name":"Limited","scopes":["calls:read"],{limits}"#);
    let answer = Connection::open(node)?.send(&request("POST", "/api/v1/keys", manager, &body))?;
    if answer.status != 201 {
        return Err(format!("no key was made: {}", String::from_utf8_lossy(&answer.body)).into());
    }
    let made: serde_json::Value = serde_json::from_slice(&answer.body)?;
    Ok(made["key"].as_str().ok_or("no key was made")?.to_owned())
}

#[derive(Default)]
struct Load {
    allowed: u64,
    refused: u64,
    /// From the first call until the last answer.
    took: Duration,
}

fn load_on(nodes: &[SocketAddr], key: &str, during: Duration) -> Result<Load, Failed> {
    let ask = &request("GET", "/authz?scope=calls:read", key, "");
    let started = Instant::now();
    let one = |node: SocketAddr| {
        let mut load = Load::default();
        let mut connection = Connection::open(node)?;
        while started.elapsed() < during {
            match connection.send(ask)?.status {
                200 => load.allowed += 1,
                429 => load.refused += 1,
                status => return Err::<Load, Failed>(format!("a call is answered by {status}").into()),
            }
        }
        Ok(load)
    };
    let mut load = thread::scope(|scope| {
        let one = &one;
        let each = nodes.iter().cycle().take(nodes.len() * CONNECTIONS);
        let asking: Vec<_> = each.map(|node| scope.spawn(move || one(*node))).collect();
        asking.into_iter().try_fold(Load::default(), |sum, asks| {
            let Load { allowed, refused, .. } = asks.join().map_err(|_| "a thread panicked")??;
            Ok::<_, Failed>(Load { allowed: sum.allowed + allowed, refused: sum.refused + refused, ..sum })
        })
    })?;
    load.took = started.elapsed();
    Ok(load)
}
