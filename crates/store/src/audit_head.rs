use model::{InstallationId, Instant};
use uuid::Uuid;

use crate::{AuditEnd, AuditHead, Change, Store, StoreError, audit_entry::hash, db::on_db, group::on_tx, row::row};

/// Entries, hash, instant, key, MAC.
pub(crate) type HeadRow = (i64, Vec<u8>, i64, String, Vec<u8>);

pub(crate) fn head((entries, head, at, audit_key, mac): HeadRow) -> Result<AuditHead, StoreError> {
    Ok(AuditHead { entries, hash: hash(head)?, at: Instant::from_millis(at), audit_key, mac: hash(mac)? })
}

row! {
    struct EndRow {
        seq: Option<i64>,
        hash: Option<Vec<u8>>,
        entries: Option<i64>,
        head_hash: Option<Vec<u8>>,
        at: Option<i64>,
        audit_key_id: Option<String>,
        mac: Option<Vec<u8>>,
        listened: i64,
    }
}

impl TryFrom<EndRow> for AuditEnd {
    type Error = StoreError;

    fn try_from(row: EndRow) -> Result<Self, StoreError> {
        let last = row.seq.zip(row.hash).map(|(seq, bytes)| Ok::<_, StoreError>((seq, hash(bytes)?))).transpose()?;
        let found = match (row.entries, row.head_hash, row.at, row.audit_key_id, row.mac) {
            (Some(entries), Some(bytes), Some(at), Some(key), Some(mac)) => Some(head((entries, bytes, at, key, mac))?),
            _ => None,
        };
        Ok(Self { last, head: found })
    }
}

pub(crate) const AUDIT_HEAD: &str =
    "SELECT entries, hash, at, audit_key_id, mac FROM audit_head WHERE installation_id = $1";
pub(crate) const AUDIT_END: &str = "SELECT e.seq, e.hash, h.entries, h.hash AS head_hash, h.at, h.audit_key_id, h.mac, \
     CAST(CASE WHEN EXISTS (SELECT 1 FROM webhook w WHERE w.installation_id = $1) \
        OR EXISTS (SELECT 1 FROM event_reader) THEN 1 ELSE 0 END AS BIGINT) AS listened \
     FROM installation i LEFT JOIN audit_head h ON h.installation_id = i.id \
     LEFT JOIN audit_entry e ON e.installation_id = i.id \
        AND e.seq = (SELECT MAX(seq) FROM audit_entry WHERE installation_id = $1) \
     WHERE i.id = $1";
pub(crate) const AUDIT_KEYS: &str = "SELECT id, proof FROM audit_key";
pub(crate) const INSERT_AUDIT_KEY: &str =
    "INSERT INTO audit_key (id, proof, since) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING";

impl Store {
    /// The signed end of an audit log.
    pub async fn audit_head(&self, installation: InstallationId) -> Result<Option<AuditHead>, StoreError> {
        let row: Option<HeadRow> =
            on_db!(self, pool => sqlx::query_as(AUDIT_HEAD).bind(installation.0).fetch_optional(pool).await?);
        row.map(head).transpose()
    }

    /// The audit keys that were in use, by id, each with its proof.
    pub async fn audit_keys(&self) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        Ok(on_db!(self, pool => sqlx::query_as(AUDIT_KEYS).fetch_all(pool).await?))
    }
}

impl Change {
    /// The end of an audit log, to which the next entry is chained, as this change sees it.
    pub async fn audit_end(&mut self, installation: InstallationId) -> Result<AuditEnd, StoreError> {
        let own = self.kept().end(installation).cloned();
        let known = own.or_else(|| self.kept_before().and_then(|kept| kept.end(installation).cloned()));
        let end = match known {
            Some(end) => end,
            None => {
                let id: Uuid = installation.0;
                let row: Option<EndRow> =
                    on_tx!(self, connection => sqlx::query_as(AUDIT_END).bind(id).fetch_optional(connection).await?);
                // Asked with it, since whoever writes an audit entry may have to tell of it.
                let listened = row.as_ref().is_some_and(|row| row.listened != 0);
                self.kept().listened.entry(installation).or_insert(listened);
                row.map(AuditEnd::try_from).transpose()?.unwrap_or_default()
            }
        };
        self.kept().set_end(installation, end.clone());
        Ok(end)
    }

    /// Notes that an audit key is in use. One that is noted stays as it is.
    pub async fn insert_audit_key(&mut self, id: &str, proof: &[u8], now: Instant) -> Result<(), StoreError> {
        on_tx!(self, connection => {
            sqlx::query(INSERT_AUDIT_KEY).bind(id).bind(proof).bind(now.as_millis()).execute(connection).await?;
        });
        Ok(())
    }
}
