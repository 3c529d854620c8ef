//! What a world costs: how many calls and events it holds, and how much memory. Run it with `time`:
//! `cargo run --release -p contact_centre --example hold -- 2600 30 60` (calls a day, days, agents).
#![expect(clippy::print_stdout, reason = "it reports")]

use contact_centre::{sim::Config, world::World};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |usual: usize| arguments.next().map_or(Ok(usual), |text| text.parse());
    let mut config = Config::new(1);
    config.calls_per_day = u32::try_from(number(2_600)?)?;
    config.history_days = u32::try_from(number(30)?)?;
    config.agents = number(60)?;
    // The end of a Wednesday in Sydney.
    let now = "2026-03-04T12:00:00Z".parse()?;
    let world = match arguments.next() {
        Some(path) => World::open(config, path.as_ref(), now)?,
        None => World::ephemeral(config, now),
    };
    let state = world.state();
    println!("legs {}, events {} (kept {})", state.calls().count(), state.seq(), world.window().events().len());
    let outcome =
        |word: &str| state.calls().filter(|call| call.outcome.is_some_and(|own| own.as_str() == word)).count();
    for word in ["completed", "transferred", "abandoned", "flowed_out", "no_answer", "busy"] {
        println!("  {word} {}", outcome(word));
    }
    let waits: Vec<_> = state
        .calls()
        .filter(|call| call.instants.answered_at.is_some())
        .filter_map(|call| call.durations().wait_ms)
        .collect();
    println!("  mean wait of answered {} ms", waits.iter().sum::<i64>() / i64::try_from(waits.len().max(1))?);
    println!(
        "bytes of an event {}, of a leg {}",
        size_of::<contact_centre::event::Event>(),
        size_of::<contact_centre::objects::Call>()
    );
    if let Some(journal) = world.journal() {
        println!("bytes of the journal {}", journal.len());
    }
    let status = std::fs::read_to_string("/proc/self/status")?;
    for line in status.lines().filter(|line| line.starts_with("VmRSS") || line.starts_with("VmHWM")) {
        println!("{line}");
    }
    Ok(())
}
