//! Valkey goes while calls with a limit come at every node: what is let through meanwhile, and what is said of it.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    Failed,
    http::{Connection, request},
    machine::{Machine, wait_until},
    network::Host,
    nodes::{ADDRESSES, Nodes, operations},
    say,
    traffic::{Line, authz},
};

/// The limit of the trial: so many calls a second, and as many at once.
const RATE: u64 = 300;
const BURST: u64 = 30;
/// What it may be exceeded by where all nodes decide together, in percent.
const OVER: u64 = 2;
/// Callers of each node. They come much more often than the limit allows.
const CALLERS: usize = 2;
/// How long each part of a trial takes.
const PART: Duration = Duration::from_secs(5);

/// What a node says once when it can't ask, and once when it can again.
const GONE: &str = "Redis can't be asked";
const BACK: &str = "Redis answers again";

/// The program that decides on rate limits for all nodes, on a machine of its own.
pub(crate) fn valkey(host: Host, folder: &std::path::Path) -> Result<Machine, Failed> {
    let program = std::env::var("TEST_VALKEY_SERVER").map_err(|_| "`cargo xtask ha` says where Valkey is")?;
    fs::metadata(&program)?;
    let words = ["--bind", "0.0.0.0", "--port", "6379", "--save", "", "--appendonly", "no", "--protected-mode", "no"];
    let command = [program].into_iter().chain(words.map(str::to_owned)).collect();
    let mut machine = Machine::new(host, folder, command);
    machine.start()?;
    Ok(machine)
}

/// Where nodes ask it.
pub(crate) fn address(host: Host) -> String {
    format!("redis://{}:6379", host.address)
}

/// Takes it away under load, and brings it back: in turn its process is killed, and its cable taken out.
pub(crate) fn lose(nodes: &mut Nodes, round: u32) -> Result<(), Failed> {
    let key = limited(nodes)?;
    wait_until(|| all_say(true))?;
    let said = |words: &str, nodes: &Nodes| -> Vec<usize> {
        nodes.machines.iter().map(|machine| machine.said().matches(words).count()).collect()
    };
    let before = [said(GONE, nodes), said(BACK, nodes)];
    let load = Load::start(&key);
    // What can be taken at once is gone when it begins.
    thread::sleep(Duration::from_millis(500));
    let together = load.part();
    let is_killed = round % 2 == 1;
    if is_killed {
        nodes.valkey.kill()?;
    } else {
        nodes.valkey.host.cut()?;
    }
    wait_until(|| all_say(false))?;
    let shares = load.part();
    if is_killed {
        nodes.valkey.start()?;
    } else {
        nodes.valkey.host.join()?;
    }
    wait_until(|| all_say(true))?;
    let again = load.part();
    load.end();
    let after = [said(GONE, nodes), said(BACK, nodes)];
    say(&format!("  {RATE} calls a second: {together} with Valkey, {shares} without, {again} when it was back"));
    together.check("with Valkey", OVER)?;
    // What a node knows to be taken counts on; the rest is its share, and no node gives more.
    shares.check("without Valkey", 0)?;
    again.check("when Valkey was back", OVER)?;
    for (words, before, after) in [(GONE, &before[0], &after[0]), (BACK, &before[1], &after[1])] {
        if before.iter().zip(after).any(|(before, after)| before + 1 != *after) {
            return Err(format!("nodes said “{words}” {before:?} times before and {after:?} times after").into());
        }
    }
    Ok(())
}

/// A key with the limit.
fn limited(nodes: &Nodes) -> Result<String, Failed> {
    let rate = format!("trial={RATE}/1s,burst={BURST}");
    let made = nodes.command(&[
        "key",
        "create",
        "--client-name",
        "Limited",
        "--scope",
        "calls:read",
        "--rate",
        &rate,
        "--json",
    ])?;
    let made: Value = serde_json::from_str(&made)?;
    Ok(made["key"].as_str().ok_or("no key was made")?.to_owned())
}

/// Whether the metrics of every node say that rate limits are decided there, or that they are not.
fn all_say(is_up: bool) -> Result<(), String> {
    let expected = format!("\nkeydesk_limit_redis_up {}\n", u8::from(is_up));
    for node in 0..ADDRESSES.len() {
        let metrics = Connection::open(operations(node))
            .and_then(|mut connection| connection.send(&request("GET", "/metrics", "", "")))
            .map(|answer| String::from_utf8_lossy(&answer.body).into_owned())
            .map_err(|error| format!("the metrics of node {} can't be read: {error}", node + 1))?;
        if !metrics.contains(&expected) {
            return Err(format!("the metrics of node {} don't say {}", node + 1, expected.trim()));
        }
    }
    Ok(())
}

#[derive(Default)]
struct Counts {
    over: AtomicBool,
    passed: AtomicU64,
    refused: AtomicU64,
    others: AtomicU64,
}

/// Calls at every node, as many as it answers.
struct Load {
    counts: Arc<Counts>,
    callers: Vec<JoinHandle<()>>,
}

impl Load {
    fn start(key: &str) -> Self {
        let (counts, call) = (Arc::<Counts>::default(), authz(key));
        let callers = ADDRESSES.iter().flat_map(|address| [*address; CALLERS]).map(|address| {
            let (counts, call) = (Arc::clone(&counts), call.clone());
            thread::spawn(move || {
                let mut line = Line { address, connection: None };
                while !counts.over.load(SeqCst) {
                    let count = match line.send(&call).map(|answer| answer.status) {
                        Some(200) => &counts.passed,
                        Some(429) => &counts.refused,
                        _ => &counts.others,
                    };
                    count.fetch_add(1, SeqCst);
                    thread::sleep(Duration::from_millis(1));
                }
            })
        });
        let callers = callers.collect();
        Self { counts, callers }
    }

    /// What comes for a while from now on.
    fn part(&self) -> Part {
        let seen = || [&self.counts.passed, &self.counts.refused, &self.counts.others].map(|count| count.load(SeqCst));
        let (began, before) = (Instant::now(), seen());
        thread::sleep(PART);
        let after = seen();
        let [passed, refused, others] = [0, 1, 2].map(|place: usize| after[place] - before[place]);
        Part { passed, refused, others, took: began.elapsed() }
    }

    fn end(self) {
        self.counts.over.store(true, SeqCst);
        for caller in self.callers {
            let _ = caller.join();
        }
    }
}

struct Part {
    passed: u64,
    refused: u64,
    others: u64,
    took: Duration,
}

impl Part {
    /// Neither an open door nor a closed one: of what the limit allows at most so many percent more, and at least a half.
    fn check(&self, when: &str, over: u64) -> Result<(), Failed> {
        let millis = u64::try_from(self.took.as_millis())?;
        let allowed = RATE * millis / 1_000;
        let (least, most) = (allowed / 2, BURST + allowed * (100 + over) / 100);
        let is_busy = self.refused > allowed / 10;
        if self.others > 0 || !is_busy || !(least..=most).contains(&self.passed) {
            return Err(format!("{when} {self}; {least} to {most} should pass, and others be refused").into());
        }
        Ok(())
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { passed, refused, others, took } = self;
        write!(f, "{passed} passed, {refused} were refused and {others} not answered in {:.1} s", took.as_secs_f64())
    }
}
