use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

use store::StoreError;

/// Why calls can't be answered right now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    /// The database has not answered for longer than memory may be trusted.
    #[error("the database does not answer")]
    Database,
    /// The database's file is not where it was.
    #[error(
        "the database's file was moved away or replaced; stop Keydesk, put it in its place with `keydesk restore`, and start"
    )]
    Replaced,
    /// A file beside the database is not the one that is open.
    #[error("the log or the lock beside the database's file was removed or replaced; stop Keydesk, and start it again")]
    Removed,
}

const UNASKED: u8 = 0;
const ANSWERED: u8 = 1;
const FAILED: u8 = 2;
const REPLACED: u8 = 3;
const REMOVED: u8 = 4;

/// How the last poll of the database ended. Anybody may ask whether Keydesk is ready, as often as they like, so that asks no
/// database while the poll does.
#[derive(Debug, Default)]
pub(crate) struct Polled(AtomicU8);

impl Polled {
    pub(crate) fn ended(&self, polled: &Result<(), StoreError>) {
        let ended = match polled.as_ref().map_err(not_ready) {
            Ok(()) => ANSWERED,
            Err(NotReady::Database) => FAILED,
            Err(NotReady::Replaced) => REPLACED,
            Err(NotReady::Removed) => REMOVED,
        };
        self.0.store(ended, Relaxed);
    }

    /// How it ended; `None`: nothing polls.
    pub(crate) fn last(&self) -> Option<Result<(), NotReady>> {
        match self.0.load(Relaxed) {
            UNASKED => None,
            ANSWERED => Some(Ok(())),
            REPLACED => Some(Err(NotReady::Replaced)),
            REMOVED => Some(Err(NotReady::Removed)),
            _ => Some(Err(NotReady::Database)),
        }
    }
}

/// What a database that could not be asked is for whoever asks whether Keydesk is ready.
pub(crate) fn not_ready(error: &StoreError) -> NotReady {
    match error {
        StoreError::Replaced => NotReady::Replaced,
        StoreError::Removed(_) => NotReady::Removed,
        _ => NotReady::Database,
    }
}
