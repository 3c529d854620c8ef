use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

const UNASKED: u8 = 0;
const ANSWERED: u8 = 1;
const FAILED: u8 = 2;

/// How the last poll of the database ended. Anybody may ask whether Keydesk is ready, as often as they like, so that asks no
/// database while the poll does.
#[derive(Debug, Default)]
pub(crate) struct Polled(AtomicU8);

impl Polled {
    pub(crate) fn ended(&self, answered: bool) {
        self.0.store(if answered { ANSWERED } else { FAILED }, Relaxed);
    }

    /// Whether the database answered; `None`: nothing polls.
    pub(crate) fn answered(&self) -> Option<bool> {
        let last = self.0.load(Relaxed);
        (last != UNASKED).then_some(last == ANSWERED)
    }
}
