use model::{InstallationId, Instant, TimeZone};
use uuid::Uuid;

use crate::{
    Change, Store, StoreError,
    db::{on_apart, on_db},
    group::{COUNT_KEYS, on_tx},
    live_keys::live_keys,
    row::row,
};

/// One customer's contact centre.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredInstallation {
    /// Its id.
    pub id: InstallationId,
    /// Its name on the command line.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// When the API Keys module was switched off, if it is.
    pub disabled_at: Option<Instant>,
    /// Whether secrets are also sealed and can be revealed.
    pub recoverable: bool,
    /// Whose days are meant, where nobody says whose else.
    pub time_zone: TimeZone,
    /// Issued keys that are not deleted.
    pub key_count: u64,
    /// When it was created.
    pub created_at: Instant,
}

row! {
    struct InstallationRow {
        id: Uuid,
        name: String,
        title: String,
        disabled_at: Option<i64>,
        recoverable: i64,
        time_zone: String,
        key_count: i64,
        created_at: i64,
    }
}

impl From<InstallationRow> for StoredInstallation {
    fn from(row: InstallationRow) -> Self {
        Self {
            id: InstallationId(row.id),
            name: row.name,
            title: row.title,
            disabled_at: row.disabled_at.map(Instant::from_millis),
            recoverable: row.recoverable != 0,
            time_zone: row.time_zone.parse().unwrap_or_else(|_| {
                // A newer Keydesk may know more zones. Keys are not refused because of how days are called.
                tracing::warn!(
                    time_zone = row.time_zone,
                    "an installation's time zone is not known; its days are those of UTC"
                );
                TimeZone::UTC
            }),
            key_count: row.key_count.unsigned_abs(),
            created_at: Instant::from_millis(row.created_at),
        }
    }
}

pub(crate) const INSTALLATIONS: &str = "SELECT id, name, title, disabled_at, recoverable, time_zone, key_count, created_at FROM installation ORDER BY name";

macro_rules! counted {
    () => {
        concat!(
            "(SELECT COUNT(*) FROM api_key k WHERE k.installation_id = installation.id AND k.kind = 'issued' \
             AND k.deleted_at IS NULL AND ",
            live_keys!("k"),
            ")"
        )
    };
}

/// Numbers of keys that are wrong, whatever made them so.
pub(crate) const RECOUNT_KEYS: &str =
    concat!("UPDATE installation SET key_count = ", counted!(), " WHERE key_count <> ", counted!());
pub(crate) const KEY_COUNT: &str = "SELECT key_count FROM installation WHERE id = $1";
pub(crate) const INSERT_INSTALLATION: &str =
    "INSERT INTO installation (id, name, title, recoverable, time_zone, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
pub(crate) const SET_INSTALLATION: &str =
    "UPDATE installation SET title = COALESCE($2, title), time_zone = COALESCE($3, time_zone) WHERE id = $1";
pub(crate) const SWITCH_MODULE: &str = "UPDATE installation SET disabled_at = $2 WHERE id = $1";

impl Store {
    /// How many issued keys the installation has, deleted ones not counted.
    pub async fn key_count(&self, id: InstallationId) -> Result<u64, StoreError> {
        let count: Option<i64> =
            on_db!(self, pool => sqlx::query_scalar(KEY_COUNT).bind(id.0).fetch_optional(pool).await?);
        Ok(count.unwrap_or(0).unsigned_abs())
    }

    /// All installations, by name. They are few.
    pub async fn installations(&self) -> Result<Vec<StoredInstallation>, StoreError> {
        let rows: Vec<InstallationRow> =
            on_apart!(self.poll, pool => sqlx::query_as(INSTALLATIONS).fetch_all(pool).await?);
        Ok(rows.into_iter().map(StoredInstallation::from).collect())
    }
}

impl Change {
    /// Corrects the number of the installation's keys. Growth is written when the group ends. A decrease is written at
    /// once, with the growth that waits, since a number goes no lower than zero.
    pub async fn count_keys(&mut self, installation: InstallationId, more: i64) -> Result<(), StoreError> {
        if more >= 0 {
            self.kept().add_count(installation, more);
            return Ok(());
        }
        let waiting = self.kept_before().map_or(0, |kept| kept.count(installation));
        let all = waiting + self.kept().count(installation) + more;
        on_tx!(self, connection => {
            sqlx::query(COUNT_KEYS).bind(installation.0).bind(all).execute(connection).await?;
        });
        // With the growth that waits in the group, this comes to zero.
        self.kept().set_count(installation, -waiting);
        Ok(())
    }

    /// Writes a new installation.
    pub async fn insert_installation(&mut self, installation: &StoredInstallation) -> Result<(), StoreError> {
        on_tx!(self, connection => {
            sqlx::query(INSERT_INSTALLATION)
                .bind(installation.id.0)
                .bind(&installation.name)
                .bind(&installation.title)
                .bind(i64::from(installation.recoverable))
                .bind(installation.time_zone.name())
                .bind(installation.created_at.as_millis())
                .execute(connection)
                .await?;
        });
        Ok(())
    }

    /// Gives an installation another title or time zone; `None` leaves it as it is. False: no such installation.
    pub async fn set_installation(
        &mut self,
        id: InstallationId,
        title: Option<&str>,
        time_zone: Option<&TimeZone>,
    ) -> Result<bool, StoreError> {
        let done = on_tx!(self, connection => {
            sqlx::query(SET_INSTALLATION)
                .bind(id.0)
                .bind(title)
                .bind(time_zone.map(TimeZone::name))
                .execute(connection)
                .await?
                .rows_affected()
        });
        Ok(done == 1)
    }

    /// Switches the API Keys module off, as of an instant, or on again. False: no such installation.
    pub async fn switch_module(
        &mut self,
        id: InstallationId,
        disabled_at: Option<Instant>,
    ) -> Result<bool, StoreError> {
        let done = on_tx!(self, connection => {
            sqlx::query(SWITCH_MODULE)
                .bind(id.0)
                .bind(disabled_at.map(Instant::as_millis))
                .execute(connection)
                .await?
                .rows_affected()
        });
        Ok(done == 1)
    }
}
