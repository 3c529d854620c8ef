use model::Instant;

use crate::{
    objects::{Recording, RecordingStatus},
    seed::Seed,
    sim::Draws,
};

/// When a recording becomes available, or is deleted; none if it stays as it is. The status that it has then comes with it.
pub(crate) fn next_of_recording(seed: Seed, recording: &Recording) -> Option<(Instant, RecordingStatus)> {
    match recording.status {
        RecordingStatus::Processing => {
            let ready = Draws::of(seed, "recording", recording.id.0).lognormal_ms(8_000, 0.5).min(60_000);
            Some((recording.ended_at?.plus_millis(ready), RecordingStatus::Available))
        }
        RecordingStatus::Available => Some((recording.retain_until?, RecordingStatus::Deleted)),
        RecordingStatus::Recording | RecordingStatus::Deleted => None,
    }
}
