//! Whether the database's past is still the one that this process knows.

use uuid::Uuid;

use crate::{
    Moment, Store, StoreError,
    db::{Apart, Db},
};

/// How a database stands to what this process has seen of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Where it is now.
    pub newest: Moment,
    /// What this process has seen is its past. False: it was set back, or is another one; or what was seen is so long ago
    /// that nobody can tell.
    pub continues: bool,
}

macro_rules! history {
    ($standby:literal) => {
        concat!(
            "SELECT e.value, e.mark, (SELECT m.mark FROM epoch_mark m WHERE m.epoch = $1) AS known, ",
            $standby,
            " AS standby FROM epoch e WHERE e.id = 1"
        )
    };
}

/// Where the database is, the mark that it has for an epoch, and whether it is a standby, which answers as well, of what was
/// true an unknown time ago.
pub(crate) const HISTORY: &str = history!("pg_is_in_recovery()");
/// SQLite has none.
pub(crate) const HISTORY_SQLITE: &str = history!("FALSE");

/// Epoch, its mark, the mark of the epoch that was asked for, and whether it is a standby.
type Row = (i64, Uuid, Option<Uuid>, bool);

impl Store {
    /// Looks where the database is, and whether what this process has seen is its past, on the connection of the poll. To be
    /// followed by [`Store::go_on`] or [`Store::begin_anew`].
    pub async fn look(&self) -> Result<Look, StoreError> {
        let seen = self.changes.witness.seen.get();
        let epoch = seen.map_or(-1, |seen| seen.epoch);
        let (value, mark, known) = match &self.poll {
            Apart::Sqlite(poll) => {
                if let Some(displaced) = self.file.as_ref().and_then(|file| file.displaced()) {
                    return Err(displaced);
                }
                let (value, mark, known, _): Row = sqlx::query_as(HISTORY_SQLITE).bind(epoch).fetch_one(poll).await?;
                (value, mark, known)
            }
            Apart::Postgres(poll) => {
                let mut connection = poll.acquire().await?;
                let (value, mark, known, standby): Row =
                    sqlx::query_as(HISTORY).bind(epoch).fetch_one(&mut *connection).await?;
                if standby {
                    // The next connection may lead to the primary.
                    connection.close_on_drop();
                    return Err(StoreError::Standby);
                }
                (value, mark, known)
            }
        };
        let newest = Moment { epoch: value, mark };
        let continues = seen.is_none_or(|seen| known == Some(seen.mark) && seen.epoch <= newest.epoch);
        Ok(Look { newest, continues })
    }

    /// Works no longer with a SQLite database whose files are not in their place any more: what would be written to them is lost. Its
    /// log is written back and emptied, so that it is not taken for that of the file that may be there now.
    pub async fn abandon(&self) {
        let Db::Sqlite { read, write } = &self.db else { return };
        // Whoever asks from now on is refused.
        let (reading, polling, looking) = (read.close(), self.poll.close(), self.lookups.close());
        if let Ok(mut connection) = write.acquire().await {
            let writing = write.close();
            let _ = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut *connection).await;
            drop(connection);
            writing.await;
        }
        reading.await;
        polling.await;
        looking.await;
    }

    /// From now on this moment is seen. Call it when memory has all changes up to it.
    pub fn go_on(&self, newest: Moment) {
        self.changes.witness.seen.go_on_to(newest);
    }

    /// What was seen is forgotten: this is another history, which is known from this moment on.
    pub fn begin_anew(&self, first: Moment) {
        self.changes.witness.seen.begin_at(first);
    }

    /// The newest epoch that is seen. What is of a later one must not be remembered: were it lost in a failover, nobody
    /// would notice. `i64::MAX` until somebody looks.
    pub fn seen(&self) -> i64 {
        self.changes.witness.seen.epoch()
    }
}
