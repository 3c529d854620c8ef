//! Whether anything can be written: tried now and then, and at once when something was not written.

use std::{pin::pin, sync::PoisonError, time::Duration};

use store::StoreError;
use tokio::time;

use crate::{Keydesk, NotWritable};

/// How often writing is tried where nobody doubts it, and the least time between two tries.
const TRIED: Duration = Duration::from_secs(10);
const BETWEEN: Duration = Duration::from_secs(1);

impl Keydesk {
    /// Why nothing can be written: as whoever waits for the lock knows now, or as it was found last.
    pub fn not_writable(&self) -> Option<NotWritable> {
        let found = *self.inner.not_writable.lock().unwrap_or_else(PoisonError::into_inner);
        if self.inner.store.is_locked_out() { Some(NotWritable::Locked) } else { found }
    }

    /// Tries whether anything can be written, and remembers it. That another program holds the lock is known before it was waited for
    /// in vain.
    pub(crate) async fn try_writing(&self) {
        let store = &self.inner.store;
        let mut trying = pin!(store.try_writing());
        let tried = loop {
            if store.is_locked_out() {
                self.found(Some(&StoreError::Busy));
            }
            tokio::select! {
                tried = &mut trying => break tried,
                () = store.locked_out() => {}
            }
        };
        self.found(tried.as_ref().err());
    }

    fn found(&self, error: Option<&StoreError>) {
        let now = error.map(NotWritable::of);
        let before = {
            let mut known = self.inner.not_writable.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *known, now)
        };
        match (error, before) {
            (Some(error), before) if before != now => {
                tracing::error!(%error, "nothing can be written: no key can be made, changed or revoked; calls are decided");
            }
            (None, Some(_)) => tracing::info!("writing works again"),
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
