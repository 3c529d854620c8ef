//! Letters that wait to be sent. They are written by the change that they tell of, and are gone once they were sent.
//!
//! Whoever tries a letter first moves its next try on, from the number of tries that it has read: so of all nodes one sends it, and
//! a node that dies loses nothing.

use model::{InstallationId, Instant, KeyId};
use uuid::Uuid;

use crate::{
    Change, SealedCopy, Store, StoreError, db::on_db, group::on_tx, live_keys::live_keys, row::row, work::on_writer,
};

/// What a letter is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetterKind {
    /// It invites somebody.
    Invitation,
    /// It gives somebody a link for a new password.
    Reset,
    /// It tells of keys that end soon.
    Ending,
}

impl LetterKind {
    /// As its row names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Reset => "reset",
            Self::Ending => "ending",
        }
    }

    fn read(text: &str) -> Result<Self, StoreError> {
        [Self::Invitation, Self::Reset, Self::Ending]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(StoreError::Corrupt { column: "letter.kind" })
    }
}

/// A letter that waits.
#[derive(Clone, Debug)]
pub struct StoredLetter {
    /// Its id.
    pub id: Uuid,
    /// Whose.
    pub installation: InstallationId,
    /// What it is about.
    pub kind: LetterKind,
    /// Whom or what it is about.
    pub about: Uuid,
    /// What it says, and to whom, sealed.
    pub copy: SealedCopy,
    /// When it was written.
    pub created_at: Instant,
    /// From when on nobody needs it.
    pub expires_at: Instant,
    /// How often it was tried.
    pub attempts: i64,
}

/// How many letters there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LetterCounts {
    /// Those that wait.
    pub waiting: u64,
    /// Those that were given up, of late.
    pub given_up: u64,
}

/// A key that ends, and whom that is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndingKey {
    /// Whose.
    pub installation: InstallationId,
    /// The key.
    pub id: KeyId,
    /// Whom it was generated for.
    pub client_name: String,
    /// Its owner's address.
    pub owner_email: String,
    /// When it ends.
    pub expires_at: Instant,
}

row! {
    struct LetterRow {
        id: Uuid,
        installation_id: Uuid,
        kind: String,
        about: Uuid,
        master_key_id: String,
        wrapped_key: Vec<u8>,
        sealed_letter: Vec<u8>,
        created_at: i64,
        expires_at: i64,
        attempts: i64,
    }
}

impl TryFrom<LetterRow> for StoredLetter {
    type Error = StoreError;

    fn try_from(row: LetterRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            installation: InstallationId(row.installation_id),
            kind: LetterKind::read(&row.kind)?,
            about: row.about,
            copy: SealedCopy {
                master_key_id: row.master_key_id,
                wrapped_key: row.wrapped_key,
                sealed_secret: row.sealed_letter,
            },
            created_at: Instant::from_millis(row.created_at),
            expires_at: Instant::from_millis(row.expires_at),
            attempts: row.attempts,
        })
    }
}

pub(crate) const INSERT_LETTER: &str = "INSERT INTO letter (id, installation_id, kind, about, master_key_id, wrapped_key, \
     sealed_letter, created_at, expires_at, attempts, next_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $8)";
/// What is due much later was put off by a clock that was set back.
pub(crate) const LETTERS_DUE: &str = "SELECT id, installation_id, kind, about, master_key_id, wrapped_key, sealed_letter, \
     created_at, expires_at, attempts FROM letter WHERE given_up_at IS NULL AND (next_at <= $1 OR next_at > $2) \
     ORDER BY next_at LIMIT $3";
pub(crate) const CLAIM_LETTER: &str = "UPDATE letter SET attempts = attempts + 1, next_at = $3 \
     WHERE id = $1 AND attempts = $2 AND given_up_at IS NULL";
pub(crate) const PUT_LETTER_OFF: &str = "UPDATE letter SET last_error = $2 WHERE id = $1 AND given_up_at IS NULL";
pub(crate) const DROP_LETTER: &str = "DELETE FROM letter WHERE id = $1";
/// Nothing is left of what it says.
pub(crate) const GIVE_LETTER_UP: &str = "UPDATE letter SET given_up_at = $2, last_error = $3, master_key_id = NULL, \
     wrapped_key = NULL, sealed_letter = NULL WHERE id = $1 AND given_up_at IS NULL";
pub(crate) const DROP_LETTERS_ABOUT: &str = "DELETE FROM letter WHERE about = $1";
pub(crate) const DROP_LETTERS: &str = "DELETE FROM letter";
pub(crate) const PURGE_LETTERS: &str = "DELETE FROM letter WHERE given_up_at <= $1 OR expires_at <= $1";
pub(crate) const COUNT_LETTERS: &str = "SELECT COUNT(*) - COUNT(given_up_at), COUNT(given_up_at) FROM letter";
pub(crate) const WHY_GIVEN_UP: &str =
    "SELECT last_error FROM letter WHERE given_up_at IS NOT NULL ORDER BY given_up_at DESC LIMIT 1";
/// Keys that end between two instants, whose owners were not written to of it: those of an owner stand together.
pub(crate) const ENDING_UNMAILED: &str = concat!(
    "SELECT k.installation_id, k.id, k.client_name, k.owner_email, k.expires_at FROM api_key k \
     WHERE k.expires_at > $1 AND k.expires_at <= $2 AND k.expires_at IS NOT NULL AND k.deleted_at IS NULL \
     AND k.disabled_at IS NULL AND k.kind = 'issued' AND k.owner_email IS NOT NULL AND ",
    live_keys!("k"),
    " AND NOT EXISTS (SELECT 1 FROM event_once o WHERE o.installation_id = k.installation_id AND o.subject_id = k.id \
         AND o.name = $3 || CAST(k.expires_at AS TEXT)) \
     ORDER BY k.installation_id, k.owner_email, k.expires_at, k.id LIMIT $4"
);

impl Change {
    /// Writes a letter, which is due at once.
    pub async fn insert_letter(&mut self, new: &StoredLetter) -> Result<(), StoreError> {
        on_tx!(self, connection => {
            sqlx::query(INSERT_LETTER)
                .bind(new.id)
                .bind(new.installation.0)
                .bind(new.kind.as_str())
                .bind(new.about)
                .bind(&new.copy.master_key_id)
                .bind(&new.copy.wrapped_key)
                .bind(&new.copy.sealed_secret)
                .bind(new.created_at.as_millis())
                .bind(new.expires_at.as_millis())
                .execute(connection)
                .await?;
        });
        Ok(())
    }

    /// Drops the letters about somebody or something: what they say holds no more.
    pub async fn drop_letters_about(&mut self, about: Uuid) -> Result<(), StoreError> {
        on_tx!(self, connection => {
            sqlx::query(DROP_LETTERS_ABOUT).bind(about).execute(connection).await?;
        });
        Ok(())
    }
}

impl Store {
    /// Up to `limit` letters that are due at `now`, or after `far`.
    pub async fn letters_due(&self, now: Instant, far: Instant, limit: i64) -> Result<Vec<StoredLetter>, StoreError> {
        let rows: Vec<LetterRow> = on_db!(self, pool => {
            let due = sqlx::query_as(LETTERS_DUE).bind(now.as_millis()).bind(far.as_millis());
            due.bind(limit).fetch_all(pool).await?
        });
        rows.into_iter().map(StoredLetter::try_from).collect()
    }

    /// Takes a letter that was tried so often, to try it now; if that is not settled, it is due again at `next`. False: somebody else
    /// has taken it, or it is gone.
    pub async fn claim_letter(&self, id: Uuid, attempts: i64, next: Instant) -> Result<bool, StoreError> {
        let mut claimed = 0;
        on_writer!(self, connection => {
            let claim = sqlx::query(CLAIM_LETTER).bind(id).bind(attempts).bind(next.as_millis());
            claimed = claim.execute(connection).await?.rows_affected();
        });
        Ok(claimed == 1)
    }

    /// Notes why a letter was not sent.
    pub async fn put_letter_off(&self, id: Uuid, why: &str) -> Result<(), StoreError> {
        on_writer!(self, connection => {
            sqlx::query(PUT_LETTER_OFF).bind(id).bind(why).execute(connection).await?;
        });
        Ok(())
    }

    /// Drops a letter that was sent.
    pub async fn drop_letter(&self, id: Uuid) -> Result<(), StoreError> {
        on_writer!(self, connection => {
            sqlx::query(DROP_LETTER).bind(id).execute(connection).await?;
        });
        Ok(())
    }

    /// Gives a letter up, and erases what it says.
    pub async fn give_letter_up(&self, id: Uuid, now: Instant, why: &str) -> Result<(), StoreError> {
        on_writer!(self, connection => {
            sqlx::query(GIVE_LETTER_UP).bind(id).bind(now.as_millis()).bind(why).execute(connection).await?;
        });
        Ok(())
    }

    /// Removes letters that were given up until then, and those that nobody has needed since.
    pub async fn purge_letters(&self, until: Instant) -> Result<(), StoreError> {
        on_writer!(self, connection => {
            sqlx::query(PURGE_LETTERS).bind(until.as_millis()).execute(connection).await?;
        });
        Ok(())
    }

    /// How many letters there are.
    pub async fn count_letters(&self) -> Result<LetterCounts, StoreError> {
        let (waiting, given_up): (i64, i64) =
            on_db!(self, pool => sqlx::query_as(COUNT_LETTERS).fetch_one(pool).await?);
        Ok(LetterCounts { waiting: waiting.unsigned_abs(), given_up: given_up.unsigned_abs() })
    }

    /// Why the last letter was given up that was.
    pub async fn why_given_up(&self) -> Result<Option<String>, StoreError> {
        let why: Option<Option<String>> =
            on_db!(self, pool => sqlx::query_scalar(WHY_GIVEN_UP).fetch_optional(pool).await?);
        Ok(why.flatten())
    }

    /// Up to `limit` keys that end between two instants, whose owners were not written to under a name that begins so and goes on
    /// with their end, in milliseconds.
    pub async fn keys_ending_unmailed(
        &self,
        (after, upto): (Instant, Instant),
        name: &str,
        limit: i64,
    ) -> Result<Vec<EndingKey>, StoreError> {
        let rows: Vec<(Uuid, Uuid, String, String, i64)> = on_db!(self, pool => {
            let ending = sqlx::query_as(ENDING_UNMAILED).bind(after.as_millis()).bind(upto.as_millis());
            ending.bind(name).bind(limit).fetch_all(pool).await?
        });
        let key = |(installation, key, client_name, owner_email, at)| EndingKey {
            installation: InstallationId(installation),
            id: KeyId(key),
            client_name,
            owner_email,
            expires_at: Instant::from_millis(at),
        };
        Ok(rows.into_iter().map(key).collect())
    }
}
