//! Limits that were reached: whoever has been told to wait does not ask meanwhile, on behalf of any task that shares the client.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

/// From when on calls may go out again, by what they ask. Limits may be for some scopes, so that what one kind of call has used up
/// holds up no other kind.
#[derive(Debug, Default)]
pub(crate) struct Pace(Mutex<HashMap<String, Instant>>);

impl Pace {
    /// Notes that this kind of call was refused for so long.
    pub(crate) fn refused(&self, kind: &str, wait: Duration) {
        let now = Instant::now();
        let mut ends = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ends.retain(|_, end| *end > now);
        let end = ends.entry(kind.to_owned()).or_insert(now);
        *end = (*end).max(now + wait);
    }

    /// How long this kind of call has still to wait.
    pub(crate) fn left(&self, kind: &str) -> Duration {
        let ends = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ends.get(kind).map_or(Duration::ZERO, |end| end.saturating_duration_since(Instant::now()))
    }

    /// Waits until this kind of call may go out, if that is not longer than `longest`.
    pub(crate) async fn wait(&self, kind: &str, longest: Duration) {
        let left = self.left(kind);
        if !left.is_zero() && left <= longest {
            sleep_until(Instant::now() + left).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_kind_waits_and_others_go_on() {
        let pace = Pace::default();
        pace.refused("POST /v1/calls", Duration::from_secs(5));
        pace.refused("POST /v1/calls", Duration::from_secs(2));
        let begun = Instant::now();
        pace.wait("GET /v1/contacts", Duration::from_secs(60)).await;
        assert_eq!(begun.elapsed(), Duration::ZERO);
        pace.wait("POST /v1/calls", Duration::from_secs(60)).await;
        assert!(begun.elapsed() >= Duration::from_secs(5));
        assert_eq!(pace.left("POST /v1/calls"), Duration::ZERO);
    }
}
