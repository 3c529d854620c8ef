use model::{AuditId, Environment, InstallationId, Instant, KeyId};
use uuid::Uuid;

use crate::{
    AuditEnd, AuditEntry, AuditHead, Change, Store, StoreError,
    audit_entry::{INSERT_ENTRIES, entry_row, hash},
    db::on_db,
    group::on_tx,
    inserts::Inserts,
    row::row,
    sql::{CHUNK, Sql, query},
};

row! {
    pub(crate) struct AuditRow {
        seq: i64,
        id: Uuid,
        at: i64,
        actor: String,
        action: String,
        key_id: Option<Uuid>,
        environment: Option<String>,
        detail: String,
        address: Option<String>,
        request_id: Option<Uuid>,
        user_agent: Option<String>,
        via_digest: Option<Vec<u8>>,
        audit_key_id: String,
        previous_hash: Vec<u8>,
        hash: Vec<u8>,
    }
}

fn environment(text: &str) -> Result<Environment, StoreError> {
    text.parse().map_err(|_| StoreError::Corrupt { column: "audit_entry.environment" })
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
            environment: row.environment.as_deref().map(environment).transpose()?,
            detail: row.detail,
            address: row.address,
            request_id: row.request_id,
            user_agent: row.user_agent,
            via_digest: row.via_digest.map(hash).transpose()?,
            audit_key: (!row.audit_key_id.is_empty()).then_some(row.audit_key_id),
            previous_hash: hash(row.previous_hash)?,
            hash: hash(row.hash)?,
        })
    }
}

/// A statement that reads whole entries.
macro_rules! entry_select {
    ($rest:literal) => {
        concat!(
            "SELECT seq, id, at, actor, action, key_id, environment, detail, address, request_id, user_agent, via_digest, \
             audit_key_id, previous_hash, hash FROM audit_entry ",
            $rest
        )
    };
}

pub(crate) use entry_select;

pub(crate) const AUDIT_AFTER: &str = entry_select!("WHERE installation_id = $1 AND seq > $2 ORDER BY seq LIMIT $3");
pub(crate) const AUDIT_LAST: &str = "SELECT COALESCE(MAX(seq), 0) FROM audit_entry WHERE installation_id = $1";
pub(crate) const AUDIT_ID: &str = "SELECT id FROM audit_entry WHERE installation_id = $1 AND seq = $2";
/// The index is of the key alone, since a key belongs to one installation.
pub(crate) const AUDIT_OF_KEY: &str = entry_select!(
    "WHERE key_id = $2 AND installation_id = $1 AND (at, seq) < ($3, $4) ORDER BY at DESC, seq DESC LIMIT $5"
);
pub(crate) const AUDIT_AT: &str = "SELECT at FROM audit_entry WHERE installation_id = $1 AND seq = $2";

impl Store {
    /// Up to `limit` entries about a key, newest first: the newest of all, or those before the entry of number `before`.
    pub async fn audit_of_key(
        &self,
        installation: InstallationId,
        key: KeyId,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let (at, seq) = match before {
            None => (i64::MAX, i64::MAX),
            Some(seq) => {
                let at: Option<i64> = on_db!(self, pool => {
                    sqlx::query_scalar(AUDIT_AT).bind(installation.0).bind(seq).fetch_optional(pool).await?
                });
                match at {
                    Some(at) => (at, seq),
                    None => return Ok(Vec::new()),
                }
            }
        };
        let rows: Vec<AuditRow> = on_db!(self, pool => {
            let query = sqlx::query_as(AUDIT_OF_KEY).bind(installation.0).bind(key.0).bind(at).bind(seq);
            query.bind(limit).fetch_all(pool).await?
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
    /// Appends entries to the installation's audit log, which then has this signed end. Those that continue it from the end that
    /// this change was told are written when its group ends: nothing that a caller sends can make that fail.
    pub async fn append_audit(
        &mut self,
        installation: InstallationId,
        entries: &[AuditEntry],
        head: AuditHead,
    ) -> Result<(), StoreError> {
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else { return Ok(()) };
        let (first, last) = (first.seq, (last.seq, last.hash));
        let mut rows = Inserts::default();
        entries.iter().for_each(|entry| rows.add(INSERT_ENTRIES, entry_row(installation, entry)));
        let continued = self.kept().end(installation).map(|end| end.last.map_or(0, |(seq, _)| seq) + 1);
        if continued == Some(first) {
            self.kept().entries.take_in(rows);
        } else {
            for sql in rows.into_statements() {
                self.execute(sql).await?;
            }
        }
        self.kept().set_end(installation, AuditEnd { last: Some(last), head: Some(head.clone()) });
        self.kept().heads.insert(installation, head);
        Ok(())
    }

    /// The environments of those of these keys that there are, deleted ones included.
    pub async fn environments(
        &mut self,
        installation: InstallationId,
        keys: &[KeyId],
    ) -> Result<Vec<(KeyId, Environment)>, StoreError> {
        let mut found = Vec::with_capacity(keys.len());
        for keys in keys.chunks(CHUNK) {
            let mut sql = Sql::new("SELECT id, environment FROM api_key WHERE installation_id = ");
            sql.id(installation.0).push(" AND id IN ").list(keys, |sql, key| {
                sql.id(key.0);
            });
            let rows: Vec<(Uuid, String)> =
                on_tx!(self, connection => query!(query_as, sql, connection).fetch_all(connection).await?);
            for (id, text) in rows {
                found.push((KeyId(id), environment(&text)?));
            }
        }
        Ok(found)
    }
}
