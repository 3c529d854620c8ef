//! Calls under load, as a user's proxy makes them: `bench --load [--rounds N] [--seconds N]`, of it
//! what limits and usage cost alone with `--limits`.
//!
//! wrk keeps a number of connections busy and asks about 10,000 keys, one after the other, in an order that has nothing to do
//! with the one in which they were made. The server has core 0 and wrk core 1. Each round measures every row once, so
//! other load on the machine falls on all of them. Five seconds hold one writing-down of usage.
//!
//! How much a second core adds is measured with server and generator on the same cores: both on one, then both on two. So
//! there is twice as much of everything, and an ideal server answers twice as many calls.

pub(crate) mod keys;
mod memory;
pub(crate) mod neighbours;
mod rows;
mod table;
pub(crate) mod wrk;

pub(super) use self::memory::measure as memory;
use self::{keys::Keys, rows::Row, table::Sample};
use crate::{Failed, Programs, process::Server, say};

/// Keys that are asked about.
pub(crate) const KEYS: usize = 10_000;
/// Seconds of load before a server is measured for the first time.
pub(crate) const WARM_UP: u32 = 3;

/// How much is measured.
struct Extent {
    rounds: u32,
    /// Seconds of load for each row in each round.
    seconds: u32,
}

pub(crate) fn measure(programs: &Programs, args: &[String]) -> Result<(), Failed> {
    let extent = Extent { rounds: number(args, "--rounds", 5)?, seconds: number(args, "--seconds", 5)? };
    let sets = [Keys::without_limits(KEYS)?, Keys::with_three_limits(KEYS)?];
    let (servers, mut rows) = rows::plan(programs, &sets)?;
    if args.iter().any(|arg| arg == "--limits") {
        rows = rows::of_limits(rows);
    }
    let keys = |row: &Row| &sets[usize::from(row.is_limited())];
    let minutes = f64::from(extent.rounds * extent.seconds) * rows.len() as f64 / 60.0;
    say(&format!("{} rows, {} rounds: about {minutes:.0} minutes", rows.len(), extent.rounds));
    for row in first_of_each_server(&rows) {
        row.load.run(&servers[row.server], keys(row), WARM_UP)?;
    }
    let mut samples: Vec<Vec<Sample>> = vec![Vec::new(); rows.len()];
    for round in 1..=extent.rounds {
        for (row, samples) in rows.iter().zip(&mut samples) {
            samples.push(sample(row, &servers[row.server], keys(row), extent.seconds)?);
        }
        say(&format!("round {round} of {} is done", extent.rounds));
    }
    say(&table::markdown(&rows, &samples));
    Ok(())
}

fn sample(row: &Row, server: &Server, keys: &Keys, seconds: u32) -> Result<Sample, Failed> {
    let before = server.cpu_of_all()?;
    let measured = row.load.run(server, keys, seconds).map_err(|error| format!("{}: {error}", row.what))?;
    let cpu = server.cpu_of_all()? - before;
    Ok(Sample {
        cpu: cpu.as_secs_f64() * 1e6 / measured.calls,
        rate: measured.calls / measured.seconds,
        p50: measured.p50,
        p99: measured.p99,
    })
}

fn first_of_each_server(rows: &[Row]) -> impl Iterator<Item = &Row> {
    rows.iter()
        .enumerate()
        .filter(|(at, row)| rows[..*at].iter().all(|other| other.server != row.server))
        .map(|(_, row)| row)
}

/// The number behind a flag, or the usual one.
pub(crate) fn number(args: &[String], flag: &str, usual: u32) -> Result<u32, Failed> {
    match args.iter().position(|arg| arg == flag) {
        Some(at) => Ok(args.get(at + 1).ok_or_else(|| format!("{flag} wants a number"))?.parse()?),
        None => Ok(usual),
    }
}
