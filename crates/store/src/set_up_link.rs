use model::{InstallationId, Instant};
use uuid::Uuid;

use crate::{Change, Store, StoreError, db::on_db, group::on_tx};

/// What the token of an installation's set-up link is derived from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredSetUpLink {
    /// Whose first owner it makes.
    pub installation: InstallationId,
    /// Makes it unlike every link before.
    pub random: [u8; 32],
    /// When it was made.
    pub made_at: Instant,
}

type Row = (Uuid, Vec<u8>, i64);

fn read((installation, random, made_at): Row) -> Result<StoredSetUpLink, StoreError> {
    Ok(StoredSetUpLink {
        installation: InstallationId(installation),
        random: random.try_into().map_err(|_| StoreError::Corrupt { column: "set_up_link.random" })?,
        made_at: Instant::from_millis(made_at),
    })
}

pub(crate) const SET_UP_LINKS: &str = "SELECT installation_id, random, made_at FROM set_up_link";
pub(crate) const SET_UP_LINK: &str =
    "SELECT installation_id, random, made_at FROM set_up_link WHERE installation_id = $1";
pub(crate) const PUT_SET_UP_LINK: &str = "INSERT INTO set_up_link (installation_id, random, made_at) VALUES ($1, $2, $3) \
     ON CONFLICT (installation_id) DO UPDATE SET random = excluded.random, made_at = excluded.made_at";
pub(crate) const END_SET_UP_LINKS: &str = "DELETE FROM set_up_link";

impl Store {
    /// The newest set-up link of every installation that ever had one, over or not.
    pub async fn set_up_links(&self) -> Result<Vec<StoredSetUpLink>, StoreError> {
        let rows: Vec<Row> = on_db!(self, pool => sqlx::query_as(SET_UP_LINKS).fetch_all(pool).await?);
        rows.into_iter().map(read).collect()
    }

    /// The newest set-up link of an installation, over or not.
    pub async fn set_up_link(&self, installation: InstallationId) -> Result<Option<StoredSetUpLink>, StoreError> {
        let row: Option<Row> =
            on_db!(self, pool => sqlx::query_as(SET_UP_LINK).bind(installation.0).fetch_optional(pool).await?);
        row.map(read).transpose()
    }
}

impl Change {
    /// The same, as this change sees it.
    pub async fn set_up_link(&mut self, installation: InstallationId) -> Result<Option<StoredSetUpLink>, StoreError> {
        let row: Option<Row> = on_tx!(self, connection => {
            sqlx::query_as(SET_UP_LINK).bind(installation.0).fetch_optional(connection).await?
        });
        row.map(read).transpose()
    }

    /// Makes a link the one of its installation. The one before is over.
    pub async fn put_set_up_link(&mut self, link: &StoredSetUpLink) -> Result<(), StoreError> {
        on_tx!(self, connection => {
            sqlx::query(PUT_SET_UP_LINK)
                .bind(link.installation.0)
                .bind(&link.random[..])
                .bind(link.made_at.as_millis())
                .execute(connection)
                .await?;
        });
        Ok(())
    }

    /// Ends the set-up links of all installations.
    pub async fn end_set_up_links(&mut self) -> Result<(), StoreError> {
        on_tx!(self, connection => {
            sqlx::query(END_SET_UP_LINKS).execute(connection).await?;
        });
        Ok(())
    }
}
