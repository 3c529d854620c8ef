//! What `docs/performance.md` quotes: `bench [--keys N] [--skip-verify] [--skip-sqlite]`, of it the pages of a million keys alone
//! (`bench --million`), or alone one of `bench --timing [N]`, `bench --load [--rounds N] [--seconds N]`,
//! `bench --gateway [--calls] [--bodies] [--streams] [--rounds N] [--seconds N]`, `bench --creates`,
//! `bench --attack [--seconds N]`, `bench --overshoot [--seconds N]`, `bench --memory`, `bench --import [--rows N]` and
//! `bench --revocation [--trials N]`.
//! The server runs on core 0, this on core 1. With `TEST_POSTGRES_URL` the part with many keys also runs on PostgreSQL. With
//! `--seeded FOLDER` the keys of SQLite are made once and kept there; their day ends when they were made.

mod attack;
mod audit;
mod forward_auth;
mod gateway;
mod http;
mod import;
mod load;
mod overshoot;
mod process;
mod revocation;
mod timing;
mod usage;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Barrier,
    time::{Duration, Instant},
};

use http::{Connection, request};
use process::Server;

pub(crate) type Failed = Box<dyn std::error::Error + Send + Sync>;

pub(crate) const VERIFY: &str = "/api/v1/keys/verify";
/// Calls in a round, rounds of each server.
const CALLS: usize = 20_000;
const ROUNDS: usize = 7;

pub(crate) fn say(line: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn main() -> Result<(), Failed> {
    // Every thread and process of the load is pinned with this one.
    Command::new("taskset").args(["-pc", "1", &std::process::id().to_string()]).stdout(Stdio::null()).status()?;
    let args: Vec<String> = std::env::args().collect();
    let keys = match args.iter().position(|arg| arg == "--keys") {
        Some(at) => args.get(at + 1).ok_or("--keys wants a number")?.parse()?,
        None => 1_000_000,
    };
    let programs = Programs::find()?;
    if let Some(at) = args.iter().position(|arg| arg == "--timing") {
        let samples = args.get(at + 1).map_or(Ok(1_000_000), |samples| samples.parse())?;
        return timing::measure(&programs, samples);
    }
    if args.iter().any(|arg| arg == "--attack") {
        return attack::measure(&programs, &args);
    }
    if args.iter().any(|arg| arg == "--revocation") {
        return revocation::measure(&programs, &args);
    }
    if args.iter().any(|arg| arg == "--import") {
        return import::measure(&programs, &args);
    }
    if args.iter().any(|arg| arg == "--overshoot") {
        return overshoot::measure(&programs, &args);
    }
    if args.iter().any(|arg| arg == "--load") {
        return load::measure(&programs, &args);
    }
    if args.iter().any(|arg| arg == "--gateway") {
        return gateway::measure(&programs, &args);
    }
    if args.iter().any(|arg| arg == "--memory") {
        return load::memory(&programs);
    }
    if args.iter().any(|arg| arg == "--creates") {
        return creates_on_each(&programs);
    }
    if !args.iter().any(|arg| arg == "--skip-verify" || arg == "--million") {
        forward_auth::measure(&programs)?;
        verify_against_empty(&programs)?;
        creates_on_each(&programs)?;
    }
    if keys > 0 {
        if !args.iter().any(|arg| arg == "--skip-sqlite") {
            let seeded = args.iter().position(|arg| arg == "--seeded");
            let seeded = seeded.map(|at| args.get(at + 1).ok_or("--seeded wants a folder")).transpose()?;
            let dir = tempfile::tempdir()?;
            if let Some(seeded) = seeded.map(Path::new) {
                if !seeded.join("keydesk.db").exists() {
                    fs::create_dir_all(seeded)?;
                    seed(&programs, &sqlite_in(seeded), seeded, keys)?;
                }
                for file in fs::read_dir(seeded)? {
                    let file = file?;
                    let copy = dir.path().join(file.file_name());
                    fs::copy(file.path(), &copy)?;
                    // Else the disk is busy with it while the server is measured.
                    fs::File::open(copy)?.sync_all()?;
                }
            } else {
                seed(&programs, &sqlite_in(dir.path()), dir.path(), keys)?;
            }
            many_keys(&programs, &sqlite_in(dir.path()), dir.path(), keys)?;
        }
        if let Ok(server) = std::env::var("TEST_POSTGRES_URL") {
            let (database, dir) = (fresh_postgres(&server, "keys")?, tempfile::tempdir()?);
            seed(&programs, &database, dir.path(), keys)?;
            many_keys(&programs, &database, dir.path(), keys)?;
        }
    }
    Ok(())
}

pub(crate) struct Programs {
    keydesk: PathBuf,
    pub(crate) empty: PathBuf,
    seed: PathBuf,
    follow: PathBuf,
}

impl Programs {
    /// They are built beside this one.
    fn find() -> Result<Self, Failed> {
        let own = std::env::current_exe()?;
        let examples = own.parent().ok_or("no folder")?;
        let release = examples.parent().ok_or("no folder")?;
        let example = |name| examples.join(name);
        Ok(Self {
            keydesk: release.join("keydesk"),
            empty: example("empty"),
            seed: example("seed"),
            follow: example("follow"),
        })
    }

    /// What a command of Keydesk prints.
    fn document(&self, database: &str, dir: &Path, args: &[&str]) -> Result<serde_json::Value, Failed> {
        let output = Command::new(&self.keydesk)
            .args(args)
            .args(["--json", "--database", database, "--data-dir"])
            .arg(dir)
            .output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    pub(crate) fn secret(&self, database: &str, dir: &Path, args: &[&str]) -> Result<String, Failed> {
        Ok(self.document(database, dir, args)?["key"].as_str().ok_or("no key")?.to_owned())
    }

    fn serve(&self, database: &str, dir: &Path) -> Result<Server, Failed> {
        self.serve_with(database, dir, &[])
    }

    pub(crate) fn serve_with(&self, database: &str, dir: &Path, args: &[&str]) -> Result<Server, Failed> {
        self.serve_on("0", database, dir, args)
    }

    pub(crate) fn serve_on(&self, cores: &str, database: &str, dir: &Path, args: &[&str]) -> Result<Server, Failed> {
        let dir = dir.to_str().ok_or("no text")?;
        let own = ["serve", "--listen", "LISTEN", "--database", database, "--data-dir", dir];
        Server::start_on(cores, &self.keydesk, &[&own, args].concat())
    }
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

pub(crate) fn percentile(sorted: &[Duration], percent: usize) -> f64 {
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)].as_secs_f64() * 1e6
}

/// One round: CPU time of the server for a call in us, and the latencies in order.
fn round(server: &Server, request: &[u8]) -> Result<(f64, Vec<Duration>), Failed> {
    let mut connection = Connection::open(server.address)?;
    for _ in 0..500 {
        connection.send(request)?;
    }
    let before = server.cpu()?;
    let mut latencies = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        let sent = Instant::now();
        let answer = connection.send(request)?;
        latencies.push(sent.elapsed());
        if answer.status != 200 {
            return Err(format!("status {}", answer.status).into());
        }
    }
    let cpu = (server.cpu()? - before).as_secs_f64() * 1e6 / CALLS as f64;
    latencies.sort_unstable();
    Ok((cpu, latencies))
}

fn verify_against_empty(programs: &Programs) -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let database = sqlite_in(dir.path());
    programs.document(&database, dir.path(), &["init"])?;
    let caller = programs.secret(&database, dir.path(), &["key", "default", "--reveal"])?;
    let key =
        programs.secret(&database, dir.path(), &["key", "create", "--client-name", "Acme CRM", "--preset", "crm"])?;
    let keydesk = programs.serve(&database, dir.path())?;
    let empty = Server::start(&programs.empty, &["LISTEN"])?;
    let body = format!("{{\"key\":\"{key}\",\"scopes\":[\"contacts:read\"]}}");
    let request = request("POST", VERIFY, &caller, &body);
    against(&keydesk, &empty, "verify", &request)
}

/// A call of `keydesk` beside the same call of the empty handler, in turn.
pub(crate) fn against(keydesk: &Server, empty: &Server, what: &str, request: &[u8]) -> Result<(), Failed> {
    let (mut ratios, mut cpus, mut p50s, mut p99s, mut tails) = (vec![], vec![], vec![], vec![], vec![]);
    for _ in 0..ROUNDS {
        let (empty_cpu, empty_latencies) = round(empty, request)?;
        let (cpu, latencies) = round(keydesk, request)?;
        ratios.push(cpu / empty_cpu);
        cpus.push((cpu, empty_cpu));
        p50s.push((percentile(&latencies, 50), percentile(&empty_latencies, 50)));
        p99s.push((percentile(&latencies, 99), percentile(&empty_latencies, 99)));
        tails.push(percentile(&latencies, 99) / percentile(&empty_latencies, 99));
    }
    let pair = |pairs: &[(f64, f64)]| {
        let (own, other): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
        format!("{:.1} us against {:.1} us", median(own), median(other))
    };
    say(&format!("{what} over HTTP against an empty handler, {ROUNDS} rounds of {CALLS} calls each, medians:"));
    say(&format!("  server CPU for a call: {}, ratio {:.2}", pair(&cpus), median(ratios)));
    say(&format!("  p50: {}", pair(&p50s)));
    say(&format!("  p99: {}, ratio {:.2}", pair(&p99s), median(tails)));
    Ok(())
}

/// Each number of callers creates keys for 5 s. On both cores, which the generator, and PostgreSQL, share with the server.
fn creates_on_each(programs: &Programs) -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    creates(programs, &sqlite_in(dir.path()))?;
    if let Ok(server) = std::env::var("TEST_POSTGRES_URL") {
        creates(programs, &fresh_postgres(&server, "creates")?)?;
    }
    Ok(())
}

fn creates(programs: &Programs, database: &str) -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    programs.document(database, dir.path(), &["init"])?;
    let caller =
        programs.secret(database, dir.path(), &["key", "create", "--client-name", "Load", "--scope", "keys:write"])?;
    let server = programs.serve_on("0,1", database, dir.path(), &[])?;
    let request = request("POST", "/api/v1/keys", &caller, "{\"client_name\":\"Acme CRM\"}");
    say(&format!("keys created through REST on {}:", database.split(':').next().unwrap_or_default()));
    for callers in [1, 8, 32] {
        let barrier = Barrier::new(callers + 1);
        let until = Duration::from_secs(5);
        let created: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..callers)
                .map(|_| {
                    scope.spawn(|| {
                        let mut connection = Connection::open(server.address)?;
                        barrier.wait();
                        let (started, mut created) = (Instant::now(), 0);
                        while started.elapsed() < until {
                            if connection.send(&request)?.status != 201 {
                                return Err("not created".into());
                            }
                            created += 1;
                        }
                        Ok::<usize, Failed>(created)
                    })
                })
                .collect();
            barrier.wait();
            threads.into_iter().map(|thread| thread.join().unwrap_or(Err("panicked".into()))).sum::<Result<_, _>>()
        })?;
        say(&format!("  {callers} callers: {:.0} a second", created as f64 / until.as_secs_f64()));
    }
    Ok(())
}

pub(crate) fn sqlite_in(dir: &Path) -> String {
    format!("sqlite:{}", dir.join("keydesk.db").display())
}

/// Makes that many keys, and a day in which each of them was called.
fn seed(programs: &Programs, database: &str, dir: &Path, keys: usize) -> Result<(), Failed> {
    let started = Instant::now();
    let number = keys.to_string();
    if !Command::new(&programs.seed).arg(database).arg(dir).args([&number, &number]).status()?.success() {
        return Err("seeding failed".into());
    }
    // As a server's autovacuum would have done meanwhile; those of tests have none.
    if database.starts_with("postgres") {
        let analysed = Command::new("psql").arg(database).args(["-qc", "VACUUM ANALYZE"]).status()?;
        if !analysed.success() {
            return Err("the database could not be analysed".into());
        }
    }
    say(&format!("{keys} keys made in {:.0} s", started.elapsed().as_secs_f64()));
    Ok(())
}

fn many_keys(programs: &Programs, database: &str, dir: &Path, keys: usize) -> Result<(), Failed> {
    say(&format!("{keys} keys on {}:", database.split(':').next().unwrap_or_default()));
    let caller = programs.secret(database, dir, &["key", "create", "--client-name", "Load", "--scope", "keys:read"])?;
    let server = programs.serve(database, dir)?;
    let mut connection = Connection::open(server.address)?;
    let ready = request("GET", "/readyz", &caller, "");
    let started = Instant::now();
    while connection.send(&ready)?.status != 200 {}
    say(&format!("  ready after {:.0} ms", (server.accepted_after + started.elapsed()).as_secs_f64() * 1e3));
    // Warm once its memory has stood still for two seconds.
    let (mut memory, mut still) = (0.0, 0);
    while still < 2 {
        std::thread::sleep(Duration::from_secs(1));
        let now = server.memory_mib()?;
        still = if (now - memory) < 1.0 { still + 1 } else { 0 };
        memory = now;
    }
    say(&format!("  memory with a warm cache: {memory:.0} MiB"));
    // The server closes a connection that has been silent for ten seconds.
    let mut connection = Connection::open(server.address)?;
    let mut measure = |what: &str, paths: &[String]| -> Result<(), Failed> {
        let mut latencies = Vec::with_capacity(paths.len());
        let mut matched = 0_u64;
        for path in paths {
            let call = request("GET", path, &caller, "");
            let sent = Instant::now();
            let answer = connection.send(&call)?;
            latencies.push(sent.elapsed());
            if answer.status != 200 {
                return Err(format!("{path}: status {}", answer.status).into());
            }
            let page: serde_json::Value = serde_json::from_slice(&answer.body)?;
            matched += page["total"].as_u64().unwrap_or(0);
        }
        latencies.sort_unstable();
        let (p50, p99) = (percentile(&latencies, 50) / 1e3, percentile(&latencies, 99) / 1e3);
        let mean = matched / paths.len() as u64;
        say(&format!("  {what}: p50 {p50:.1} ms, p99 {p99:.1} ms ({} calls, {mean} matches on average)", paths.len()));
        Ok(())
    };
    measure("first page", &vec!["/api/v1/keys?limit=50".to_owned(); 300])?;
    let columns = ["client_name", "status", "preset", "expires_at", "created_at", "last_used_at"];
    let orders = columns.into_iter().flat_map(|column| [column.to_owned(), format!("-{column}")]);
    let sorted = orders.cycle().take(300).map(|sort| format!("/api/v1/keys?sort={sort}"));
    let sorted: Vec<String> = sorted.collect();
    measure("first page in each order", &sorted)?;
    // Every three letters that are in a name, and as many digits: from a fifth of all keys down to a few hundred.
    let common = ["acm", "ban", "crm", "log", "ene", "rep", "wal", "sta", "nor", "ics"];
    let texts = common.iter().map(|text| (*text).to_owned()).chain((0..100).map(|n| format!("{:03}", n * 7 % 1000)));
    let searches: Vec<String> = texts.cycle().take(330).map(|text| format!("/api/v1/keys?search={text}")).collect();
    measure("search of three characters", &searches)?;
    // In many names, which all stand late in the order; and words of which each is in many.
    let late = ["nor", "ora", "qua", "tam", "%C3%A9"];
    let words =
        ["northwind%20reports", "crm%20tam", "ban%20qua", "tamarind%20pharma%20wall", "rd%20nor", "saffron%200"];
    for (what, texts) in [("search of texts that stand late", &late[..]), ("search of words", &words[..])] {
        let searches = texts.iter().cycle().take(300).map(|text| format!("/api/v1/keys?search={text}"));
        measure(what, &searches.collect::<Vec<_>>())?;
        for text in texts {
            measure(&format!("  {text}"), &vec![format!("/api/v1/keys?search={text}"); 40])?;
        }
    }
    let rare: Vec<String> = (0..200).map(|n| format!("/api/v1/keys?search={:06}", (n * 4_999) % keys)).collect();
    measure("search of one number", &rare)?;
    usage::measure(programs, database, dir, server.address)?;
    audit::measure(programs, database, dir, server.address)
}

fn fresh_postgres(server: &str, what: &str) -> Result<String, Failed> {
    let name = format!("keydesk_bench_{what}_{}", std::process::id());
    let made = Command::new("psql").arg(server).args(["-qc", &format!("CREATE DATABASE {name}")]).status()?;
    if !made.success() {
        return Err("the database for the bench could not be made".into());
    }
    let (base, query) = server.split_once('?').map_or((server, None), |(base, query)| (base, Some(query)));
    let host = base.rsplit_once('/').map_or(base, |(host, _)| host);
    Ok(query.map_or_else(|| format!("{host}/{name}"), |query| format!("{host}/{name}?{query}")))
}
