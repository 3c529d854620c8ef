use model::Instant;
use serde::{Deserialize, Serialize};

use crate::{seed::Seed, state::Keep};

/// What a world is made of. It stands at the head of its journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// From which everything that looks random follows.
    pub seed: Seed,
    /// Agents.
    pub agents: usize,
    /// Contacts at the beginning.
    pub contacts: usize,
    /// Leads at the beginning.
    pub leads: usize,
    /// Callers of all queues on a usual working day.
    pub calls_per_day: u32,
    /// Days that have passed before the world opens.
    pub history_days: u32,
    /// What it holds at most.
    pub bounds: Bounds,
}

/// What a world holds at most.
// Journals of before have fewer of them, and those of whoever opens one count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Bounds {
    /// Events that can be read again.
    pub events_max: usize,
    /// For how long events can be read again.
    pub events_ms: i64,
    /// Bytes of memory that events take that can be read again.
    pub events_bytes: usize,
    /// Legs that are not closed. Who calls beyond is not let in.
    pub live_calls_max: usize,
    /// Contacts.
    pub contacts_max: usize,
    /// Leads.
    pub leads_max: usize,
    /// Closed legs.
    pub keep: Keep,
    /// For how long recordings can be had.
    pub recordings_ms: i64,
    /// Bytes after which the journal is written anew.
    pub journal_bytes: u64,
}

const DAY_MS: i64 = 86_400_000;

impl Default for Bounds {
    fn default() -> Self {
        Self {
            events_max: 1_000_000,
            events_ms: DAY_MS,
            events_bytes: 1 << 28,
            live_calls_max: 5_000,
            contacts_max: 100_000,
            leads_max: 100_000,
            keep: Keep { calls_max: 400_000, history_ms: 35 * DAY_MS },
            recordings_ms: 30 * DAY_MS,
            journal_bytes: 1 << 30,
        }
    }
}

impl Config {
    /// 6 queues, 60 agents, 20,000 contacts, 30 days.
    pub fn new(seed: u64) -> Self {
        Self {
            seed: Seed(seed),
            agents: 60,
            contacts: 20_000,
            leads: 6_000,
            calls_per_day: 2_600,
            history_days: 30,
            bounds: Bounds::default(),
        }
    }

    /// When the world of someone who opens it now began: at the start of a day of UTC.
    pub(crate) fn begins_at(&self, now: Instant) -> Instant {
        let today = now.as_millis() - now.as_millis().rem_euclid(DAY_MS);
        Instant::from_millis(today - i64::from(self.history_days) * DAY_MS)
    }
}
