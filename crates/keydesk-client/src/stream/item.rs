//! What a stream tells.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::parser::Frame;

/// What can be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Feed {
    /// What agents do (`agent-states:subscribe`).
    AgentStates,
    /// Calls (`calls:read`).
    Calls,
    /// How queues stand (`live:read`).
    Queues,
}

impl Feed {
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::AgentStates => "/v1/stream/agent-states",
            Self::Calls => "/v1/stream/calls",
            Self::Queues => "/v1/stream/queues",
        }
    }
}

/// One thing that a stream tells. Match with a last arm that ignores the rest: there may be more kinds.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Item {
    /// What holds at one place of the log. It comes first, unless the stream goes on after an event, and after a [`Reset`](Self::Reset):
    /// forget what you knew.
    Snapshot {
        /// The place after which events change what is in it.
        cursor: String,
        /// Agents, calls or queues, as their lists show them.
        items: Vec<Value>,
    },
    /// Something has happened.
    Event(Box<Event>),
    /// All that had happened meanwhile was told.
    CaughtUp,
    /// What you know is no longer enough: something can't be told any more. A snapshot follows.
    Reset(Reset),
}

/// Why a stream began anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reset {
    /// It happened before the log begins.
    TooOld,
    /// Events were lost, or the world began anew.
    OtherEpoch,
    /// There is no such place yet.
    FromTheFuture,
    /// There is no such place.
    UnknownPlace,
    /// More came than was read in time. The library comes back by itself, and nothing is lost.
    SlowConsumer,
    /// A reason that this version of the library does not know.
    #[serde(other)]
    Unknown,
}

/// Something that has happened.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Event {
    /// Its id, the same in streams, webhooks and by pulling; none where it tells what holds, and nothing has happened.
    pub id: Option<Uuid>,
    /// In which log it stands.
    pub epoch: String,
    /// Its place there.
    pub seq: u64,
    /// Such as `call.ended`.
    #[serde(rename = "type")]
    pub kind: String,
    /// When.
    pub timestamp: Timestamp,
    /// What it is about.
    pub subject: Subject,
    /// Counts the events about that without a gap.
    pub subject_seq: Option<u64>,
    /// The full new state, and what is peculiar to the event.
    pub data: Value,
}

/// What an event is about.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Subject {
    /// `agent`, `call`, `queue` and so on.
    pub kind: String,
    /// Its id.
    pub id: Uuid,
}

#[derive(Deserialize)]
struct Snapshot {
    cursor: String,
    items: Vec<Value>,
}

#[derive(Deserialize)]
struct Resetting {
    reason: Reset,
}

/// What a frame tells; nothing where it is for the library alone, or of a kind that this version does not know.
pub(super) fn told(frame: &Frame) -> Result<Option<Item>, serde_json::Error> {
    Ok(match frame.kind.as_str() {
        "stream.snapshot" => {
            let Snapshot { cursor, items } = serde_json::from_str(&frame.data)?;
            Some(Item::Snapshot { cursor, items })
        }
        "stream.caught_up" => Some(Item::CaughtUp),
        "stream.reset" => Some(Item::Reset(serde_json::from_str::<Resetting>(&frame.data)?.reason)),
        kind if kind.starts_with("stream.") => None,
        _ => Some(Item::Event(serde_json::from_str(&frame.data)?)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: &str, data: &str) -> Frame {
        Frame { id: None, kind: kind.to_owned(), data: data.to_owned() }
    }

    #[test]
    fn every_kind_is_understood_and_unknown_ones_of_the_stream_are_passed_over() {
        let reset = told(&frame("stream.reset", r#"{"type":"stream.reset","epoch":"k3","reason":"too_old"}"#)).unwrap();
        assert!(matches!(reset, Some(Item::Reset(Reset::TooOld))));
        let reset = told(&frame("stream.reset", r#"{"reason":"something"}"#)).unwrap();
        assert!(matches!(reset, Some(Item::Reset(Reset::Unknown))));
        assert!(told(&frame("stream.hello", "{}")).unwrap().is_none());
        assert!(told(&frame("stream.later", "{}")).unwrap().is_none());
        let live = r#"{"epoch":"k3","seq":7,"type":"queue.live","timestamp":"2026-11-28T05:00:00.000Z",
            "subject":{"kind":"queue","id":"0199c7a0-0000-7000-8000-000000000001"},"data":{"open":true}}"#;
        let Some(Item::Event(event)) = told(&frame("queue.live", live)).unwrap() else { panic!("an event") };
        assert_eq!((event.id, event.seq, event.kind.as_str()), (None, 7, "queue.live"));
    }
}
