//! `/authz`: against the empty handler, under a flood of bad keys, and on two cores.

use std::{
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use domain::{Caller, Keydesk, NewKey, OpenOptions};
use model::{BODY_LEN, Environment, Preset, Scope, SecretFormat, SettingsPatch};
use verify::Call;

use crate::{Failed, Programs, against, http::Connection, median, percentile, process::Server, say, sqlite_in};

/// A configuration of a usual size.
const ROUTES: usize = 100;
/// What is called in it.
pub(crate) const ROUTED: &str = "/api/v50/contacts/42";
/// Good calls in a second while a flood is measured, and bad ones.
const GOOD: u64 = 200;
const BAD: u64 = 10 * GOOD;
const SECONDS: u64 = 10;

pub(crate) fn measure(programs: &Programs) -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let database = sqlite_in(dir.path());
    programs.document(&database, dir.path(), &["init"])?;
    let key =
        programs.secret(&database, dir.path(), &["key", "create", "--client-name", "Acme CRM", "--preset", "crm"])?;
    let config = dir.path().join("keydesk.toml");
    std::fs::write(&config, routes())?;
    let config = config.to_str().ok_or("no text")?;
    let keydesk = programs.serve_with(&database, dir.path(), &["--config", config])?;
    let empty = Server::start(&programs.empty, &["LISTEN"])?;
    against(&keydesk, &empty, "/authz?scope=", &question("/authz?scope=contacts:read", &key, ""))?;
    let named = format!("X-Original-Method: GET\r\nX-Original-URI: {ROUTED}\r\n");
    let routed = question("/authz", &key, &named);
    against(&keydesk, &empty, "/authz with a route", &routed)?;
    flood(&keydesk, &routed)?;
    drop((keydesk, empty));
    two_cores()
}

/// A configuration in which `GET` of [`ROUTED`] is one of many.
pub(crate) fn routes() -> String {
    let route = |number| {
        format!("[[routes]]\nmethod = \"GET\"\npath = \"/api/v{number}/contacts/{{id}}\"\nscope = \"contacts:read\"\n")
    };
    (0..ROUTES).map(route).collect()
}

/// A `GET` with a key.
pub(crate) fn question(target: &str, key: &str, headers: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n{headers}\r\n").into_bytes()
}

/// The latency of good calls at a steady rate, first alone, then among ten times as many calls with bad keys: each of them
/// well-formed and never seen before, as the worst that a stranger can do.
fn flood(keydesk: &Server, good: &[u8]) -> Result<(), Failed> {
    let (mut alone, mut among) = (vec![], vec![]);
    for _ in 0..3 {
        alone.push(steady(keydesk, good)?);
        let over = AtomicBool::new(false);
        among.push(thread::scope(|scope| {
            let strangers = scope.spawn(|| strangers(keydesk, &over));
            let p99 = steady(keydesk, good);
            over.store(true, Relaxed);
            strangers.join().unwrap_or(Err("panicked".into()))?;
            p99
        })?);
    }
    let (alone, among) = (median(alone), median(among));
    say(&format!("good calls at {GOOD} a second, alone and among {BAD} calls a second with unknown keys:"));
    say(&format!("  p99: {alone:.0} us and {among:.0} us, ratio {:.2}", among / alone));
    Ok(())
}

/// The 99th percentile, in microseconds.
fn steady(keydesk: &Server, request: &[u8]) -> Result<f64, Failed> {
    let mut connection = Connection::open(keydesk.address)?;
    let (started, mut latencies) = (Instant::now(), Vec::new());
    for number in 0..GOOD * SECONDS {
        thread::sleep(
            (started + Duration::from_secs(number) / u32::try_from(GOOD)?).saturating_duration_since(Instant::now()),
        );
        let sent = Instant::now();
        if connection.send(request)?.status != 200 {
            return Err("a good call was refused".into());
        }
        latencies.push(sent.elapsed());
    }
    latencies.sort_unstable();
    Ok(percentile(&latencies, 99))
}

fn strangers(keydesk: &Server, over: &AtomicBool) -> Result<(), Failed> {
    let format = SecretFormat::new("ccc")?;
    let mut connection = Connection::open(keydesk.address)?;
    let (started, mut number) = (Instant::now(), 0_u64);
    while !over.load(Relaxed) {
        let mut body = [b'0'; BODY_LEN];
        let digits = format!("{:x}{number:x}", std::process::id());
        body[..digits.len()].copy_from_slice(digits.as_bytes());
        let request = question("/authz?scope=contacts:read", format.write(Environment::Live, &body).expose(), "");
        if connection.send(&request)?.status != 401 {
            return Err("a bad key was not refused".into());
        }
        number += 1;
        let next = started + Duration::from_secs(number) / u32::try_from(BAD)?;
        thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    Ok(())
}

/// Decisions in process, on one thread and on two.
fn two_cores() -> Result<(), Failed> {
    Command::new("taskset").args(["-apc", "0,1", &std::process::id().to_string()]).stdout(Stdio::null()).status()?;
    let dir = tempfile::tempdir()?;
    let database = sqlite_in(dir.path());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (keydesk, secret) = runtime.block_on(async {
        let keydesk = Keydesk::open(OpenOptions::founding(database, dir.path())).await?;
        let operator = Caller::operator(keydesk.installation("default").await?.ok_or("no installation")?.id);
        let new = NewKey::of(SettingsPatch { preset: Some(Preset::Crm), ..SettingsPatch::name("Acme") });
        let issued = keydesk.issue(&operator, new).await?;
        Ok::<_, Failed>((keydesk, issued.secret))
    })?;
    let wanted = [Scope::parse("contacts:read")?];
    let call = Call { scopes: &wanted, ..Call::with(secret.expose()) };
    let decisions = |threads: usize| {
        let until = Duration::from_secs(3);
        thread::scope(|scope| {
            let all: Vec<_> = (0..threads)
                .map(|_| {
                    scope.spawn(|| {
                        let (started, mut count) = (Instant::now(), 0_u64);
                        while started.elapsed() < until {
                            for _ in 0..1_000 {
                                std::hint::black_box(keydesk.verifier().verify_from_memory(call, keydesk.now()));
                            }
                            count += 1_000;
                        }
                        count
                    })
                })
                .collect();
            all.into_iter().map(|thread| thread.join().unwrap_or(0)).sum::<u64>() as f64 / until.as_secs_f64() / 1e6
        })
    };
    let (one, two) = (decisions(1), decisions(2));
    say("decisions on one key, in process, millions a second:");
    say(&format!("  one thread {one:.2}, two threads {two:.2}, ratio {:.2}", two / one));
    Ok(())
}
