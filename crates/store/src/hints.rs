//! PostgreSQL tells of changes when they are committed, so that other nodes need not wait for their next look. A hint only: what
//! is true is what they find when they look, and they look all the same when no hint comes.

use std::time::Duration;

use sqlx::{PgPool, postgres::PgListener};
use tokio::time::timeout;

use crate::{Store, StoreError, db::Apart, postgres};

/// Whether a notification arrives at all is tried with one.
pub(crate) const TRY_HINT: &str = "SELECT pg_notify('keydesk_change', '')";
/// How long that one may take.
const ARRIVES: Duration = Duration::from_secs(2);
/// After so long without any, it is tried whether they still arrive: a connection that ended in silence looks like a quiet one.
const QUIET: Duration = Duration::from_secs(60);

/// How the listening has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HintsEnded {
    /// The database has no such thing.
    Never,
    /// Notifications don't arrive: a pooler in between keeps them.
    Kept,
    /// The connection was lost.
    Lost,
}

impl Store {
    /// Calls `hint` whenever somebody has committed a change, on a connection that does nothing else, for as long as that
    /// lasts.
    pub async fn listen(&self, hint: impl Fn() + Send + Sync) -> Result<HintsEnded, StoreError> {
        /// Where the trigger `epoch_marked` tells of them.
        const CHANNEL: &str = "keydesk_change";
        let Apart::Postgres(poll) = &self.poll else { return Ok(HintsEnded::Never) };
        // Two: one listens, and the other notifies. Not that of the poll, since a notification is committed like a change: while a
        // standby is waited for that is gone, it takes until that is back.
        let own = postgres::pool().max_connections(2).connect_lazy_with(poll.connect_options().as_ref().clone());
        let mut listener = PgListener::connect_with(&own).await?;
        // A lost connection is told, and not made again in silence: what was notified meanwhile is lost.
        listener.eager_reconnect(false);
        listener.listen(CHANNEL).await?;
        if let Some(ended) = tried(&own, &mut listener).await? {
            return Ok(ended);
        }
        // Changes that came before it listened.
        hint();
        loop {
            let received = timeout(QUIET, listener.try_recv()).await;
            let arrived = match received {
                Ok(received) => received?.is_some(),
                Err(_) => tried(&own, &mut listener).await?.is_none(),
            };
            if !arrived {
                return Ok(HintsEnded::Lost);
            }
            hint();
        }
    }
}

/// Sends a notification, and waits for it. `None`: it has arrived.
async fn tried(own: &PgPool, listener: &mut PgListener) -> Result<Option<HintsEnded>, StoreError> {
    // From another connection: on its own one it would arrive also where others do not.
    let mut sender = own.acquire().await?;
    sqlx::query(TRY_HINT).execute(&mut *sender).await?;
    sender.close().await?;
    let Ok(received) = timeout(ARRIVES, listener.try_recv()).await else { return Ok(Some(HintsEnded::Kept)) };
    Ok(received?.is_none().then_some(HintsEnded::Lost))
}
