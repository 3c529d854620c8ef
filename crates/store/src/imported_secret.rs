//! The table `imported_secret`: by what secrets are known that another system issued, until they are used for the first time.

use model::{InstallationId, KeyId, SecretId};
use uuid::Uuid;

use crate::{
    Change, Digest, NewDigest, NewSecret, Store, StoreError, StoredKey,
    db::{on_apart, on_db},
    group::on_tx,
    inserts::Insert,
    live_keys::live_keys,
    row::row,
    sql::{CHUNK, Sql, Value, query},
};

/// By what a secret is known of which only a hash was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KnownBy {
    /// Its SHA-256.
    Sha256,
    /// Its SHA-512.
    Sha512,
    /// A slow hash, by its prefix.
    Slow,
}

impl KnownBy {
    const ALL: [Self; 3] = [Self::Sha256, Self::Sha512, Self::Slow];

    /// Its name in the database, and in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
            Self::Slow => "slow",
        }
    }
}

/// What is known of a secret that is imported, besides what is known of every secret.
#[derive(Clone, Debug, Default)]
pub struct NewImported {
    /// By what it is known; `None`: by itself.
    pub known_by: Option<KnownBy>,
    /// The slow hash, and how the key begins of which it is.
    pub slow: Option<(String, String)>,
    /// The digest of its SHA-256, where that is known.
    pub sha256: Option<Digest>,
    /// The same of its SHA-512.
    pub sha512: Option<Digest>,
    /// SHA-256 of the slow hash.
    pub slow_digest: Option<Digest>,
}

/// By what keys are looked for that may be here already.
#[derive(Clone, Debug, Default)]
pub struct ImportForms {
    /// Digests of secrets.
    pub secrets: Vec<Digest>,
    /// Digests of their SHA-256.
    pub sha256: Vec<Digest>,
    /// Digests of their SHA-512.
    pub sha512: Vec<Digest>,
    /// SHA-256 of slow hashes.
    pub slow: Vec<Digest>,
}

/// A key that is here already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportMatch {
    /// By which of the digests it was found.
    pub form: Digest,
    /// The key.
    pub key: KeyId,
    /// Whose.
    pub installation: InstallationId,
    /// It was imported.
    pub imported: bool,
    /// It is deleted.
    pub deleted: bool,
}

/// A secret with a slow hash that may be that of a key which begins as this one does.
#[derive(Clone, Debug)]
pub struct SlowCandidate {
    /// The secret.
    pub secret: SecretId,
    /// What stands in place of its digest.
    pub digest: Digest,
    /// The pepper of that.
    pub pepper_id: String,
    /// How the key begins.
    pub prefix: String,
    /// The slow hash.
    pub hash: String,
}

/// What there is among secrets that were imported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportedKinds {
    /// There is one.
    pub any: bool,
    /// How many are known by a hash alone, by which.
    pub left: Vec<(KnownBy, u64)>,
    /// The lengths of the prefixes by which slow hashes are found.
    pub prefix_lengths: Vec<usize>,
}

/// The beginning of the statement that writes rows.
const INSERT_IMPORTED: Insert = Insert(
    "INSERT INTO imported_secret (secret_id, known_by, prefix, hash, sha256_digest, sha512_digest, slow_digest) VALUES ",
);

pub(crate) const ANY_IMPORTED: &str = "SELECT COUNT(*) FROM (SELECT 1 AS one FROM imported_secret LIMIT 1) AS looked";
pub(crate) const IMPORTED_LEFT: &str =
    "SELECT known_by, COUNT(*) FROM imported_secret WHERE known_by IS NOT NULL GROUP BY known_by";
pub(crate) const PREFIX_LENGTHS: &str =
    "SELECT DISTINCT CAST(length(prefix) AS BIGINT) FROM imported_secret WHERE prefix IS NOT NULL";

row! {
    struct MatchRow {
        form: Vec<u8>,
        key_id: Uuid,
        installation_id: Uuid,
        import_id: Option<Uuid>,
        deleted_at: Option<i64>,
    }
}

impl TryFrom<MatchRow> for ImportMatch {
    type Error = StoreError;

    fn try_from(row: MatchRow) -> Result<Self, StoreError> {
        Ok(Self {
            form: row.form.try_into().map_err(|_| StoreError::Corrupt { column: "imported_secret" })?,
            key: KeyId(row.key_id),
            installation: InstallationId(row.installation_id),
            imported: row.import_id.is_some(),
            deleted: row.deleted_at.is_some(),
        })
    }
}

row! {
    struct CandidateRow {
        secret_id: Uuid,
        digest: Vec<u8>,
        pepper_id: String,
        prefix: String,
        hash: String,
    }
}

fn imported_row(secret: SecretId, new: &NewImported) -> Sql {
    let mut sql = Sql::new("(");
    let digest = |sql: &mut Sql, digest: Option<Digest>| {
        sql.push(", ").bind(Value::MaybeBytes(digest.map(|digest| digest.to_vec())));
    };
    let (hash, prefix) = new.slow.clone().unzip();
    sql.id(secret.0).push(", ").bind(Value::MaybeText(new.known_by.map(|by| by.as_str().to_owned())));
    sql.push(", ").bind(Value::MaybeText(prefix)).push(", ").bind(Value::MaybeText(hash));
    digest(&mut sql, new.sha256);
    digest(&mut sql, new.sha512);
    digest(&mut sql, new.slow_digest);
    sql.push(")");
    sql
}

impl Store {
    /// The keys that are here already under one of these digests, whichever installation's, also those of imports that are not live.
    pub async fn import_matches(&self, forms: &ImportForms) -> Result<Vec<ImportMatch>, StoreError> {
        const SECRETS: (&str, &str) = ("SELECT s.digest AS form", "s.digest");
        let mut found = Vec::new();
        for ((select, column), digests) in [
            (SECRETS, &forms.secrets),
            (("SELECT i.sha256_digest AS form", "i.sha256_digest"), &forms.sha256),
            (("SELECT i.sha512_digest AS form", "i.sha512_digest"), &forms.sha512),
            (("SELECT i.slow_digest AS form", "i.slow_digest"), &forms.slow),
        ] {
            let from = match column == SECRETS.1 {
                true => "api_key_secret s",
                false => "imported_secret i JOIN api_key_secret s ON s.id = i.secret_id",
            };
            for digests in digests.chunks(CHUNK) {
                let mut sql = Sql::new(select);
                sql.push(", k.id AS key_id, k.installation_id, k.import_id, k.deleted_at FROM ").push(from);
                sql.push(" JOIN api_key k ON k.id = s.key_id WHERE ").push(column).push(" IN ");
                sql.list(digests, |sql, digest| _ = sql.bind(Value::Bytes(digest.to_vec())));
                let rows: Vec<MatchRow> = on_db!(self, pool => query!(query_as, sql, pool).fetch_all(pool).await?);
                for row in rows {
                    found.push(row.try_into()?);
                }
            }
        }
        Ok(found)
    }

    /// How many secrets with a slow hash have each of these prefixes, also those of imports that are not live. One that none has is
    /// left out.
    pub async fn crowded_prefixes(&self, prefixes: &[String]) -> Result<Vec<(String, u64)>, StoreError> {
        let mut found = Vec::new();
        for prefixes in prefixes.chunks(CHUNK) {
            let mut sql = Sql::new("SELECT prefix, COUNT(*) FROM imported_secret WHERE prefix IN ");
            sql.list(prefixes, |sql, prefix| _ = sql.text(prefix)).push(" GROUP BY prefix");
            let rows: Vec<(String, i64)> = on_db!(self, pool => query!(query_as, sql, pool).fetch_all(pool).await?);
            found.extend(rows.into_iter().map(|(prefix, count)| (prefix, count.unsigned_abs())));
        }
        Ok(found)
    }

    /// The secrets with a slow hash that have one of these prefixes: one indexed read.
    pub async fn slow_candidates(&self, prefixes: &[&str]) -> Result<Vec<SlowCandidate>, StoreError> {
        let mut sql = Sql::new(
            "SELECT i.secret_id, s.digest, s.pepper_id, i.prefix, i.hash FROM imported_secret i \
             JOIN api_key_secret s ON s.id = i.secret_id JOIN api_key k ON k.id = s.key_id WHERE i.prefix IN ",
        );
        sql.list(prefixes, |sql, prefix| _ = sql.text(prefix)).push(" AND ").push(live_keys!("k"));
        let rows: Vec<CandidateRow> =
            on_apart!(self.lookups, pool => query!(query_as, sql, pool).fetch_all(pool).await?);
        let read = |row: CandidateRow| {
            let CandidateRow { secret_id, digest, pepper_id, prefix, hash } = row;
            let digest = digest.try_into().map_err(|_| StoreError::Corrupt { column: "api_key_secret.digest" })?;
            Ok::<_, StoreError>(SlowCandidate { secret: SecretId(secret_id), digest, pepper_id, prefix, hash })
        };
        rows.into_iter().map(read).collect()
    }

    /// What there is among secrets that were imported.
    pub async fn imported_kinds(&self) -> Result<ImportedKinds, StoreError> {
        let (any, left, lengths): (i64, Vec<(String, i64)>, Vec<i64>) = on_db!(self, pool => {
            (
                sqlx::query_scalar(ANY_IMPORTED).fetch_one(pool).await?,
                sqlx::query_as(IMPORTED_LEFT).fetch_all(pool).await?,
                sqlx::query_scalar(PREFIX_LENGTHS).fetch_all(pool).await?,
            )
        });
        let kind = |name: &str| KnownBy::ALL.into_iter().find(|by| by.as_str() == name);
        Ok(ImportedKinds {
            any: any > 0,
            left: left.into_iter().filter_map(|(name, count)| Some((kind(&name)?, count.unsigned_abs()))).collect(),
            prefix_lengths: lengths.into_iter().filter_map(|length| usize::try_from(length).ok()).collect(),
        })
    }
}

impl Change {
    /// Writes keys of an import, each with its secret. Nobody finds them before it is live.
    pub async fn insert_imported(&mut self, keys: &[(StoredKey, NewSecret, NewImported)]) -> Result<(), StoreError> {
        let rows: Vec<_> = keys.iter().map(|(key, secret, _)| (key.clone(), secret.clone())).collect();
        self.insert_keys_later(&rows);
        let inserts = &mut self.kept().inserts;
        for (_, secret, imported) in keys {
            inserts.add(INSERT_IMPORTED, imported_row(secret.id, imported));
        }
        // Asks nothing, and so writes what is kept.
        on_tx!(self, _connection => {});
        Ok(())
    }

    /// Secrets that got another digest since they were used are known by themselves from now on, and their hashes by digests under the
    /// same pepper. Those that were not imported have no row here.
    pub(crate) async fn know_by_themselves(&mut self, new: &[NewDigest]) -> Result<(), StoreError> {
        for chunk in new.chunks(CHUNK) {
            let mut sql = Sql::new(
                "UPDATE imported_secret SET known_by = NULL, prefix = NULL, hash = NULL, sha256_digest = known.column2, \
                 sha512_digest = known.column3 FROM (VALUES ",
            );
            for (index, new) in chunk.iter().enumerate() {
                let [sha256, sha512] = new.forms;
                sql.push(if index == 0 { "(" } else { ", (" }).id(new.secret.0);
                for digest in [sha256, sha512, new.digest] {
                    sql.push(", ").bind(Value::Bytes(digest.to_vec()));
                }
                sql.push(")");
            }
            sql.push(
                ") AS known WHERE imported_secret.secret_id = known.column1 AND EXISTS (SELECT 1 FROM api_key_secret s \
                 WHERE s.id = known.column1 AND s.digest = known.column4)",
            );
            self.execute(sql).await?;
        }
        Ok(())
    }
}
