use std::{future::poll_fn, pin::pin};

use futures::Stream;
use model::{CursorValue, KeyId, Sort};
use sqlx::{FromRow as _, Row as _};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{
    order::Order,
    row::{KeyRow, key_select},
};
use crate::{
    KeyFilter, Store, StoreError, StoredKey,
    db::on_db,
    sql::{Sql, query},
};

/// Rows that are sent on together.
const PART: usize = 500;

impl Store {
    /// Sends all issued keys that match on, in order, after the given place. One statement reads them, so they are those of one
    /// instant, whatever changes meanwhile: pages would miss a key that moves within the order. It ends when nobody receives any
    /// more. A key that can't be read is logged, and left out.
    pub async fn snapshot(
        &self,
        filter: &KeyFilter,
        sort: Sort,
        after: Option<&(CursorValue, KeyId)>,
        parts: mpsc::Sender<Vec<StoredKey>>,
    ) -> Result<(), StoreError> {
        let mut sql = Sql::new(key_select!("FROM api_key WHERE "));
        self.push_filter(filter, &mut sql).await?;
        Order { sort, after, sqlite: self.is_sqlite() }.push(&mut sql);
        let kept = self.is_sqlite();
        let mut part = Vec::with_capacity(PART);
        on_db!(self, pool => {
            let statement = query!(query, sql, pool).persistent(kept);
            let mut rows = pin!(statement.fetch(pool));
            while let Some(row) = poll_fn(|context| rows.as_mut().poll_next(context)).await {
                let row = row?;
                match KeyRow::from_row(&row).map_err(StoreError::from).and_then(StoredKey::try_from) {
                    Ok(key) => part.push(key),
                    Err(error) => {
                        let key = row.try_get("id").ok().map(|id: Uuid| id.to_string());
                        tracing::error!(key, %error, "a key can't be read, and is missing in a list");
                    }
                }
                if part.len() == PART && parts.send(std::mem::replace(&mut part, Vec::with_capacity(PART))).await.is_err() {
                    return Ok(());
                }
            }
        });
        // Whoever receives no more needs no rest either.
        let _ = parts.send(part).await;
        Ok(())
    }
}
