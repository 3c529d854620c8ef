//! Whether anything can be written: tried now and then, and at once when something was not written.

use std::{sync::PoisonError, time::Duration};

use store::StoreError;
use tokio::time;

use crate::Keydesk;

/// How often writing is tried where nobody doubts it, and the least time between two tries.
const TRIED: Duration = Duration::from_secs(10);
const BETWEEN: Duration = Duration::from_secs(1);

/// Why nothing can be written right now. Calls are decided all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotWritable {
    /// There is no room.
    #[error("the database's disk is full")]
    Full,
    /// Another program holds the lock.
    #[error("another program holds the database's write lock")]
    Locked,
    /// The file, the file system or the server refuses writes.
    #[error("the database can only be read")]
    ReadOnly,
    /// Anything else.
    #[error("the database accepts no writes; the log says why")]
    Failing,
}

impl NotWritable {
    fn of(error: &StoreError) -> Self {
        let text = error.to_string();
        let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
        if says(&["disk is full", "No space left"]) {
            Self::Full
        } else if says(&["database is locked", "database table is locked"]) {
            Self::Locked
        } else if says(&["readonly database", "read-only"]) {
            Self::ReadOnly
        } else {
            Self::Failing
        }
    }
}

/// What `/readyz` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready {
    /// Why nothing can be written; `None`: writing works.
    pub not_writable: Option<NotWritable>,
}

impl Keydesk {
    /// Why nothing can be written, as it was found last.
    pub fn not_writable(&self) -> Option<NotWritable> {
        *self.inner.not_writable.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tries whether anything can be written, and remembers it.
    pub(crate) async fn try_writing(&self) {
        let tried = self.inner.store.try_writing().await;
        let now = tried.as_ref().err().map(NotWritable::of);
        let before = {
            let mut known = self.inner.not_writable.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *known, now)
        };
        match (&tried, before) {
            (Err(error), before) if before != now => {
                tracing::error!(%error, "nothing can be written: no key can be made, changed or revoked; calls are decided");
            }
            (Ok(()), Some(_)) => tracing::info!("writing works again"),
            _ => {}
        }
    }

    pub(crate) async fn watch_writing(self) {
        loop {
            self.try_writing().await;
            time::sleep(BETWEEN).await;
            // While it fails it is tried again soon.
            if self.not_writable().is_none() {
                let _ = time::timeout(TRIED - BETWEEN, self.inner.store.doubted()).await;
            }
        }
    }
}
