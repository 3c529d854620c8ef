use std::{fmt::Write as _, ops::Range};

use bytes::Bytes;
use serde::Serialize;

use crate::{
    event::Event,
    log::{Cursor, Epoch},
    objects::Call,
    view::{EventView, Rights},
    world::World,
};

/// Something that is sent, written once for every transport: as an event of a stream, in which lies its JSON. Clones share the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    text: Bytes,
    json: Range<usize>,
}

impl Encoded {
    /// An event, as a reader with these rights sees it. `call` is its leg as it was after it, if it is about one.
    pub fn event(world: &World, event: &Event, call: Option<&Call>, rights: Rights) -> Self {
        let view = EventView::of(world.state(), world.epoch(), event, call, rights);
        Self::of(event.kind().as_str(), Some((world.epoch(), event.seq)), "", &view)
    }

    /// Something that is told of the place of a log, or of none: then a reader who comes back goes on from where they were.
    pub(super) fn told(kind: &str, place: Option<(&Epoch, u64)>, value: &impl Serialize) -> Self {
        Self::of(kind, place, "", value)
    }

    /// The same behind a line that the browser's `EventSource` understands.
    pub(super) fn told_after(line: &str, kind: &str, value: &impl Serialize) -> Self {
        Self::of(kind, None, line, value)
    }

    fn of(kind: &str, place: Option<(&Epoch, u64)>, before: &str, value: &impl Serialize) -> Self {
        let mut head = String::with_capacity(128);
        head.push_str(before);
        // Writing to a text can't fail.
        if let Some((epoch, seq)) = place {
            let _ = writeln!(head, "id: {epoch}-{seq}");
        }
        let _ = write!(head, "event: {kind}\ndata: ");
        let from = head.len();
        let mut text = head.into_bytes();
        text.reserve(1_536);
        // Texts, numbers and lists of them, which JSON can always hold; and it has no line in it.
        let _ = serde_json::to_writer(&mut text, value);
        let json = from..text.len();
        text.extend_from_slice(b"\n\n");
        Self { text: text.into(), json }
    }

    /// As an event of a stream.
    pub fn sse(&self) -> Bytes {
        self.text.clone()
    }

    /// As JSON.
    pub fn json(&self) -> Bytes {
        self.text.slice(self.json.clone())
    }

    /// Bytes as an event of a stream.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Never: there is always a type.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

/// The place of a log as a reader comes back with it.
pub(super) fn cursor(epoch: &Epoch, seq: u64) -> String {
    Cursor { epoch: epoch.clone(), seq }.to_string()
}
