//! Fills a database with keys, for trying and measuring: `seed DATABASE DATA_DIR KEYS`. Prints no secret.

use std::{io::Write as _, time::Instant};

use domain::{Caller, Keydesk, NewKey, OpenOptions};
use model::{Environment, Preset, SettingsPatch};

const CHANGE: usize = 5_000;

const FIRST: [&str; 20] = [
    "Acme",
    "Borealis",
    "Cobalt",
    "Dunmore",
    "Évora",
    "Fjord",
    "Granite",
    "Harbour",
    "Indigo",
    "Juniper",
    "Kestrel",
    "Lumen",
    "Meridian",
    "Northwind",
    "Orchard",
    "Pelican",
    "Quartz",
    "Rowan",
    "Saffron",
    "Tamarind",
];
const SECOND: [&str; 16] = [
    "Airlines",
    "Bank",
    "Clinics",
    "Dental",
    "Energy",
    "Foods",
    "Grocers",
    "Hotels",
    "Insurance",
    "Jewellers",
    "Kitchens",
    "Logistics",
    "Motors",
    "Networks",
    "Outdoor",
    "Pharma",
];
const THIRD: [&str; 5] = ["CRM", "Workforce", "Recordings", "Reports", "Wallboard"];

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(database), Some(data_dir), Some(keys)) = (args.next(), args.next(), args.next()) else {
        return Err("usage: seed DATABASE DATA_DIR KEYS".into());
    };
    let keys: usize = keys.parse()?;
    let keydesk =
        Keydesk::open(OpenOptions { max_cached_keys: 0, ..OpenOptions::founding(database, data_dir) }).await?;
    let installation = keydesk.installation("default").await?.ok_or("there is no installation `default`")?;
    let caller = Caller::operator(installation.id);
    let started = Instant::now();
    for first in (0..keys).step_by(CHANGE) {
        let batch = (first..keys.min(first + CHANGE)).map(new_key).collect();
        keydesk.issue_many(&caller, batch).await?;
    }
    writeln!(std::io::stderr(), "{keys} keys in {:.1} s", started.elapsed().as_secs_f64())?;
    keydesk.close().await;
    Ok(())
}

/// The same number makes the same name; neighbours share little.
fn new_key(number: usize) -> NewKey {
    let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let pick = |shift: u32, length: usize| (mixed >> shift) % length;
    let (first, second, third) =
        (FIRST[pick(40, FIRST.len())], SECOND[pick(32, SECOND.len())], THIRD[pick(24, THIRD.len())]);
    NewKey {
        environment: Some(if pick(8, 10) == 0 { Environment::Test } else { Environment::Live }),
        ..NewKey::of(SettingsPatch {
            preset: Some(Preset::ALL[pick(16, 5)]),
            ..SettingsPatch::name(format!("{first} {second} {third} {number:06}"))
        })
    }
}
