use tokio::sync::watch;

use crate::StoreError;

/// Whether a group's COMMIT succeeded.
pub(crate) type Outcome = Result<(), StoreError>;

/// Tells all waiting tasks how a group has ended.
#[derive(Debug)]
pub(crate) struct Ended(watch::Sender<Option<Outcome>>);

impl Ended {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(None))
    }

    pub(super) fn tell(&self, outcome: Outcome) {
        self.0.send_replace(Some(outcome));
    }

    pub(crate) fn settled(&self) -> Settled {
        Settled(self.0.subscribe())
    }
}

/// The end of the group that a change is in. Until then the data that the change has read may be rolled back.
#[derive(Debug)]
pub struct Settled(watch::Receiver<Option<Outcome>>);

impl Settled {
    /// Waits for it. An error: data that was read, and not committed before, was not committed.
    pub async fn wait(mut self) -> Result<(), StoreError> {
        let ended = self.0.wait_for(Option::is_some).await.ok().and_then(|ended| ended.clone());
        ended.unwrap_or_else(|| Err(StoreError::Database("a transaction was lost before its end".to_owned())))
    }
}
