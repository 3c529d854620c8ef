use model::{InstallationId, Instant};
use uuid::Uuid;

use crate::{Store, StoreError, db::on_db, row::row, work::on_writer};

/// Addresses that are kept: those that were slowed down last.
const KEPT: i64 = 1_000;
/// Addresses that a page shows.
const SHOWN: i64 = 20;

/// An address that sent many keys which don't exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredGuessing {
    /// The installation that was asked about; `None`: whichever the keys would have belonged to.
    pub installation: Option<InstallationId>,
    /// The address, or the /64 network of an IPv6 address.
    pub network: String,
    /// When it was first slowed down.
    pub since: Instant,
    /// When it was slowed down last.
    pub last: Instant,
    /// Failed keys; at least so many.
    pub failed: u64,
}

row! {
    struct GuessingRow {
        network: String,
        installation_id: Uuid,
        since: i64,
        last_at: i64,
        failed: i64,
    }
}

pub(crate) const CONTINUE_GUESSING: &str = "UPDATE guessing SET failed = failed + $1, \
     last_at = CASE WHEN last_at < $2 THEN $2 ELSE last_at END \
     WHERE network = $3 AND installation_id = $4 AND last_at > $5";
/// A burst takes the place of one that is over. Of two nodes that write the same one of them does.
pub(crate) const BEGIN_GUESSING: &str = "INSERT INTO guessing (network, installation_id, since, last_at, failed) \
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT (network, installation_id) DO UPDATE \
     SET since = excluded.since, last_at = excluded.last_at, failed = excluded.failed WHERE guessing.last_at <= $6";
pub(crate) const GUESSING_OF: &str = "SELECT network, installation_id, since, last_at, failed FROM guessing \
     WHERE last_at > $1 AND installation_id IN ($2, $3) ORDER BY last_at DESC, network LIMIT $4";
pub(crate) const PURGE_GUESSING: &str = "DELETE FROM guessing WHERE last_at <= $1";
pub(crate) const TRIM_GUESSING: &str =
    "DELETE FROM guessing WHERE last_at < (SELECT last_at FROM guessing ORDER BY last_at DESC LIMIT 1 OFFSET $1)";

/// Whichever installation.
const ANY: Uuid = Uuid::nil();

impl Store {
    /// Writes down a burst of failed keys, or that it goes on. `over`: bursts whose last call was not later are over. True: it is
    /// new, for all nodes.
    pub async fn note_guessing(&self, seen: &StoredGuessing, over: Instant) -> Result<bool, StoreError> {
        let installation = seen.installation.map_or(ANY, |installation| installation.0);
        let failed = i64::try_from(seen.failed).unwrap_or(i64::MAX);
        let mut is_new = false;
        on_writer!(self, connection => {
            let continued = sqlx::query(CONTINUE_GUESSING)
                .bind(failed)
                .bind(seen.last.as_millis())
                .bind(&seen.network)
                .bind(installation)
                .bind(over.as_millis())
                .execute(&mut *connection)
                .await?;
            if continued.rows_affected() == 0 {
                let begun = sqlx::query(BEGIN_GUESSING)
                    .bind(&seen.network)
                    .bind(installation)
                    .bind(seen.since.as_millis())
                    .bind(seen.last.as_millis())
                    .bind(failed)
                    .bind(over.as_millis())
                    .execute(&mut *connection)
                    .await?;
                is_new = begun.rows_affected() == 1;
            }
        });
        Ok(is_new)
    }

    /// The addresses that were slowed down after this instant, for an installation or for whichever; the last first.
    pub async fn guessing_of(
        &self,
        installation: InstallationId,
        after: Instant,
    ) -> Result<Vec<StoredGuessing>, StoreError> {
        let rows: Vec<GuessingRow> = on_db!(self, pool => {
            sqlx::query_as(GUESSING_OF)
                .bind(after.as_millis())
                .bind(installation.0)
                .bind(ANY)
                .bind(SHOWN)
                .fetch_all(pool)
                .await?
        });
        let read = |row: GuessingRow| StoredGuessing {
            installation: (row.installation_id != ANY).then_some(InstallationId(row.installation_id)),
            network: row.network,
            since: Instant::from_millis(row.since),
            last: Instant::from_millis(row.last_at),
            failed: row.failed.max(0).unsigned_abs(),
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// Removes addresses that were slowed down last at this instant or before, and those beyond a bound.
    pub async fn purge_guessing(&self, until: Instant) -> Result<(), StoreError> {
        on_writer!(self, connection => {
            sqlx::query(PURGE_GUESSING).bind(until.as_millis()).execute(&mut *connection).await?;
            sqlx::query(TRIM_GUESSING).bind(KEPT - 1).execute(&mut *connection).await?;
        });
        Ok(())
    }
}
