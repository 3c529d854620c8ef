//! Group commit: changes that wait for each other share a transaction, and so one write to the disk.
//!
//! Changes are made one after another, whoever makes them; the cost is not the change but its COMMIT. So a
//! transaction is handed from one change to the next as long as somebody waits, and is committed for all of them by
//! their leader, a task that lives while anybody waits. A change that comes alone is committed at once, and costs no
//! statement more than it would without all this.
//!
//! Invariants:
//! - **the epoch is moved first**: a group begins by moving it, which takes the lock that makes this the only transaction that
//!   changes anything. Each change has an epoch of its own, in the order in which they are made; the numbers after the first
//!   are counted in memory, and the last one is written before COMMIT;
//! - **a change that fails takes no other with it**: all but the first are made behind a savepoint, and one that
//!   fails, is dropped or panics is rolled back to it, with the writes that it keeps in memory ([`Kept`](kept::Kept)).
//!   A change that only keeps, such as one that issues a key, runs no statement and needs no savepoint;
//! - **nobody is answered before COMMIT**: a change that is committed waits for its group, and so must a reader
//!   ([`Settled`]), since it may have seen what others in its group have not committed yet;
//! - **a group is all or nothing**: if its COMMIT fails, or its outcome is unknown, each of its changes is told so, and
//!   the connection is thrown away;
//! - a group is at most [`MEMBERS_MOST`] changes, so that others get the writer in between; a change of
//!   many rows ([`Turn::alone`]) has a group of its own, so that no earlier change waits for it;
//! - **changes that revoke go first** ([`Turn`]): they wait for the change that is being made, and for no other. The group
//!   that one is in takes no other kind after it;
//! - at most [`WAITING_MOST`] changes of either kind wait, each for [`WAITING_FOR`] at most; further ones are refused.

mod change;
mod ended;
mod kept;
mod leader;
mod queue;
mod transaction;

pub use change::Change;
pub(crate) use change::on_tx;
pub use ended::Settled;
pub(crate) use kept::COUNT_KEYS;
pub(crate) use queue::Queue;
pub use queue::Turn;
pub use transaction::CallingKey;
pub(crate) use transaction::Tx;
#[cfg(feature = "testing")]
pub(crate) use transaction::{MOVE_EPOCH, MOVE_EPOCH_SQLITE, SET_EPOCH, SET_EPOCH_SQLITE};

use std::time::Duration;

/// Changes in one group. Fewer than the 64 subtransactions that PostgreSQL's other connections can look up in memory.
pub(crate) const MEMBERS_MOST: usize = 50;
/// Changes of one kind, those that revoke and the others, that wait for their turn.
pub(crate) const WAITING_MOST: usize = 1_000;
/// How long a change waits for its turn, as long as for a connection.
pub(crate) const WAITING_FOR: Duration = Duration::from_secs(20);
