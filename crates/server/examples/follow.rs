//! How long it takes from an event of the contact centre to the last of many who follow, and what each of them costs.
//!
//! `follow serve EVENTS_A_SECOND` is a contact centre in which so many things happen, and says where it listens.
//! `follow read ADDRESS STREAMS SECONDS [PID] [KEY]` follows it so often, there or with a key through a gateway, and says what came
//! of it: milliseconds to the last of all, and what the memory of the process PID has grown by for each stream, when all have begun
//! and at the end. `bench --gateway --streams` runs both, with the gateway between them, and reads the last line.

use std::{
    collections::HashMap,
    env, fs,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use contact_centre::{
    event::Actor,
    objects::{Reason, RoutingState},
    sim::Config,
    world::World,
    worlds::Worlds,
};
use contact_centre_api::{Centre, Gateway, Settings, Source, router};
use domain::{Clock as _, Entropy as _, SystemClock, SystemEntropy};
use model::{Instant, Network, TrustedProxies, phone::Withheld};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream},
    time::{MissedTickBehavior, interval, sleep},
};
use uuid::Uuid;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Failed = Box<dyn std::error::Error + Send + Sync>;

struct Machine;

impl Source for Machine {
    fn now(&self) -> Instant {
        SystemClock.now()
    }

    fn fill(&self, bytes: &mut [u8]) {
        SystemEntropy.fill(bytes);
    }
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    raise_open_files();
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["serve", rate] => serve(rate.parse()?).await,
        ["read", address, streams, seconds, ref more @ ..] => {
            let pid = more.first().map(|pid| pid.parse()).transpose()?;
            read(address.to_owned(), streams.parse()?, seconds.parse()?, pid, more.get(1).copied()).await
        }
        _ => Err("follow serve EVENTS_A_SECOND | follow read ADDRESS STREAMS SECONDS [PID] [KEY]".into()),
    }
}

/// A contact centre without callers, in which agents change what they do so often.
async fn serve(rate: u64) -> Result<(), Failed> {
    let mut config = Config::new(1);
    (config.agents, config.contacts, config.leads) = (60, 10, 0);
    (config.calls_per_day, config.history_days) = (0, 0);
    let settings = Settings {
        gateway: Gateway { addresses: TrustedProxies::new(vec![Network::parse("127.0.0.1")?]) },
        region: "AU".parse()?,
        withheld: Withheld::default(),
        world: config.clone(),
        shared_world_is_led: true,
        exports_max: 1,
        streams_max: 12_000,
    };
    let centre = Centre::new(Worlds::new(World::ephemeral(config, SystemClock.now())), Machine, settings);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println(&format!("{} pid {}", listener.local_addr()?, std::process::id()));
    let service = router(centre.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let listener = axum::serve::ListenerExt::tap_io(listener, |stream| drop(stream.set_nodelay(true)));
    tokio::spawn(async move { axum::serve(listener, service).await });
    let actor = Actor::key(Uuid::from_u128(1), None);
    let agents: Vec<_> = centre.worlds().main().read(|world| world.state().agents().map(|agent| agent.id).collect());
    let reasons = [Reason::Break, Reason::Meal, Reason::Training];
    if rate == 0 {
        std::future::pending::<()>().await;
    }
    let mut ticks = interval(Duration::from_micros(1_000_000 / rate.max(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for (agent, count) in agents.iter().cycle().zip(0_usize..) {
        ticks.tick().await;
        let wish = RoutingState::NotReady(reasons[(count / agents.len()) % reasons.len()]);
        let changed =
            centre.worlds().main().with(SystemClock.now(), |world| world.set_agent_state(&actor, *agent, wish));
        changed??;
    }
    Ok(())
}

/// What one stream has seen: places of events, and when they came.
type Came = Vec<(u64, Instant)>;

async fn read(
    address: String,
    streams: usize,
    seconds: u64,
    pid: Option<u32>,
    key: Option<&str>,
) -> Result<(), Failed> {
    let who = key.map_or_else(
        || {
            let id = Uuid::from_u128(7);
            format!(
                "x-keydesk-key-id: {id}\r\nx-keydesk-environment: test\r\nx-keydesk-scopes: agent-states:subscribe\r\n"
            )
        },
        |key| format!("authorization: Bearer {key}\r\n"),
    );
    let head = format!(
        "GET /v1/stream/agent-states?types=agent.state_changed HTTP/1.1\r\nhost: {address}\r\n\
         accept: text/event-stream\r\n{who}\r\n"
    );
    let begun = Arc::new(AtomicUsize::new(0));
    let mut tasks = Vec::with_capacity(streams);
    let mut before = None;
    for n in 0..streams {
        let mut stream = connect(&address, n).await?;
        stream.write_all(head.as_bytes()).await?;
        tasks.push(tokio::spawn(follow(stream, begun.clone(), n == 0)));
        if n == 0 {
            // A process that has just been started takes memory for itself.
            sleep(SETTLED).await;
            before = pid.map(resident).transpose()?;
        }
    }
    let began = std::time::Instant::now();
    while begun.load(Relaxed) < streams {
        if began.elapsed() > ALL_BEGIN {
            return Err(format!("{} streams of {streams} have begun", begun.load(Relaxed)).into());
        }
        sleep(Duration::from_millis(50)).await;
    }
    let at_first = pid.map(resident).transpose()?;
    // A thousand snapshots at once are another trial.
    sleep(SETTLED).await;
    let settled = SystemClock.now();
    sleep(Duration::from_secs(seconds)).await;
    let at_last = pid.map(resident).transpose()?;
    let ended = tasks.iter().filter(|task| task.is_finished()).count();
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
    let mut last: HashMap<u64, (usize, Instant)> = HashMap::new();
    let mut happened = HashMap::new();
    for task in tasks {
        // It ends when it is told to, and keeps what came in what it shares.
        drop(task.await);
    }
    for (came, told) in SEEN.lock().unwrap_or_else(std::sync::PoisonError::into_inner).drain(..) {
        happened.extend(told);
        for (seq, at) in came {
            let entry = last.entry(seq).or_insert((0, at));
            *entry = (entry.0 + 1, entry.1.max(at));
        }
    }
    let whole = last.iter().filter(|(_, (count, _))| *count == streams);
    let whole = whole.filter_map(|(seq, (_, at))| Some((happened.get(seq).copied()?, at.as_millis())));
    let mut times: Vec<i64> = whole
        .filter(|(happened, _)| *happened >= settled.as_millis())
        .map(|(happened, told)| told - happened)
        .collect();
    times.sort_unstable();
    let at = |share: usize| times.get((times.len() * share / 1_000).min(times.len().saturating_sub(1))).copied();
    let [p50, p99, most] = [at(500), at(990), times.last().copied()].map(|time| time.unwrap_or(-1));
    println(&format!(
        "{streams} streams, of which {ended} ended, {} events to all of them in {seconds} s; to the last: p50 {p50} ms, p99 {p99} ms, \
         most {most} ms",
        times.len(),
    ));
    let grown = |then: Option<u64>| {
        before.zip(then).map_or(0, |(before, then)| then.saturating_sub(before) / streams.max(1) as u64)
    };
    let (at_first, at_last) = (grown(at_first), grown(at_last));
    println(&format!("{at_first} KB for each stream when all had begun, {at_last} at the end"));
    println(&format!("measured {} {p50} {p99} {most} {ended} {at_first} {at_last}", times.len()));
    Ok(())
}

/// How long streams that have begun are left alone before what happens is measured.
const SETTLED: Duration = Duration::from_secs(3);

/// How long it may take until all streams have begun.
const ALL_BEGIN: Duration = Duration::from_secs(120);

/// Addresses that streams come from: a gateway has places for a trusted proxy, which the first is, and for each stranger.
const FROM: u8 = 4;

/// The next stream, from one of these addresses. Every other one is of the proxy.
async fn connect(address: &str, number: usize) -> Result<TcpStream, Failed> {
    let socket = TcpSocket::new_v4()?;
    let stranger = number.is_multiple_of(2).then_some(number / 2 % usize::from(FROM - 1));
    let last = stranger.map_or(1, |stranger| 2 + stranger as u8);
    socket.bind(SocketAddr::from(([127, 0, 0, last], 0)))?;
    Ok(socket.connect(address.parse()?).await?)
}

/// As many as the user may have: each stream is a file.
fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    // Whoever may not is told when a connection fails.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
}

/// What streams have seen, and of the first when it happened.
static SEEN: std::sync::Mutex<Vec<(Came, HashMap<u64, i64>)>> = std::sync::Mutex::new(Vec::new());

/// Hands over what a stream has seen, however it ends.
#[derive(Default)]
struct Keep(Came, HashMap<u64, i64>);

impl Drop for Keep {
    fn drop(&mut self) {
        let seen = (std::mem::take(&mut self.0), std::mem::take(&mut self.1));
        SEEN.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(seen);
    }
}

/// Follows until it is ended. Each event is a chunk of its own, so its lines are whole.
async fn follow(mut stream: TcpStream, begun: Arc<AtomicUsize>, tells: bool) -> Result<(), Failed> {
    let mut keep = Keep::default();
    let (mut rest, mut snapshot) = (Vec::new(), false);
    loop {
        if stream.read_buf(&mut rest).await? == 0 {
            return Err("the stream has ended".into());
        }
        let now = SystemClock.now();
        let Some(end) = rest.iter().rposition(|byte| *byte == b'\n') else { continue };
        let lines: Vec<u8> = rest.drain(..=end).collect();
        for line in lines.split(|byte| *byte == b'\n') {
            let line = std::str::from_utf8(line)?;
            if line == "event: stream.snapshot" && !snapshot {
                snapshot = true;
                begun.fetch_add(1, Relaxed);
            } else if let Some(seq) = line.strip_prefix("id: ").and_then(|id| id.split_once('-')?.1.parse().ok()) {
                keep.0.push((seq, now));
            } else if tells && let Some(json) = line.strip_prefix("data: ") {
                // A snapshot comes in several chunks, whose heads stand in its line. It tells of nothing that happened.
                let Ok(event) = serde_json::from_str::<serde_json::Value>(json) else { continue };
                let at = event["timestamp"].as_str().and_then(|at| at.parse::<Instant>().ok());
                keep.1.extend(event["seq"].as_u64().zip(at.map(Instant::as_millis)));
            }
        }
    }
}

/// Kilobytes of a process that are in memory.
fn resident(pid: u32) -> Result<u64, Failed> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}

fn println(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout(), "{text}");
}
