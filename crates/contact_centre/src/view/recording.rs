use model::Instant;
use serde::Serialize;

use super::{AgentName, agent_name};
use crate::{
    event::{Body, Event},
    id::{CallId, RecordingId},
    objects::{Recording, RecordingStatus},
    state::State,
};

/// A span that was not recorded, in milliseconds from the start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PauseView<'a> {
    from_ms: i64,
    to_ms: Option<i64>,
    reason: &'a str,
}

/// What is known of a recording without its sound. Format, size and digest come with that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordingView<'a> {
    id: RecordingId,
    call_id: CallId,
    root_id: CallId,
    agent: Option<AgentName<'a>>,
    status: RecordingStatus,
    duration_ms: Option<i64>,
    pauses: Vec<PauseView<'a>>,
    retain_until: Option<Instant>,
    created_at: Instant,
    updated_at: Instant,
    seq: u64,
}

impl<'a> RecordingView<'a> {
    /// A recording as it was after an event about it.
    pub(super) fn after(state: &'a State, recording: &'a Recording, event: &Event) -> Self {
        let now = Self { updated_at: event.at, seq: event.seq, ..Self::of(state, recording) };
        match &event.body {
            Body::RecordingAvailable(until) => {
                Self { status: RecordingStatus::Available, retain_until: Some(*until), ..now }
            }
            Body::RecordingDeleted => Self { status: RecordingStatus::Deleted, ..now },
            body => {
                // It begins with its first event, and then is paused and goes on by turns: so what happened at one instant has an order, too.
                let begun = usize::try_from(event.subject_seq / 2).unwrap_or(usize::MAX);
                let mut pauses = now.pauses;
                pauses.truncate(begun);
                if let (Body::RecordingPaused(_), Some(last)) = (body, pauses.last_mut()) {
                    last.to_ms = None;
                }
                Self { status: RecordingStatus::Recording, duration_ms: None, retain_until: None, pauses, ..now }
            }
        }
    }

    /// A recording.
    pub fn of(state: &'a State, recording: &'a Recording) -> Self {
        let offset = |at: Instant| at.as_millis() - recording.started_at.as_millis();
        Self {
            id: recording.id,
            call_id: recording.call_id,
            root_id: recording.root_id,
            agent: agent_name(state, recording.agent_id),
            status: recording.status,
            duration_ms: recording.duration_ms(),
            pauses: recording
                .pauses
                .iter()
                .map(|pause| PauseView {
                    from_ms: offset(pause.from),
                    to_ms: pause.to.map(offset),
                    reason: &pause.reason,
                })
                .collect(),
            retain_until: recording.retain_until,
            created_at: recording.started_at,
            updated_at: recording.updated_at,
            seq: recording.seq,
        }
    }
}
