//! Whether anything can be written: tried now and then, and at once when something was not written.

use std::{sync::PoisonError, time::Duration};

use tokio::time;

use crate::{Keydesk, NotWritable};

/// How often writing is tried where nobody doubts it, and the least time between two tries.
const TRIED: Duration = Duration::from_secs(10);
const BETWEEN: Duration = Duration::from_secs(1);

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
