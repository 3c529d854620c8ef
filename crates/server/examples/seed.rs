//! Fills a database with keys, for trying and measuring: `seed DATABASE DATA_DIR KEYS [CALLED]`. Prints no secret. So many of the keys have
//! usage of the last 24 hours: each was called in up to three quarters of an hour, as a verification would have counted it.

use std::{io::Write as _, time::Instant};

use domain::{Caller, Keydesk, NewKey, OpenOptions};
use model::{Code, Environment, Preset, SecretId, SettingsPatch};
use store::{AddressDelta, LastUse, Store, StoredRecord, UsageBatch, UsageDelta};

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
        return Err("usage: seed DATABASE DATA_DIR KEYS [CALLED]".into());
    };
    let keys: usize = keys.parse()?;
    let called: usize = args.next().map_or(Ok(0), |called| called.parse())?;
    let address = database.clone();
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
    let now = keydesk.now();
    keydesk.close().await;
    let started = Instant::now();
    let (calls, rows) = call(&Store::open(&address).await?, called, now).await?;
    if called > 0 {
        let seconds = started.elapsed().as_secs_f64();
        writeln!(std::io::stderr(), "{calls} calls of {called} keys, {rows} counts, in {seconds:.1} s")?;
    }
    Ok(())
}

/// Writes down calls with the first keys. Gives how many calls, and how many counts they are.
async fn call(store: &Store, keys: usize, now: model::Instant) -> Result<(u64, u64), Box<dyn std::error::Error>> {
    let (mut after, mut number, mut calls, mut rows) = (SecretId(uuid::Uuid::nil()), 0_usize, 0, 0);
    while number < keys {
        let records = store.records_after(after, 500).await?.read;
        let Some(last) = records.last() else { break };
        after = last.secret;
        let mut batch = UsageBatch::default();
        for record in records.iter().take(keys - number) {
            count(record, number, now, &mut batch);
            number += 1;
        }
        calls += batch.calls.iter().filter(|of| of.scope.is_none()).map(|of| of.calls).sum::<u64>();
        rows += batch.calls.len() as u64;
        store.record_usage(&batch).await?;
    }
    Ok((calls, rows))
}

/// The calls of one key. A few keys make most of them, as it is everywhere.
fn count(record: &StoredRecord, number: usize, now: model::Instant, batch: &mut UsageBatch) {
    let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let weight = 1 + 1_000_000 / (1 + (mixed >> 44) as u64 % 1_000_000);
    for part in 0..=(mixed >> 20) % 3 {
        let minutes_ago = i64::try_from((mixed >> (part * 7)) % 1440).unwrap_or_default();
        let delta = |scope, code, calls| UsageDelta {
            installation: record.installation,
            key: record.key,
            secret: record.secret,
            client: record.client_name.clone(),
            environment: record.environment,
            at: now.plus_millis(-minutes_ago * 60_000),
            scope,
            code,
            calls,
        };
        batch.calls.push(delta(None, Code::Valid, weight));
        batch.calls.extend(record.scopes.iter().next().map(|scope| delta(Some(scope.clone()), Code::Valid, weight)));
        if (mixed >> 30).is_multiple_of(20) {
            batch.calls.push(delta(None, Code::IpNotAllowed, 1));
        }
        let [.., three, two, one] = number.to_be_bytes();
        let address = std::net::IpAddr::from([10, three, two, one]);
        let at = now.plus_millis(-minutes_ago * 60_000);
        batch.addresses.push(AddressDelta {
            installation: record.installation,
            key: record.key,
            address,
            at,
            allowed: weight,
            refused: 0,
            last_refusal: None,
        });
        let (installation, key, secret) = (record.installation, record.key, record.secret);
        batch.last_uses.push(LastUse { installation, key, secret, at, address: Some(address) });
    }
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
