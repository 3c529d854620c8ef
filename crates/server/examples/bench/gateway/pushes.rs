//! Streams of the contact centre through the gateway: how long an event takes to the last who follows, and what a stream costs.
//! `examples/follow.rs` is the contact centre, and those who follow.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use rustix::process::{Resource, Rlimit, setrlimit};

use super::fronts::{gateway_with, sandbox_with};
use crate::{Failed, Programs, process::Server, say, sqlite_in};

/// By when an event must be with the last, in milliseconds, of 99 of 100 events.
const SOON: i64 = 250;
/// Streams, and events in a second that they must bear.
const WANTED: [(u32, u64); 2] = [(1_000, 50), (100, 500)];
/// Streams in which hardly anything happens, and for how long: longer than a gateway waits for an API that says nothing.
const IDLE: (u32, u32) = (10_000, 75);
/// Files that may be open: two for each stream at a gateway whose API is another process.
const FILES: u64 = 131_072;
/// How many seconds a rate is measured at least, so that there are enough events for a percentile.
const SECONDS_MIN: u32 = 10;
/// How often a rate that holds is doubled at most.
const DOUBLINGS: u32 = 8;

/// What came of a trial.
struct Came {
    /// Events that were told to all streams.
    events: u64,
    /// Milliseconds until the last stream had an event; -1: nothing was told to all.
    p50: i64,
    p99: i64,
    most: i64,
    /// Streams that ended by themselves.
    ended: u32,
    /// What the gateway's memory had grown by for each stream when all had begun, and at the end.
    kilobytes: [u64; 2],
}

pub(super) fn measure(programs: &Programs, seconds: u32) -> Result<(), Failed> {
    let seconds = seconds.max(SECONDS_MIN);
    let raised = Rlimit { current: Some(FILES), maximum: Some(FILES) };
    if setrlimit(Resource::Nofile, raised).is_err() {
        say("this user may not raise how many files may be open: 10,000 streams need 10,000 (`ulimit -Hn`)");
    }
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    let database = sqlite_in(folder);
    programs.document(&database, folder, &["init"])?;
    let create = ["key", "create", "--client-name", "Wallboards", "--environment", "test"];
    let key = programs.secret(&database, folder, &[&create[..], &["--scope", "agent-states:subscribe"]].concat())?;
    let place = Place { programs, database: &database, folder, key: &key };

    say(
        "\n| streams | events a second | told to all in time | p50 | p99 | most | gateway's memory a stream, at first and at last |\n|---|---|---|---|---|---|---|",
    );
    for (streams, wanted) in WANTED {
        let mut rate = wanted;
        for _ in 0..=DOUBLINGS {
            let came = match place.trial(streams, rate, seconds) {
                Ok(came) => came,
                Err(error) if rate > wanted => {
                    say(&format!("| {streams} | {rate} | no: {error} | | | | |"));
                    break;
                }
                Err(error) => return Err(error),
            };
            let whole = came.events as f64 / (rate * u64::from(seconds)) as f64;
            // Those of the last moment are still on their way.
            let holds = came.ended == 0 && whole >= 0.9 && (0..=SOON).contains(&came.p99);
            let Came { p50, p99, most, kilobytes: [at_first, at_last], .. } = came;
            let holds_or_not = if holds { "yes" } else { "no" };
            say(&format!(
                "| {streams} | {rate} | {holds_or_not}, {:.0} % | {p50} ms | {p99} ms | {most} ms | {at_first} KB, {at_last} KB |",
                whole * 100.0
            ));
            if !holds {
                break;
            }
            rate *= 2;
        }
    }
    let (streams, seconds) = IDLE;
    let came = place.idle(streams, seconds)?;
    let [at_first, at_last] = came.kilobytes;
    say(&format!("| {streams} | 0, for {seconds} s | {} ended | | | | {at_first} KB, {at_last} KB |", came.ended));
    Ok(())
}

struct Place<'a> {
    programs: &'a Programs,
    database: &'a str,
    folder: &'a Path,
    key: &'a str,
}

impl Place<'_> {
    /// So many streams for so long, while so many events a second happen.
    fn trial(&self, streams: u32, rate: u64, seconds: u32) -> Result<Came, Failed> {
        let centre = Centre::start(&self.programs.follow, rate)?;
        let config = format!(
            "trusted_proxies = [\"127.0.0.1\"]\nroutes = \"contact-centre\"\n\
             [gateway]\nmax_streams = 20000\nmax_streams_of_key = 20000\n\
             [upstreams.test]\nurls = \"http://{}\"\nmax_connections = 20000\n",
            centre.address
        );
        let gateway = gateway_with(self.programs, self.database, self.folder, &config)?;
        self.follow(&gateway, streams, seconds)
    }

    /// So many streams for so long of the contact centre that the server has in itself, whose agents have their usual day.
    fn idle(&self, streams: u32, seconds: u32) -> Result<Came, Failed> {
        let config = "trusted_proxies = [\"127.0.0.1\"]\nroutes = \"contact-centre\"\n\
             [gateway]\nmax_streams = 20000\nmax_streams_of_key = 20000\n\
             [sandbox]\nhistory_days = 0\n";
        let gateway = sandbox_with(self.programs, self.database, self.folder, config)?;
        self.follow(&gateway, streams, seconds)
    }

    fn follow(&self, gateway: &Server, streams: u32, seconds: u32) -> Result<Came, Failed> {
        let (address, pid) = (gateway.address.to_string(), gateway.pid().to_string());
        let output = Command::new(&self.programs.follow)
            .args(["read", &address, &streams.to_string(), &seconds.to_string(), &pid, self.key])
            .output()?;
        let printed = String::from_utf8_lossy(&output.stdout);
        let line = printed.lines().find_map(|line| line.strip_prefix("measured "));
        let line = line.ok_or_else(|| format!("no stream: {printed}{}", String::from_utf8_lossy(&output.stderr)))?;
        let numbers = line.split(' ').map(str::parse).collect::<Result<Vec<i64>, _>>()?;
        let [events, p50, p99, most, ended, at_first, at_last] = numbers[..] else {
            return Err("follow said something else".into());
        };
        let (events, ended): (u64, u32) = (events.try_into()?, ended.try_into()?);
        let kilobytes = [at_first.try_into()?, at_last.try_into()?];
        Ok(Came { events, p50, p99, most, ended, kilobytes })
    }
}

/// A contact centre in which as much happens as it is told to. Gone when dropped.
struct Centre {
    child: Child,
    address: String,
}

impl Centre {
    fn start(follow: &Path, rate: u64) -> Result<Self, Failed> {
        let child = Command::new(follow).args(["serve", &rate.to_string()]).stdout(Stdio::piped()).spawn()?;
        let mut centre = Self { child, address: String::new() };
        let output = centre.child.stdout.as_mut().ok_or("no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        line.split(' ').next().unwrap_or_default().clone_into(&mut centre.address);
        Ok(centre)
    }
}

impl Drop for Centre {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
