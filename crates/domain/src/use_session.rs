//! Last uses of sessions are remembered at once, and written down beside the request: a page that only reads waits for no write,
//! and goes on while somebody else holds the database's write lock.

use model::Instant;
use store::TokenHash;

use crate::Keydesk;

impl Keydesk {
    /// Remembers that a session is used, and has it written down.
    pub(crate) fn use_session(&self, session: TokenHash, at: Instant) {
        self.inner.session_uses.remember(session, at);
        let this = self.clone();
        tokio::spawn(async move {
            // Whoever is at it writes this one, too. If writing fails, the next use tries again.
            if let Ok(_writing) = this.inner.session_uses.writing.try_lock() {
                this.write_session_uses().await;
            }
        });
    }

    /// Writes down all that wait, once nobody else does.
    pub(crate) async fn flush_session_uses(&self) {
        let _writing = self.inner.session_uses.writing.lock().await;
        self.write_session_uses().await;
    }

    async fn write_session_uses(&self) {
        let uses = &self.inner.session_uses;
        while let Some((session, at)) = uses.next() {
            if let Err(error) = self.inner.store.touch_session(&session, at).await {
                tracing::warn!(%error, "the last uses of sessions could not be written down; trying again");
                return;
            }
            uses.written(&session, at);
        }
    }
}
