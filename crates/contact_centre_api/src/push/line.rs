//! A stream as a run of its key looks at it.

use bytes::Bytes;
use contact_centre::push::Start;
use uuid::Uuid;

use crate::{
    asked::Asked,
    centre::Centre,
    kept::{Line, is_state},
};

/// What a stream tells a run, and what tells the stream that it is cut.
pub(super) struct Watched {
    centre: Centre,
    key: Uuid,
    what: Box<str>,
    is_state: bool,
    /// Whether a run went on when the stream began, which is told of places then.
    tells: bool,
    line: Line,
}

impl Watched {
    /// The stream that is asked for.
    pub(super) fn of(asked: &Asked) -> Self {
        let (centre, key, path) = (asked.centre.clone(), asked.caller.key_id, asked.uri.path());
        let tells = centre.runs().goes_on(key, asked.now);
        let line = centre.pushed().lines.begin(key);
        Self { key, what: format!("GET {path}").into(), is_state: is_state(path), tells, line, centre }
    }

    /// Waits until the stream is cut.
    pub(super) async fn cut(&mut self) {
        self.line.cut().await;
    }

    /// The client is sent an event of a stream.
    pub(super) fn sent(&self, event: &Bytes) {
        if self.tells
            && let Some(rest) = event.strip_prefix(b"id: ")
            && let Some(place) = rest.split(|byte| *byte == b'\n').next()
            && let Ok(place) = std::str::from_utf8(place)
        {
            let _ = self.centre.runs().with(self.key, |run| run.told(&self.what, place));
        }
    }

    /// The client goes on from a place, within its connection. Says from where it does.
    pub(super) fn resumed(&self, start: Start) -> Start {
        let place = match &start {
            Start::After(cursor) => Some(cursor.to_string()),
            Start::Now | Start::Unknown => None,
        };
        let resumed = |run: &mut contact_centre::conformance::Run| {
            run.resumed(&self.what, place.as_deref(), self.is_state, self.centre.now())
        };
        if self.centre.runs().with(self.key, resumed) == Some(true) { Start::Unknown } else { start }
    }
}
