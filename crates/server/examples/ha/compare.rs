//! What every node answers, beside what was acknowledged.

use std::{
    collections::HashSet,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use crate::{
    Failed,
    ledger::State,
    nodes::ADDRESSES,
    traffic::{Line, Traffic, authz},
};

/// How long a node may not vouch for what it knows, though it is ready.
const VOUCHES: Duration = Duration::from_secs(20);

/// How what is so differs from what was acknowledged.
#[derive(Default)]
pub(crate) struct Differences {
    /// Acknowledged keys that nobody knows, and deleted ones that are accepted.
    pub(crate) lost: HashSet<usize>,
    pub(crate) lost_keys: usize,
    pub(crate) lost_revocations: usize,
    /// Keys about which nodes disagree.
    pub(crate) disagreed: Vec<String>,
}

/// Looks at all keys of which something was acknowledged since the last time, or at `all` of them. Changes must be paused.
pub(crate) fn compare(traffic: &Traffic, all: bool) -> Result<Differences, Failed> {
    let keys: Vec<(usize, Arc<str>, State)> = {
        let mut ledger = traffic.ledger();
        let entries = ledger.entries.iter_mut().enumerate();
        let wanted = entries.filter(|(_, entry)| (entry.touched || all) && entry.state != State::Lost);
        wanted
            .map(|(key, entry)| {
                entry.touched = false;
                (key, Arc::clone(&entry.secret), entry.state)
            })
            .collect()
    };
    let answers = thread::scope(|scope| {
        let asking: Vec<_> = ADDRESSES
            .into_iter()
            .map(|address| {
                let keys = &keys;
                scope.spawn(move || {
                    let mut line = Line { address, connection: None };
                    keys.iter()
                        .map(|(_, secret, _)| is_accepted(&mut line, secret))
                        .collect::<Result<Vec<bool>, Failed>>()
                })
            })
            .collect();
        asking
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| Err("a thread panicked".into())))
            .collect::<Result<Vec<_>, Failed>>()
    })?;
    let mut differences = Differences::default();
    let mut ledger = traffic.ledger();
    for (place, (key, _, state)) in keys.into_iter().enumerate() {
        let accepted: Vec<bool> = answers.iter().map(|node| node[place]).collect();
        let lives = accepted[0];
        if accepted.iter().any(|other| *other != lives) {
            let id = &ledger.entries[key].id;
            differences.disagreed.push(format!("nodes disagree about {id}, which is {state:?}: accepted {accepted:?}"));
            continue;
        }
        match state {
            State::Living if !lives => differences.lost_keys += 1,
            State::Revoked(_) if lives => differences.lost_revocations += 1,
            State::Doubtful => {
                ledger.settle(key, lives);
                continue;
            }
            _ => continue,
        }
        differences.lost.insert(key);
        ledger.lose(key);
    }
    Ok(differences)
}

fn is_accepted(line: &mut Line, secret: &str) -> Result<bool, Failed> {
    let until = Instant::now() + VOUCHES;
    loop {
        match line.send(&authz(secret)).map(|answer| answer.status) {
            Some(200) => return Ok(true),
            Some(401) => return Ok(false),
            status if Instant::now() > until => {
                return Err(format!("{} answers {status:?}, though it is ready", line.address).into());
            }
            _ => thread::sleep(Duration::from_millis(50)),
        }
    }
}
