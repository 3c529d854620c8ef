//! Whether the time of an answer tells apart what its bytes don't: Welch's t between the kinds of keys that are refused in
//! the same words. The kinds take turns in no order, so that whatever else the machine does falls on all alike.

use std::{path::Path, time::Instant};

use model::{BODY_LEN, Environment, SecretFormat};

use crate::{Failed, Programs, VERIFY, http::Connection, process::Server, request, say, sqlite_in};

/// Keys of each kind: enough that no single one's place in memory decides.
const KEYS: usize = 64;
/// Above it, two distributions count as told apart.
const TOLD_APART: f64 = 4.5;
/// The percentages of calls that are compared: all, and the quickest ones, in which the scheduler's noise hides less.
const KEPT: [usize; 3] = [100, 90, 50];

/// Keys that are all refused with the same bytes.
struct Kind {
    name: &'static str,
    requests: Vec<Vec<u8>>,
    nanos: Vec<u32>,
}

/// A small generator that costs the same every time: which kind is next, and with which key.
struct Turns(u64);

impl Turns {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % below
    }
}

/// Measures with this many samples of each kind.
pub(crate) fn measure(programs: &Programs, samples: usize) -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let database = sqlite_in(dir.path());
    let create = |installation: &str| {
        let args = ["key", "create", "--client-name", "Acme CRM", "--installation", installation];
        programs.document(&database, dir.path(), &args)
    };
    programs.document(&database, dir.path(), &["init"])?;
    let caller = programs.secret(&database, dir.path(), &["key", "default", "--reveal"])?;
    programs.document(&database, dir.path(), &["installation", "create", "other"])?;
    let own = text(&create("default")?, "key")?;
    let revoked = (0..KEYS)
        .map(|_| revoke(programs, &database, dir.path(), &create("default")?))
        .collect::<Result<Vec<_>, _>>()?;
    let foreign = (0..KEYS).map(|_| text(&create("other")?, "key")).collect::<Result<Vec<_>, _>>()?;
    let mut turns = Turns(0x2545_F491_4F6C_DD1D);
    let unknown: Vec<String> = (0..KEYS).map(|_| forge(&mut turns, None)).collect::<Result<_, _>>()?;
    let near: Vec<String> = (0..KEYS).map(|_| forge(&mut turns, Some(&own))).collect::<Result<_, _>>()?;
    let server = programs.serve(&database, dir.path())?;

    say(&format!(
        "refusals told apart by time? Welch's t, {samples} calls of each kind, told apart above {TOLD_APART}:"
    ));
    let as_caller = |keys: &[String]| keys.iter().map(|key| request("GET", "/api/v1/whoami", key, "")).collect();
    let asked = |keys: &[String]| {
        keys.iter().map(|key| request("POST", VERIFY, &caller, &format!("{{\"key\":\"{key}\"}}"))).collect()
    };
    let kind = |name, requests| Kind { name, requests, nanos: Vec::with_capacity(samples) };
    let doors = [
        (
            "the caller's own key",
            vec![
                kind("unknown", as_caller(&unknown)),
                kind("near miss", as_caller(&near)),
                kind("revoked", as_caller(&revoked)),
            ],
        ),
        (
            "a key to verify",
            vec![kind("unknown", asked(&unknown)), kind("near miss", asked(&near)), kind("foreign", asked(&foreign))],
        ),
    ];
    for (door, mut kinds) in doors {
        sample(&server, &mut turns, &mut kinds, samples)?;
        say(&format!("  {door}:"));
        compare(&mut kinds);
    }
    Ok(())
}

fn text(document: &serde_json::Value, field: &str) -> Result<String, Failed> {
    Ok(document[field].as_str().ok_or_else(|| format!("no {field}"))?.to_owned())
}

fn revoke(programs: &Programs, database: &str, dir: &Path, key: &serde_json::Value) -> Result<String, Failed> {
    programs.document(database, dir, &["key", "delete", &text(key, "id")?])?;
    text(key, "key")
}

/// A well-formed key that nobody has; beside another, one that differs from it in a single character and the checksum.
fn forge(turns: &mut Turns, beside: Option<&str>) -> Result<String, Failed> {
    const ALPHABET: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut body: [u8; BODY_LEN] = std::array::from_fn(|_| turns.next(62) as u8);
    if let Some(other) = beside {
        let digits = other.rsplit('_').next().and_then(|digits| digits.as_bytes().first_chunk::<BODY_LEN>());
        let place = |digit: &u8| ALPHABET.iter().position(|letter| letter == digit).unwrap_or(0) as u8;
        body = digits.ok_or("no key")?.each_ref().map(place);
        let at = turns.next(BODY_LEN);
        body[at] = (body[at] + 1 + turns.next(61) as u8) % 62;
    }
    Ok(SecretFormat::new("ccc")?.write(Environment::Live, &body).expose().to_owned())
}

fn sample(server: &Server, turns: &mut Turns, kinds: &mut [Kind], samples: usize) -> Result<(), Failed> {
    let mut connection = Connection::open(server.address)?;
    let mut call = |request: &[u8]| -> Result<(u16, u32), Failed> {
        let sent = Instant::now();
        let answer = connection.send(request)?;
        Ok((answer.status, u32::try_from(sent.elapsed().as_nanos()).unwrap_or(u32::MAX)))
    };
    // The first call with a key nobody has costs a look-up; from then on it is known to be nobody's.
    let mut statuses = Vec::new();
    for kind in kinds.iter() {
        for _ in 0..20 {
            for request in &kind.requests {
                statuses.push(call(request)?.0);
            }
        }
    }
    statuses.dedup();
    if statuses.len() != 1 {
        return Err(format!("the kinds are told apart by their status: {statuses:?}").into());
    }
    for _ in 0..samples * kinds.len() {
        let (kind, key) = (turns.next(kinds.len()), turns.next(KEYS));
        let (_, nanos) = call(&kinds[kind].requests[key])?;
        kinds[kind].nanos.push(nanos);
    }
    Ok(())
}

fn compare(kinds: &mut [Kind]) {
    for kind in kinds.iter_mut() {
        kind.nanos.sort_unstable();
    }
    for (at, one) in kinds.iter().enumerate() {
        for other in &kinds[at + 1..] {
            let by_share = KEPT.map(|percent| {
                // The same limit for both: cut each by its own, and a difference would be cut away with it.
                let limit = one.nanos[(one.nanos.len() * percent / 100).max(1) - 1];
                let kept = |kind: &Kind| kind.nanos[..kind.nanos.partition_point(|nanos| *nanos <= limit)].to_vec();
                format!("{percent} %: {:+.2}", welch(&kept(one), &kept(other)))
            });
            say(&format!("    {} and {}: t of {}", one.name, other.name, by_share.join(", ")));
        }
    }
}

fn welch(one: &[u32], other: &[u32]) -> f64 {
    let moments = |values: &[u32]| {
        let count = values.len() as f64;
        let mean = values.iter().map(|value| f64::from(*value)).sum::<f64>() / count;
        let variance = values.iter().map(|value| (f64::from(*value) - mean).powi(2)).sum::<f64>() / (count - 1.0);
        (mean, variance / count)
    };
    let ((mean, error), (other_mean, other_error)) = (moments(one), moments(other));
    (mean - other_mean) / (error + other_error).sqrt()
}
