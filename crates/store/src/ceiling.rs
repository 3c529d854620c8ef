//! The table `ceiling`: what all keys of a client, or of an installation, may do together.

use model::{Ceiling, Client, ClientName, InstallationId, Instant};
use uuid::Uuid;

use crate::{
    Change, Store, StoreError,
    api_key::{client_name, environment, quotas, rate_limits},
    db::{on_apart, on_db},
    group::on_tx,
    row::row,
    sql::json,
};

/// A ceiling as its row holds it. One that was taken away has no limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCeiling {
    /// Whose.
    pub installation: InstallationId,
    /// The client that it is for, with the name as it was typed; `None`: the installation's own.
    pub client: Option<(Client, ClientName)>,
    /// Its limits.
    pub ceiling: Ceiling,
    /// Grows with each change.
    pub version: i64,
    /// When it was changed last.
    pub updated_at: Instant,
    /// The epoch of its last change: of two of one client, the higher is the newer.
    pub epoch: i64,
}

row! {
    pub(crate) struct CeilingRow {
        installation_id: Uuid,
        client_fold: String,
        environment: String,
        client_name: String,
        rate_limits: String,
        quotas: String,
        version: i64,
        updated_at: i64,
        epoch: i64,
    }
}

impl TryFrom<CeilingRow> for StoredCeiling {
    type Error = StoreError;

    fn try_from(row: CeilingRow) -> Result<Self, StoreError> {
        let client = if row.client_fold.is_empty() {
            None
        } else {
            let client = Client::kept(row.client_fold, environment(&row.environment)?);
            Some((client, client_name(&row.client_name)?))
        };
        Ok(Self {
            installation: InstallationId(row.installation_id),
            client,
            ceiling: Ceiling { rate_limits: rate_limits(&row.rate_limits)?, quotas: quotas(&row.quotas)? },
            version: row.version,
            updated_at: Instant::from_millis(row.updated_at),
            epoch: row.epoch,
        })
    }
}

/// The columns that tell a ceiling from others. The installation's own has empty texts.
fn place(client: Option<&Client>) -> (&str, &'static str) {
    client.map_or(("", ""), |client| (client.folded(), client.environment().as_str()))
}

/// Those that can be read. One that can't, since a newer release wrote it or it was damaged, limits nothing: refusing all calls of
/// its client would be worse, and each key keeps its own limits. It is said in the log.
pub(crate) fn readable(rows: Vec<CeilingRow>) -> Vec<StoredCeiling> {
    let read = |row: CeilingRow| {
        let installation = row.installation_id;
        let read = StoredCeiling::try_from(row);
        read.inspect_err(|error| tracing::error!(%error, %installation, "a ceiling can't be read; it limits nothing"))
            .ok()
    };
    rows.into_iter().filter_map(read).collect()
}

macro_rules! ceiling_select {
    ($rest:literal) => {
        concat!(
            "SELECT installation_id, client_fold, environment, client_name, rate_limits, quotas, version, updated_at, epoch \
             FROM ceiling ",
            $rest
        )
    };
}

pub(crate) const CEILING: &str =
    ceiling_select!("WHERE installation_id = $1 AND client_fold = $2 AND environment = $3");
pub(crate) const CEILINGS_CHANGED: &str = ceiling_select!("WHERE epoch > $1 AND epoch <= $2 ORDER BY epoch");
pub(crate) const CEILINGS_AFTER: &str = ceiling_select!(
    "WHERE (installation_id, client_fold, environment) > ($1, $2, $3) ORDER BY installation_id, client_fold, environment LIMIT $4"
);
pub(crate) const PUT_CEILING: &str = "INSERT INTO ceiling \
     (installation_id, client_fold, environment, client_name, rate_limits, quotas, version, updated_at, epoch) \
     VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8) ON CONFLICT (installation_id, client_fold, environment) \
     DO UPDATE SET client_name = excluded.client_name, rate_limits = excluded.rate_limits, quotas = excluded.quotas, \
     version = ceiling.version + 1, updated_at = excluded.updated_at, epoch = excluded.epoch";

/// Ceilings that are read at once.
const PAGE: i64 = 1_000;

impl Store {
    /// The ceiling of a client, or the installation's own; `None`: there never was one.
    pub async fn ceiling(
        &self,
        installation: InstallationId,
        client: Option<&Client>,
    ) -> Result<Option<StoredCeiling>, StoreError> {
        let (fold, environment) = place(client);
        let row: Option<CeilingRow> = on_db!(self, pool => {
            sqlx::query_as(CEILING).bind(installation.0).bind(fold).bind(environment).fetch_optional(pool).await?
        });
        row.map(StoredCeiling::try_from).transpose()
    }

    /// All ceilings of all installations. Administrators alone make them, one at a time, so they are few beside the keys.
    pub async fn ceilings(&self) -> Result<Vec<StoredCeiling>, StoreError> {
        let (mut all, mut after) = (Vec::new(), (Uuid::nil(), String::new(), String::new()));
        loop {
            let rows: Vec<CeilingRow> = on_apart!(self.poll, pool => {
                let page = sqlx::query_as(CEILINGS_AFTER).bind(after.0).bind(&after.1).bind(&after.2);
                page.bind(PAGE).fetch_all(pool).await?
            });
            let Some(last) = rows.last() else { return Ok(all) };
            after = (last.installation_id, last.client_fold.clone(), last.environment.clone());
            all.extend(readable(rows));
        }
    }

    /// The ceilings that changed after epoch `after`, up to and with `upto`.
    pub async fn ceilings_changed(&self, after: i64, upto: i64) -> Result<Vec<StoredCeiling>, StoreError> {
        let rows: Vec<CeilingRow> = on_apart!(self.poll, pool => {
            sqlx::query_as(CEILINGS_CHANGED).bind(after).bind(upto).fetch_all(pool).await?
        });
        Ok(readable(rows))
    }
}

impl Change {
    /// The ceiling of a client, or the installation's own, as this change sees it.
    pub async fn ceiling(
        &mut self,
        installation: InstallationId,
        client: Option<&Client>,
    ) -> Result<Option<StoredCeiling>, StoreError> {
        let (fold, environment) = place(client);
        let row: Option<CeilingRow> = on_tx!(self, connection => {
            sqlx::query_as(CEILING).bind(installation.0).bind(fold).bind(environment).fetch_optional(connection).await?
        });
        row.map(StoredCeiling::try_from).transpose()
    }

    /// Gives a client, or the installation, this ceiling in place of the one that it has.
    pub async fn put_ceiling(
        &mut self,
        installation: InstallationId,
        client: Option<(&Client, &ClientName)>,
        ceiling: &Ceiling,
        now: Instant,
    ) -> Result<(), StoreError> {
        let (fold, environment) = place(client.map(|(client, _)| client));
        let epoch = self.epoch();
        on_tx!(self, connection => {
            sqlx::query(PUT_CEILING)
                .bind(installation.0)
                .bind(fold)
                .bind(environment)
                .bind(client.map_or("", |(_, name)| name.as_str()))
                .bind(json!(&ceiling.rate_limits))
                .bind(json!(&ceiling.quotas))
                .bind(now.as_millis())
                .bind(epoch)
                .execute(connection)
                .await?;
        });
        Ok(())
    }
}
