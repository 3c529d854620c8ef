use model::Instant;

use super::sound::{DURATION_MAX_MS, Sound};
use crate::objects::{Recording, RecordingStatus};

/// Whether a recording can be downloaded.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// It can: this is its file.
    Ready(Sound),
    /// Not yet: the call goes on, or its recording is being made ready.
    NotReady,
    /// No more.
    Deleted,
}

/// What can be downloaded of a recording.
pub fn content(recording: &Recording) -> Content {
    match recording.status {
        RecordingStatus::Recording | RecordingStatus::Processing => Content::NotReady,
        RecordingStatus::Deleted => Content::Deleted,
        RecordingStatus::Available => sound(recording).map_or(Content::NotReady, Content::Ready),
    }
}

/// The file of a recording that has ended.
fn sound(recording: &Recording) -> Option<Sound> {
    // A call that lasts longer than a file can is recorded for a day.
    let duration_ms = u64::try_from(recording.duration_ms()?).unwrap_or_default().min(DURATION_MAX_MS);
    let since_start = |at: Instant| {
        let ms = at.as_millis() - recording.started_at.as_millis();
        u64::try_from(ms).unwrap_or_default().min(duration_ms)
    };
    let pauses = recording.pauses.iter().map(|pause| {
        let from = since_start(pause.from);
        from..pause.to.map_or(duration_ms, since_start).max(from)
    });
    Sound::new(recording.id.0, duration_ms, pauses).ok()
}
