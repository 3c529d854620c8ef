//! `cargo xtask chaos`: processes are killed, disks fill, writes fail, images are damaged, clocks jump and databases fail over
//! under callers whose ledger is kept outside of the server. `chaos [--rounds N] [--only NAME,...] [--seed N]`.
//!
//! A round that went wrong is repeated by `--only NAME --rounds 1 --seed SEED`.

mod cluster;
mod failovers;
mod full_disks;
#[path = "../../tests/doors/support/http.rs"]
#[expect(dead_code, reason = "the tests of the doors use the rest")]
mod http;
mod little_memory;
#[path = "../../tests/doors/support/process.rs"]
#[expect(dead_code, reason = "the tests of the doors use the rest")]
mod process;
mod rounds;
mod scenario;

/// Where the rounds find it among the tests of the doors.
mod support {
    pub(crate) use crate::{
        http::{Connection, post_form, request},
        process::{Program, Ran, command, keydesk, limited, shell, wait_until},
    };
}

use std::{
    io::Write as _,
    process::ExitCode,
    time::{Duration, Instant},
};

use rounds::{Counts, Random};
use scenario::Scenario;
use tokio::task::{LocalSet, spawn_local};

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// No round takes longer.
const PATIENCE: Duration = Duration::from_secs(300);

struct Asked {
    rounds: u64,
    seed: u64,
    only: Vec<Scenario>,
}

impl Asked {
    fn read(mut args: impl Iterator<Item = String>) -> Result<Self, Failed> {
        let mut asked = Self { rounds: 50, seed: 1, only: Scenario::ALL.to_vec() };
        while let Some(flag) = args.next() {
            let value = args.next().ok_or_else(|| format!("{flag} wants a value"))?;
            match flag.as_str() {
                "--rounds" => asked.rounds = value.parse()?,
                "--seed" => asked.seed = value.parse()?,
                "--only" => {
                    let find = |name: &str| Scenario::ALL.into_iter().find(|scenario| scenario.name() == name);
                    asked.only = value
                        .split(',')
                        .map(find)
                        .collect::<Option<_>>()
                        .ok_or_else(|| format!("there are {}", Scenario::ALL.map(Scenario::name).join(", ")))?;
                }
                _ => return Err(format!("{flag} is not understood").into()),
            }
        }
        Ok(asked)
    }
}

fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

#[tokio::main]
async fn main() -> Result<ExitCode, Failed> {
    let asked = Asked::read(std::env::args().skip(1))?;
    Ok(LocalSet::new().run_until(all(&asked)).await)
}

/// Makes all rounds, one after the other.
async fn all(asked: &Asked) -> ExitCode {
    // What is wrong stands in the table.
    std::panic::set_hook(Box::new(|_| {}));
    say("| trial | rounds | calls | changes | minutes | what went wrong |\n|---|---|---|---|---|---|");
    let mut wrong = 0;
    for scenario in &asked.only {
        if let Err(reason) = scenario.possible() {
            say(&format!("| {} | 0 | | | | left out: {reason} |", scenario.name()));
            continue;
        }
        let began = Instant::now();
        let (mut counts, mut faults) = (Counts::default(), Vec::new());
        for seed in (0..asked.rounds).map(|round| asked.seed.wrapping_add(round)) {
            let round = spawn_local(scenario.round(Random::new(seed)));
            match tokio::time::timeout(PATIENCE, round).await {
                Ok(Ok(done)) => counts += done,
                Ok(Err(error)) => faults.push(format!("seed {seed}: {}", words(error.into_panic().as_ref()))),
                Err(_) => faults.push(format!("seed {seed}: it did not end")),
            }
        }
        let Counts { calls, changes } = counts;
        let minutes = began.elapsed().as_secs_f64() / 60.0;
        let found = if faults.is_empty() { "nothing".to_owned() } else { format!("{} of them", faults.len()) };
        say(&format!("| {} | {} | {calls} | {changes} | {minutes:.1} | {found} |", scenario.name(), asked.rounds));
        faults.iter().for_each(|fault| say(&format!("  {}: {fault}", scenario.name())));
        wrong += faults.len();
    }
    if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What a panic said.
fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let said = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    said.unwrap_or("it panicked").replace('\n', " ")
}
