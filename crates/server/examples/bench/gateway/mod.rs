//! The gateway beside what its users would put in its place: `bench --gateway [--calls] [--bodies] [--streams] [--rounds N]
//! [--seconds N]`, all parts or those that are named.
//!
//! What is measured has core 0, and so has the Keydesk that a proxy asks. The API and the generator share core 1, alike for all. As
//! under `--load` each round measures every row once, and wrk asks with 10,000 keys in an order of their own.

mod bodies;
mod fronts;
mod pushes;
mod steady;
mod table;

use fronts::{Front, Fronts};
use table::Sample;

use crate::{
    Failed, Programs,
    load::{
        KEYS, WARM_UP,
        keys::Keys,
        number,
        wrk::{Call, Load},
    },
    median, say,
};

const CONNECTIONS: u32 = 32;
const LOAD: Load = Load { call: Call::Forwarded, connections: CONNECTIONS, threads: 1, cores: "1" };

/// How much is measured.
struct Extent {
    rounds: u32,
    /// Seconds of load for each row in each round.
    seconds: u32,
}

pub(crate) fn measure(programs: &Programs, args: &[String]) -> Result<(), Failed> {
    let extent = Extent { rounds: number(args, "--rounds", 5)?, seconds: number(args, "--seconds", 5)? };
    let names = |part: &str| args.iter().any(|arg| arg == part);
    let names_none = !["--calls", "--bodies", "--streams"].into_iter().any(names);
    let keys = Keys::without_limits(KEYS)?;
    if names_none || names("--calls") {
        calls(programs, &keys, &extent)?;
    }
    if names_none || names("--bodies") {
        bodies::measure(programs, &keys, extent.rounds)?;
    }
    if names_none || names("--streams") {
        pushes::measure(programs, extent.seconds)?;
    }
    Ok(())
}

/// Small calls: as many as can be answered, then half as many as nginx answers.
fn calls(programs: &Programs, keys: &Keys, extent: &Extent) -> Result<(), Failed> {
    let fronts = Fronts::start(programs, keys)?;
    let rows = &fronts.all;
    let minutes = f64::from(2 * extent.rounds * extent.seconds) * rows.len() as f64 / 60.0;
    say(&format!("{} rows, {} rounds at full load and at half: about {minutes:.0} minutes", rows.len(), extent.rounds));
    for Front { what, server, .. } in rows {
        LOAD.run(server, keys, WARM_UP).map_err(|error| format!("{what}: {error}"))?;
    }
    let mut samples: Vec<Vec<Sample>> = vec![Vec::new(); rows.len()];
    for round in 1..=extent.rounds {
        for (front, samples) in rows.iter().zip(&mut samples) {
            samples.push(sample(front, &fronts, keys, extent.seconds)?);
        }
        say(&format!("round {round} of {} is done", extent.rounds));
    }
    say(&table::calls(CONNECTIONS, rows, &samples));

    let reached = |samples: &Vec<Sample>| median(samples.iter().map(|sample| sample.rate).collect());
    let half = samples.first().map_or(0.0, reached) / 2.0;
    // Whoever can't do that much is asked for half of what it can do.
    let rates: Vec<f64> =
        samples.iter().map(reached).map(|own| if own * 0.75 > half { half } else { own / 2.0 }).collect();
    let mut latencies = vec![Vec::new(); rows.len()];
    for _ in 1..=extent.rounds {
        for ((front, rate), latencies) in rows.iter().zip(&rates).zip(&mut latencies) {
            let run = steady::run(&front.server, keys, CONNECTIONS, *rate, extent.seconds);
            latencies.push(run.map_err(|error| format!("{}: {error}", front.what))?);
        }
    }
    say(&table::half_load(rows, &rates, &latencies));
    Ok(())
}

fn sample(front: &Front, fronts: &Fronts, keys: &Keys, seconds: u32) -> Result<Sample, Failed> {
    let (own, asked) = (front.server.cpu_of_all()?, fronts.asked.cpu_of_all()?);
    let measured = LOAD.run(&front.server, keys, seconds).map_err(|error| format!("{}: {error}", front.what))?;
    let own = (front.server.cpu_of_all()? - own).as_secs_f64() * 1e6 / measured.calls;
    let asked = (fronts.asked.cpu_of_all()? - asked).as_secs_f64() * 1e6 / measured.calls;
    Ok(Sample {
        own,
        in_all: if front.asks { own + asked } else { own },
        rate: measured.calls / measured.seconds,
        p50: measured.p50,
        p99: measured.p99,
    })
}
