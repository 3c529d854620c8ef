//! What a stream says of itself.

use serde::Serialize;

use super::{Encoded, Filter, snapshot::Snapshot};
use crate::log::Epoch;

/// How long a reader who lost the connection waits before they come back, in milliseconds.
const RETRY: &str = "retry: 2000\n";

#[derive(Serialize)]
struct Hello<'a> {
    r#type: &'static str,
    epoch: &'a Epoch,
    /// The last event.
    seq: u64,
    filters: &'a Filter,
    /// The first place after which everything can be read.
    replay_from_seq: u64,
    heartbeat_ms: u64,
}

#[derive(Serialize)]
struct CaughtUp<'a> {
    r#type: &'static str,
    epoch: &'a Epoch,
    seq: u64,
}

#[derive(Serialize)]
struct Reset<'a> {
    r#type: &'static str,
    epoch: &'a Epoch,
    reason: &'static str,
}

#[derive(Serialize)]
struct Whole<'a> {
    r#type: &'static str,
    #[serde(flatten)]
    snapshot: &'a Snapshot<'a>,
}

/// The first word: what the log is, and what the reader has asked for.
pub(super) fn hello(epoch: &Epoch, seq: u64, filters: &Filter, replay_from_seq: u64, heartbeat_ms: u64) -> Encoded {
    let kind = "stream.hello";
    Encoded::told_after(RETRY, kind, &Hello { r#type: kind, epoch, seq, filters, replay_from_seq, heartbeat_ms })
}

/// Everything that the reader had missed has been sent.
pub(super) fn caught_up(epoch: &Epoch, seq: u64) -> Encoded {
    let kind = "stream.caught_up";
    Encoded::told(kind, Some((epoch, seq)), &CaughtUp { r#type: kind, epoch, seq })
}

/// What the reader knows is no longer enough. It moves no place: a reader who is cut off now is told again.
pub(super) fn reset(epoch: &Epoch, reason: &'static str) -> Encoded {
    let kind = "stream.reset";
    Encoded::told(kind, None, &Reset { r#type: kind, epoch, reason })
}

/// What holds at one place of the log.
pub(super) fn whole(epoch: &Epoch, snapshot: &Snapshot<'_>) -> Encoded {
    let kind = "stream.snapshot";
    Encoded::told(kind, Some((epoch, snapshot.seq())), &Whole { r#type: kind, snapshot })
}
