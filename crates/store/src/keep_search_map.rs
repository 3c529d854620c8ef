//! Makes what searches skip by, and keeps it up to date.
//!
//! It also has keys of imports that are not live: those go live by one row, and no epoch of theirs moves. It says where keys can be, and the
//! statement that reads them leaves out what is not there.

use std::sync::atomic::Ordering;

use model::{FOLD_VERSION, InstallationId};
use uuid::Uuid;

use crate::{
    Store, StoreError,
    db::on_db,
    search_map::{Known, Part, Row},
    witness::Moment,
};

/// Rows that are read at once.
const PAGE: i64 = 1_000;
/// With more changes than these since the last look it is made anew.
const CHANGED_MOST: i64 = 20_000;

/// Where the database is, and the mark that it has for an epoch.
pub(crate) const MAP_MOMENT: &str = "SELECT e.value, e.mark, (SELECT m.mark FROM epoch_mark m WHERE m.epoch = $1) AS known FROM epoch e \
     WHERE e.id = 1";
/// The Default API Key is not searched for by its row.
pub(crate) const UNFOLDED: &str = "SELECT COUNT(*) FROM (SELECT 1 AS one FROM api_key WHERE kind = 'issued' AND fold_version < 4 LIMIT 1) AS unfolded";
/// All keys of all installations in the order of names, after a place.
pub(crate) const MAP_ROWS: &str = "SELECT installation_id, name_order, id, client_name_folded, owner_folded, notes_folded FROM api_key \
     WHERE kind = 'issued' AND deleted_at IS NULL AND (installation_id, name_order, id) > ($1, $2, $3) \
     ORDER BY installation_id, name_order, id LIMIT $4";
pub(crate) const MAP_CHANGED: &str = "SELECT installation_id, name_order, client_name_folded, owner_folded, notes_folded, fold_version \
     FROM api_key WHERE epoch > $1 AND kind = 'issued' AND deleted_at IS NULL LIMIT $2";

/// Epoch, its mark, and the mark of the epoch that was asked for.
type MomentRow = (i64, Uuid, Option<Uuid>);
type MapRow = (Uuid, Vec<u8>, Uuid, String, String, String);
type ChangedRow = (Uuid, Vec<u8>, String, String, String, i64);
/// Installation, what the name is ordered by, and id.
type Place = (Uuid, Vec<u8>, Uuid);

impl Store {
    /// Makes what searches by name skip by, as soon as all keys have their texts of this release, or learns what has changed since.
    /// Searches are right without it, and slower.
    pub async fn keep_search_map(&self) -> Result<(), StoreError> {
        if self.search_map.seen().is_none() {
            return if self.all_folded.load(Ordering::Relaxed) { self.make_search_map().await } else { Ok(()) };
        }
        self.follow_search_map().await?;
        let _turn = self.search_map.turn().await;
        if let Some((installation, block)) = self.search_map.crowded() {
            let rows = self.rows_of(installation, &block).await?;
            self.search_map.divide(installation, &block, &rows);
        }
        Ok(())
    }

    /// Learns what was changed up to now. Where that is too much, or the database has another history, everything is forgotten.
    pub(crate) async fn follow_search_map(&self) -> Result<(), StoreError> {
        let map = &self.search_map;
        let _turn = map.turn().await;
        let Some(seen) = map.seen() else { return Ok(()) };
        let (epoch, mark, known) = self.moment_after(seen.epoch).await?;
        if known != Some(seen.mark) || epoch < seen.epoch {
            map.forget();
            return Ok(());
        }
        if epoch == seen.epoch {
            return Ok(());
        }
        let changed: Vec<ChangedRow> = on_db!(self, pool => {
            sqlx::query_as(MAP_CHANGED).bind(seen.epoch).bind(CHANGED_MOST + 1).fetch_all(pool).await?
        });
        // An earlier release is at work beside this one: its rows will move without an epoch.
        let earlier = changed.iter().any(|(.., version)| *version < FOLD_VERSION);
        if earlier || changed.len() as i64 > CHANGED_MOST {
            map.forget();
            return Ok(());
        }
        let changed = changed.into_iter().map(|(installation, order, name, owner, notes, _)| Row {
            installation: InstallationId(installation),
            order,
            texts: [name, owner, notes],
        });
        map.learn(&changed.collect::<Vec<_>>(), Moment { epoch, mark });
        Ok(())
    }

    async fn make_search_map(&self) -> Result<(), StoreError> {
        let (epoch, mark, _) = self.moment_after(-1).await?;
        // Asked after the epoch is known: whatever an earlier release writes from here on has a later one.
        let unfolded: i64 = on_db!(self, pool => sqlx::query_scalar(UNFOLDED).fetch_one(pool).await?);
        if unfolded > 0 {
            return Ok(());
        }
        let mut known = Known::new(Moment { epoch, mark });
        let mut after: Place = (Uuid::nil(), Vec::new(), Uuid::nil());
        loop {
            let rows = self.rows_after(&after).await?;
            let all = (rows.len() as i64) < PAGE;
            if let Some((installation, order, id, ..)) = rows.last() {
                after = (*installation, order.clone(), *id);
            }
            rows.into_iter().for_each(|row| known.append(&read(row)));
            if all {
                break;
            }
            // The calls come first.
            tokio::task::yield_now().await;
        }
        self.search_map.put(known);
        self.follow_search_map().await
    }

    async fn moment_after(&self, epoch: i64) -> Result<MomentRow, StoreError> {
        Ok(on_db!(self, pool => sqlx::query_as(MAP_MOMENT).bind(epoch).fetch_one(pool).await?))
    }

    async fn rows_after(&self, (installation, order, id): &Place) -> Result<Vec<MapRow>, StoreError> {
        Ok(on_db!(self, pool => {
            let rows = sqlx::query_as(MAP_ROWS).bind(installation).bind(order).bind(id).bind(PAGE);
            rows.fetch_all(pool).await?
        }))
    }

    /// The keys of a block.
    async fn rows_of(&self, installation: InstallationId, block: &Part) -> Result<Vec<Row>, StoreError> {
        // No key has this id.
        let mut after: Place = (installation.0, block.from.clone(), Uuid::nil());
        let mut found = Vec::new();
        loop {
            let rows = self.rows_after(&after).await?;
            let all = (rows.len() as i64) < PAGE;
            if let Some((installation, order, id, ..)) = rows.last() {
                after = (*installation, order.clone(), *id);
            }
            for row in rows.into_iter().map(read) {
                if row.installation != installation || block.to.as_ref().is_some_and(|to| row.order >= *to) {
                    return Ok(found);
                }
                found.push(row);
            }
            if all {
                return Ok(found);
            }
        }
    }
}

fn read((installation, order, _, name, owner, notes): MapRow) -> Row {
    Row { installation: InstallationId(installation), order, texts: [name, owner, notes] }
}
