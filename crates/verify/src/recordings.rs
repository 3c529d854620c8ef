//! Bytes of recordings: known when an API answers, and so taken after its call was let pass.

use model::Instant;

use crate::{
    LimitState, Record, RefusedBy, Unavailable, Verifier,
    limits::{Ask, Decision},
};

/// What became of bytes that were asked for.
#[derive(Clone, Debug)]
pub enum BytesTaken {
    /// They were taken; and where the key stands.
    Taken(Vec<LimitState>),
    /// They were not, and nothing was.
    Refused(Vec<LimitState>, RefusedBy),
}

/// How often it is decided anew after a part was leased: others may have taken that. More often than for a call, since a part
/// that is nearly used up has bytes for few of those who wait.
const TRIES: usize = 64;

impl Verifier {
    /// Takes bytes of recordings from what a key may download today. `None`: the database must be asked first, see
    /// [`Verifier::take_recording`].
    pub fn take_recording_from_memory(&self, record: &Record, bytes: u64, now: Instant) -> Option<BytesTaken> {
        let Some(meters) = record.recordings() else { return Some(BytesTaken::Taken(Vec::new())) };
        let ask = Ask { wanted: None, cost: bytes, now, answers: None };
        match self.inner.limits.decide([Some(meters), None, None], ask) {
            Decision::Passes(states) => Some(BytesTaken::Taken(states)),
            Decision::Refused(states, by, _) => {
                if let Some(state) = states.iter().find(|state| state.label == by.label) {
                    self.inner.reached.note(record, state, now);
                }
                Some(BytesTaken::Refused(states, by))
            }
            // Nothing is decided elsewhere or held: it is a quota alone, and no call.
            Decision::Asks | Decision::Again | Decision::Elsewhere(_) | Decision::Held => None,
        }
    }

    /// The same, asking the database for more of the quota where that is needed.
    pub async fn take_recording(&self, record: &Record, bytes: u64, now: Instant) -> Result<BytesTaken, Unavailable> {
        for _ in 0..TRIES {
            if let Some(taken) = self.take_recording_from_memory(record, bytes, now) {
                return Ok(taken);
            }
            self.lease().await?;
        }
        Err(Unavailable)
    }
}
