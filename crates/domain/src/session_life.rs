use model::Instant;
use store::SessionsEnded;

/// A session ends after this time without use, in milliseconds: 30 minutes.
const IDLE_MS: i64 = 30 * 60 * 1000;
/// A session ends after this time in any case, in milliseconds: 12 hours.
const ABSOLUTE_MS: i64 = 12 * 60 * 60 * 1000;

/// Up to when sessions have ended by time.
pub(crate) fn sessions_ended(now: Instant) -> SessionsEnded {
    SessionsEnded { idle: now.plus_millis(-IDLE_MS), begun: now.plus_millis(-ABSOLUTE_MS) }
}
