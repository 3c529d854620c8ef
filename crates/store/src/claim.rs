//! The table `claim`: what `keydesk apply` has made or taken over, for which file, and under which name.

use model::{ClaimKind, InstallationId, Instant};

use crate::{Change, Store, StoreError, db::on_db, group::on_tx, row::row, sql::json};

/// That a file holds an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredClaim {
    /// What it is.
    pub kind: ClaimKind,
    /// Which of its kind: an id, whose limits, or the name of a setting.
    pub object: String,
    /// The name of the file.
    pub file: String,
    /// The name that the file gives it.
    pub name: String,
    /// The settings that the file says, by their names.
    pub settings: Vec<String>,
    /// Its version as the file left it.
    pub version: i64,
    /// When the file left it so.
    pub at: Instant,
}

row! {
    struct ClaimRow {
        kind: String,
        object: String,
        file: String,
        name: String,
        settings: String,
        version: i64,
        at: i64,
    }
}

impl TryFrom<ClaimRow> for StoredClaim {
    type Error = StoreError;

    fn try_from(row: ClaimRow) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::Corrupt { column };
        Ok(Self {
            kind: row.kind.parse().map_err(|_| corrupt("claim.kind"))?,
            object: row.object,
            file: row.file,
            name: row.name,
            settings: serde_json::from_str(&row.settings).map_err(|_| corrupt("claim.settings"))?,
            version: row.version,
            at: Instant::from_millis(row.at),
        })
    }
}

pub(crate) const CLAIMS: &str = "SELECT kind, object, file, name, settings, version, at FROM claim \
     WHERE installation_id = $1 ORDER BY kind, object";
pub(crate) const PUT_CLAIM: &str = "INSERT INTO claim (installation_id, kind, object, file, name, settings, version, at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
pub(crate) const DROP_CLAIM: &str = "DELETE FROM claim WHERE installation_id = $1 AND kind = $2 AND object = $3";

impl Store {
    /// What files hold in an installation.
    pub async fn claims(&self, installation: InstallationId) -> Result<Vec<StoredClaim>, StoreError> {
        let rows: Vec<ClaimRow> =
            on_db!(self, pool => sqlx::query_as(CLAIMS).bind(installation.0).fetch_all(pool).await?);
        rows.into_iter().map(StoredClaim::try_from).collect()
    }
}

impl Change {
    /// What files hold in an installation, as this change sees it.
    pub async fn claims(&mut self, installation: InstallationId) -> Result<Vec<StoredClaim>, StoreError> {
        let rows: Vec<ClaimRow> = on_tx!(self, connection => {
            sqlx::query_as(CLAIMS).bind(installation.0).fetch_all(connection).await?
        });
        rows.into_iter().map(StoredClaim::try_from).collect()
    }

    /// Lets a file hold an object that none holds.
    pub async fn put_claim(&mut self, installation: InstallationId, claim: &StoredClaim) -> Result<(), StoreError> {
        on_tx!(self, connection => {
            sqlx::query(PUT_CLAIM)
                .bind(installation.0)
                .bind(claim.kind.as_str())
                .bind(&claim.object)
                .bind(&claim.file)
                .bind(&claim.name)
                .bind(json!(&claim.settings))
                .bind(claim.version)
                .bind(claim.at.as_millis())
                .execute(connection)
                .await?;
        });
        Ok(())
    }

    /// Lets no file hold an object. Whether any did.
    pub async fn drop_claim(
        &mut self,
        installation: InstallationId,
        kind: ClaimKind,
        object: &str,
    ) -> Result<bool, StoreError> {
        let dropped: u64 = on_tx!(self, connection => {
            let sql = sqlx::query(DROP_CLAIM).bind(installation.0).bind(kind.as_str()).bind(object);
            sql.execute(connection).await?.rows_affected()
        });
        Ok(dropped > 0)
    }
}
