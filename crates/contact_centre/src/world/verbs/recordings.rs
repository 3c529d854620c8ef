use super::{
    Refusal,
    bounds::{is_on_one_line, json_bytes},
};
use crate::{
    event::{Actor, Body, Subject},
    id::CallId,
    objects::{Recording, RecordingStatus},
    world::World,
};

/// Bytes of a reason, as JSON without its quotes. All stand in each event of a recording, which has at most 16 KiB.
const REASON_MAX: usize = 64;

impl World {
    /// Stops recording a leg for a while.
    ///
    /// # Errors
    /// [`Refusal::NotFound`]; [`Refusal::Recording`] if the leg is not being recorded, or not now;
    /// [`Refusal::Invalid`] of a reason that is too long or is not on one line; [`Refusal::Full`] after a hundred pauses.
    pub fn pause_recording(&mut self, actor: &Actor, id: CallId, reason: &str) -> Result<(), Refusal> {
        if json_bytes(&reason) > REASON_MAX + 2 {
            return Err(Refusal::Invalid { field: "reason", problem: "has more than 64 bytes" });
        }
        if !is_on_one_line(reason) {
            return Err(Refusal::Invalid { field: "reason", problem: "has a control character" });
        }
        let recording = self.recording_of(id)?;
        if recording.is_paused() {
            return Err(Refusal::Recording("the recording is paused already"));
        }
        if recording.pauses.len() >= Recording::PAUSES_MAX {
            return Err(Refusal::Full("pauses of this recording"));
        }
        let subject = Subject::Recording(recording.id);
        self.act(actor, |world| world.emit(Some(actor), subject, Body::RecordingPaused(reason.into())))
    }

    /// Goes on with recording a leg.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], and [`Refusal::Recording`] if its recording is not paused.
    pub fn resume_recording(&mut self, actor: &Actor, id: CallId) -> Result<(), Refusal> {
        let recording = self.recording_of(id)?;
        if !recording.is_paused() {
            return Err(Refusal::Recording("the recording is not paused"));
        }
        let subject = Subject::Recording(recording.id);
        self.act(actor, |world| world.emit(Some(actor), subject, Body::RecordingResumed))
    }

    fn recording_of(&self, id: CallId) -> Result<&Recording, Refusal> {
        let call = self.state().call(id).ok_or(Refusal::NotFound("call"))?;
        call.recording_id
            .and_then(|recording| self.state().recording(recording))
            .filter(|recording| recording.status == RecordingStatus::Recording)
            .ok_or(Refusal::Recording("the call is not being recorded"))
    }
}
