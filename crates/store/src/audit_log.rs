use model::{AuditId, InstallationId, Instant, KeyId};
use uuid::Uuid;

use crate::{
    AuditEntry, Change, HASH_LEN, Store, StoreError,
    audit_entry::{INSERT_ENTRIES, entry_row},
    db::on_db,
    group::on_tx,
    inserts::Inserts,
};

#[derive(sqlx::FromRow)]
struct AuditRow {
    seq: i64,
    id: Uuid,
    at: i64,
    actor: String,
    action: String,
    key_id: Option<Uuid>,
    detail: String,
    previous_hash: Vec<u8>,
    hash: Vec<u8>,
}

fn hash(bytes: Vec<u8>) -> Result<[u8; HASH_LEN], StoreError> {
    bytes.try_into().map_err(|_| StoreError::Corrupt { column: "audit_entry.hash" })
}

impl TryFrom<AuditRow> for AuditEntry {
    type Error = StoreError;

    fn try_from(row: AuditRow) -> Result<Self, StoreError> {
        Ok(Self {
            seq: row.seq,
            id: AuditId(row.id),
            at: Instant::from_millis(row.at),
            actor: row.actor,
            action: row.action,
            key: row.key_id.map(KeyId),
            detail: row.detail,
            previous_hash: hash(row.previous_hash)?,
            hash: hash(row.hash)?,
        })
    }
}

pub(crate) const AUDIT_HEAD: &str =
    "SELECT seq, hash FROM audit_entry WHERE installation_id = $1 ORDER BY seq DESC LIMIT 1";
pub(crate) const AUDIT_AFTER: &str = "SELECT seq, id, at, actor, action, key_id, detail, previous_hash, hash FROM audit_entry \
     WHERE installation_id = $1 AND seq > $2 ORDER BY seq LIMIT $3";
pub(crate) const AUDIT_LAST: &str = "SELECT COALESCE(MAX(seq), 0) FROM audit_entry WHERE installation_id = $1";
pub(crate) const AUDIT_ID: &str = "SELECT id FROM audit_entry WHERE installation_id = $1 AND seq = $2";
/// The index is of the key alone, since a key belongs to one installation.
pub(crate) const AUDIT_OF_KEY: &str = "SELECT seq, id, at, actor, action, key_id, detail, previous_hash, hash FROM audit_entry \
     WHERE key_id = $2 AND installation_id = $1 AND seq < $3 ORDER BY seq DESC LIMIT $4";

impl Store {
    /// Up to `limit` entries about a key before number `before`, newest first.
    pub async fn audit_of_key(
        &self,
        installation: InstallationId,
        key: KeyId,
        before: i64,
        limit: i64,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let rows: Vec<AuditRow> = on_db!(self, pool => {
            sqlx::query_as(AUDIT_OF_KEY).bind(installation.0).bind(key.0).bind(before).bind(limit).fetch_all(pool).await?
        });
        rows.into_iter().map(AuditEntry::try_from).collect()
    }

    /// Up to `limit` entries after number `seq`, oldest first.
    pub async fn audit_after(
        &self,
        installation: InstallationId,
        seq: i64,
        limit: i64,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let rows: Vec<AuditRow> = on_db!(self, pool => {
            sqlx::query_as(AUDIT_AFTER).bind(installation.0).bind(seq).bind(limit).fetch_all(pool).await?
        });
        rows.into_iter().map(AuditEntry::try_from).collect()
    }
}

impl Change {
    /// Number and hash of the newest audit entry: what the next one is chained to.
    pub async fn audit_head(
        &mut self,
        installation: InstallationId,
    ) -> Result<Option<(i64, [u8; HASH_LEN])>, StoreError> {
        let own = self.kept().head(installation);
        let known = own.or_else(|| self.kept_before().and_then(|kept| kept.head(installation)));
        let head = match known {
            Some(head) => head,
            None => {
                let row: Option<(i64, Vec<u8>)> = on_tx!(self, connection => sqlx::query_as(AUDIT_HEAD).bind(installation.0).fetch_optional(connection).await?);
                row.map(|(seq, bytes)| Ok::<_, StoreError>((seq, hash(bytes)?))).transpose()?
            }
        };
        self.kept().set_head(installation, head);
        Ok(head)
    }

    /// Appends entries to the installation's audit log. Those that continue it from the end that this change was told are
    /// written when its group ends: nothing that a caller sends can make that fail.
    pub async fn append_audit(
        &mut self,
        installation: InstallationId,
        entries: &[AuditEntry],
    ) -> Result<(), StoreError> {
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else { return Ok(()) };
        let (first, last) = (first.seq, (last.seq, last.hash));
        let mut rows = Inserts::default();
        entries.iter().for_each(|entry| rows.add(INSERT_ENTRIES, entry_row(installation, entry)));
        let head = self.kept().head(installation);
        if head.is_some_and(|head| first == head.map_or(0, |(seq, _)| seq) + 1) {
            self.kept().entries.take_in(rows);
        } else {
            for sql in rows.into_statements() {
                self.execute(sql).await?;
            }
        }
        self.kept().set_head(installation, Some(last));
        Ok(())
    }
}
