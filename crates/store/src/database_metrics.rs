use std::sync::atomic::Ordering::Relaxed;

use model::{HistogramCounts, Occupancy};
use sqlx::{Database, Pool};

use crate::{
    Store,
    db::{Apart, Db},
    group::WAITING_MOST,
};

/// What a database was asked since the start, and its connections.
#[derive(Clone, Debug)]
pub struct DatabaseMetrics {
    /// How long it took, by what it was: `read`, `lookup`, `poll`, `turn` (a change waits for its turn) and `commit`.
    pub times: [(&'static str, HistogramCounts); 5],
    /// Changes that were committed. There are fewer commits, since changes that wait for each other share one.
    pub changes: u64,
    /// The connections.
    pub pools: [PoolUse; 4],
}

/// The connections of one use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolUse {
    /// What for: `read`, `lookup`, `poll` or `write`.
    pub of: &'static str,
    /// Those that are at work.
    pub busy: u64,
    /// Those that are open and wait for work.
    pub idle: u64,
    /// How many there may be.
    pub bound: u64,
}

impl PoolUse {
    fn of<D: Database>(of: &'static str, pool: &Pool<D>) -> Self {
        let (open, idle) = (u64::from(pool.size()), pool.num_idle() as u64);
        // The two are read one after the other.
        let busy = open.saturating_sub(idle);
        Self { of, busy, idle, bound: u64::from(pool.options().get_max_connections()) }
    }

    fn apart(of: &'static str, apart: &Apart) -> Self {
        match apart {
            Apart::Sqlite(pool) => Self::of(of, pool),
            Apart::Postgres(pool) => Self::of(of, pool),
        }
    }
}

impl Store {
    /// What the database was asked since the start, and its connections.
    pub fn metrics(&self) -> DatabaseMetrics {
        let times = &self.changes.witness.times;
        let (read, write) = match &self.db {
            Db::Sqlite { read, write } => (PoolUse::of("read", read), PoolUse::of("write", write)),
            Db::Postgres { read, write } => (PoolUse::of("read", read), PoolUse::of("write", write)),
        };
        DatabaseMetrics {
            times: [
                ("read", times.reads.counts()),
                ("lookup", times.lookups.counts()),
                ("poll", times.polls.counts()),
                ("turn", times.turns.counts()),
                ("commit", times.commits.counts()),
            ],
            changes: times.changes.load(Relaxed),
            pools: [read, PoolUse::apart("lookup", &self.lookups), PoolUse::apart("poll", &self.poll), write],
        }
    }

    /// How many changes wait for their turn, those that revoke and the others.
    pub fn occupancy(&self) -> [Occupancy; 2] {
        let (revoking, others) = self.changes.waiting();
        [Occupancy::new("revoking_changes", revoking, WAITING_MOST), Occupancy::new("changes", others, WAITING_MOST)]
    }
}
