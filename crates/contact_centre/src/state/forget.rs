use model::Instant;

use super::State;
use crate::objects::Agent;

/// Expired states of an agent that are kept until they are removed together, since the rest moves up with each removal.
const TOGETHER: usize = 512;

impl State {
    /// Forgets the oldest closed legs beyond what is kept, with their recordings. Two at most, so that no leg waits for it: one
    /// has begun.
    pub(super) fn forget_calls(&mut self) {
        let before = self.at.plus_millis(-self.keep.history_ms);
        for _ in 0..2 {
            let Some((_, oldest)) = self.calls.first_key_value() else { return };
            let too_old = oldest.instants.started_at < before;
            if oldest.closed_at.is_none() || !too_old && self.calls_over() == 0 {
                return;
            }
            if let Some((id, call)) = self.calls.pop_first() {
                self.callbacks.remove(&id);
                if let Some(recording) = call.recording_id {
                    self.recordings.remove(&recording);
                }
            }
        }
        if self.calls_started.is_multiple_of(4096) {
            self.revisions.forget_before(before);
        }
    }

    fn calls_over(&self) -> usize {
        self.calls.len().saturating_sub(self.keep.calls_max)
    }

    /// Forgets what an agent did before an instant. The state that held at that instant stays.
    pub(super) fn forget_stays(agent: &mut Agent, before: Instant) {
        let expired = agent.stays.partition_point(|stay| stay.since <= before).saturating_sub(1);
        if expired >= TOGETHER {
            agent.stays.drain(..expired);
        }
    }
}
