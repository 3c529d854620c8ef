//! PostgreSQL tells of changes when they are committed, so that other nodes need not wait for their next look. A hint only: what
//! is true is what they find when they look, and they look all the same when no hint comes.

use std::time::Duration;

use sqlx::postgres::PgListener;
use tokio::time::timeout;

use crate::{Store, StoreError, db::Apart, postgres};

/// Whether a notification arrives at all is tried with one.
pub(crate) const TRY_HINT: &str = "SELECT pg_notify('keydesk_change', '')";
/// How long that one may take.
const ARRIVES: Duration = Duration::from_secs(2);

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
        let own = postgres::pool().max_connections(1).connect_lazy_with(poll.connect_options().as_ref().clone());
        let mut listener = PgListener::connect_with(&own).await?;
        // A lost connection is told, and not made again in silence: what was notified meanwhile is lost.
        listener.eager_reconnect(false);
        listener.listen(CHANNEL).await?;
        // From another connection: on its own one it would arrive also where others do not.
        sqlx::query(TRY_HINT).execute(poll).await?;
        match timeout(ARRIVES, listener.try_recv()).await {
            Err(_) => return Ok(HintsEnded::Kept),
            Ok(received) => {
                if received?.is_none() {
                    return Ok(HintsEnded::Lost);
                }
            }
        }
        // Changes that came before it listened.
        hint();
        while listener.try_recv().await?.is_some() {
            hint();
        }
        Ok(HintsEnded::Lost)
    }
}
