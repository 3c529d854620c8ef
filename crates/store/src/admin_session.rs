use model::{Administrator, AdministratorId, InstallationId, Instant, SessionId};
use uuid::Uuid;

use crate::{
    Change, Store, StoreError, TokenHash, administrator::administrator, db::on_db, group::on_tx, row::row,
    work::on_writer,
};

/// A session, by the hash of its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSession {
    /// Its id.
    pub id: SessionId,
    /// Where its administrator works.
    pub installation: InstallationId,
    /// Whose it is.
    pub administrator: Administrator,
    /// When it began.
    pub created_at: Instant,
    /// When it was last used, to within a minute.
    pub last_seen_at: Instant,
    /// When whoever has it last proved who they are.
    pub proved_at: Instant,
    /// By whose clocks its administrator reads times, by its name; `None`: by their browser's.
    pub time_zone: Option<String>,
    /// Whether its administrator has a second factor.
    pub second_factor: bool,
}

/// Up to when sessions have ended by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionsEnded {
    /// Those that were last used up to then.
    pub idle: Instant,
    /// Those that began up to then.
    pub begun: Instant,
}

row! {
    struct SessionRow {
        session_id: Uuid,
        id: Uuid,
        installation_id: Uuid,
        email: String,
        name: String,
        role: String,
        created_at: i64,
        last_seen_at: i64,
        proved_at: i64,
        time_zone: Option<String>,
        factors: i64,
    }
}

impl TryFrom<SessionRow> for StoredSession {
    type Error = StoreError;

    fn try_from(row: SessionRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: SessionId(row.session_id),
            installation: InstallationId(row.installation_id),
            administrator: administrator(row.id, row.email, row.name, &row.role)?,
            created_at: Instant::from_millis(row.created_at),
            last_seen_at: Instant::from_millis(row.last_seen_at),
            proved_at: Instant::from_millis(row.proved_at),
            time_zone: row.time_zone,
            second_factor: row.factors > 0,
        })
    }
}

macro_rules! session_select {
    ($rest:literal) => {
        concat!(
            "SELECT s.id AS session_id, a.id, a.installation_id, a.email, a.name, a.role, s.created_at, s.last_seen_at, \
             s.proved_at, a.time_zone, (SELECT COUNT(*) FROM totp t WHERE t.administrator_id = a.id) \
             + (SELECT COUNT(*) FROM passkey p WHERE p.administrator_id = a.id) AS factors \
             FROM admin_session s JOIN administrator a ON a.id = s.administrator_id ",
            $rest
        )
    };
}

/// A session begins with a proof.
pub(crate) const INSERT_SESSION: &str = "INSERT INTO admin_session (token_hash, id, administrator_id, created_at, last_seen_at, proved_at) \
     VALUES ($1, $2, $3, $4, $4, $4)";
/// A disabled administrator has no session, whatever the table holds.
pub(crate) const SESSION: &str = session_select!("WHERE s.token_hash = $1 AND a.disabled_at IS NULL");
pub(crate) const SESSION_OF: &str =
    session_select!("WHERE s.administrator_id = $1 AND s.id = $2 AND a.disabled_at IS NULL");
pub(crate) const SESSIONS_OF: &str = session_select!(
    "WHERE s.administrator_id = $1 AND s.last_seen_at > $2 AND s.created_at > $3 ORDER BY s.created_at DESC, s.id"
);
pub(crate) const PROVE_SESSION: &str =
    "UPDATE admin_session SET proved_at = $3 WHERE administrator_id = $1 AND id = $2";
pub(crate) const END_OTHER_SESSIONS: &str = "DELETE FROM admin_session WHERE administrator_id = $1 AND id <> $2";
pub(crate) const TOUCH_SESSION: &str =
    "UPDATE admin_session SET last_seen_at = $2 WHERE token_hash = $1 AND last_seen_at < $2";
pub(crate) const END_SESSION: &str = "DELETE FROM admin_session WHERE token_hash = $1";
pub(crate) const END_SESSION_OF: &str = "DELETE FROM admin_session WHERE administrator_id = $1 AND id = $2";
pub(crate) const END_SESSIONS: &str = "DELETE FROM admin_session WHERE administrator_id = $1 AND token_hash <> $2";
/// Those that ended by time go first, so that none that lives goes in their place.
pub(crate) const END_OVER: &str =
    "DELETE FROM admin_session WHERE administrator_id = $1 AND (last_seen_at <= $2 OR created_at <= $3)";
pub(crate) const END_OLDEST: &str = "DELETE FROM admin_session WHERE administrator_id = $1 AND token_hash NOT IN \
     (SELECT token_hash FROM admin_session WHERE administrator_id = $1 ORDER BY created_at DESC, token_hash LIMIT $2)";
pub(crate) const END_ALL_SESSIONS: &str = "DELETE FROM admin_session";
pub(crate) const PURGE_SESSIONS: &str = "DELETE FROM admin_session WHERE last_seen_at <= $1 OR created_at <= $2";

impl Change {
    /// Begins a session.
    pub async fn insert_session(
        &mut self,
        token_hash: &TokenHash,
        id: SessionId,
        administrator: AdministratorId,
        now: Instant,
    ) -> Result<(), StoreError> {
        on_tx!(self, connection => {
            sqlx::query(INSERT_SESSION)
                .bind(&token_hash[..])
                .bind(id.0)
                .bind(administrator.0)
                .bind(now.as_millis())
                .execute(connection)
                .await?;
        });
        Ok(())
    }

    /// The session with this token, ended by time or not, as this change sees it.
    pub async fn session(&mut self, token_hash: &TokenHash) -> Result<Option<StoredSession>, StoreError> {
        let row: Option<SessionRow> = on_tx!(self, connection => {
            sqlx::query_as(SESSION).bind(&token_hash[..]).fetch_optional(connection).await?
        });
        row.map(StoredSession::try_from).transpose()
    }

    /// The session of a person with this id, ended by time or not, as this change sees it.
    pub async fn session_of(
        &mut self,
        person: AdministratorId,
        id: SessionId,
    ) -> Result<Option<StoredSession>, StoreError> {
        let row: Option<SessionRow> = on_tx!(self, connection => {
            sqlx::query_as(SESSION_OF).bind(person.0).bind(id.0).fetch_optional(connection).await?
        });
        row.map(StoredSession::try_from).transpose()
    }

    /// Notes when whoever has a session last proved who they are. False: there is no such session.
    pub async fn prove_session(
        &mut self,
        person: AdministratorId,
        id: SessionId,
        proved_at: Instant,
    ) -> Result<bool, StoreError> {
        let done = on_tx!(self, connection => {
            sqlx::query(PROVE_SESSION)
                .bind(person.0)
                .bind(id.0)
                .bind(proved_at.as_millis())
                .execute(connection)
                .await?
                .rows_affected()
        });
        Ok(done == 1)
    }

    /// Ends all sessions of a person but one. Returns how many there were.
    pub async fn end_other_sessions(&mut self, person: AdministratorId, but: SessionId) -> Result<u64, StoreError> {
        Ok(on_tx!(self, connection => {
            sqlx::query(END_OTHER_SESSIONS).bind(person.0).bind(but.0).execute(connection).await?.rows_affected()
        }))
    }

    /// Ends a session. False: there is no such session.
    pub async fn end_session(&mut self, token_hash: &TokenHash) -> Result<bool, StoreError> {
        let done = on_tx!(self, connection => {
            sqlx::query(END_SESSION).bind(&token_hash[..]).execute(connection).await?.rows_affected()
        });
        Ok(done == 1)
    }

    /// Ends a session of a person, by its id. False: they have no such session.
    pub async fn end_session_of(&mut self, person: AdministratorId, id: SessionId) -> Result<bool, StoreError> {
        let done = on_tx!(self, connection => {
            sqlx::query(END_SESSION_OF).bind(person.0).bind(id.0).execute(connection).await?.rows_affected()
        });
        Ok(done == 1)
    }

    /// Ends all sessions of a person, or all but one. Returns how many there were.
    pub async fn end_sessions(&mut self, person: AdministratorId, but: Option<&TokenHash>) -> Result<u64, StoreError> {
        // No token has an empty hash.
        let but = but.map_or(&[][..], |hash| &hash[..]);
        Ok(on_tx!(self, connection => {
            sqlx::query(END_SESSIONS).bind(person.0).bind(but).execute(connection).await?.rows_affected()
        }))
    }

    /// Ends all but the newest sessions of a person.
    pub async fn end_oldest_sessions(
        &mut self,
        person: AdministratorId,
        over: SessionsEnded,
        kept: usize,
    ) -> Result<(), StoreError> {
        on_tx!(self, connection => {
            sqlx::query(END_OVER)
                .bind(person.0)
                .bind(over.idle.as_millis())
                .bind(over.begun.as_millis())
                .execute(connection)
                .await?;
        });
        let kept = i64::try_from(kept).unwrap_or(i64::MAX);
        on_tx!(self, connection => {
            sqlx::query(END_OLDEST).bind(person.0).bind(kept).execute(connection).await?;
        });
        Ok(())
    }
}

impl Store {
    /// The session with this token's hash, ended by time or not.
    pub async fn session(&self, token_hash: &TokenHash) -> Result<Option<StoredSession>, StoreError> {
        let row: Option<SessionRow> =
            on_db!(self, pool => sqlx::query_as(SESSION).bind(&token_hash[..]).fetch_optional(pool).await?);
        row.map(StoredSession::try_from).transpose()
    }

    /// The sessions of a person that have not ended by time, the newest first.
    pub async fn sessions_of(
        &self,
        person: AdministratorId,
        over: SessionsEnded,
    ) -> Result<Vec<StoredSession>, StoreError> {
        let rows: Vec<SessionRow> = on_db!(self, pool => {
            sqlx::query_as(SESSIONS_OF)
                .bind(person.0)
                .bind(over.idle.as_millis())
                .bind(over.begun.as_millis())
                .fetch_all(pool)
                .await?
        });
        rows.into_iter().map(StoredSession::try_from).collect()
    }

    /// Moves a session's last use forward.
    pub async fn touch_session(&self, token_hash: &TokenHash, now: Instant) -> Result<(), StoreError> {
        on_writer!(self, connection => {
            sqlx::query(TOUCH_SESSION).bind(&token_hash[..]).bind(now.as_millis()).execute(connection).await?;
        });
        Ok(())
    }

    /// Removes sessions that have ended by time.
    pub async fn purge_sessions(&self, over: SessionsEnded) -> Result<(), StoreError> {
        on_writer!(self, connection => {
            sqlx::query(PURGE_SESSIONS)
                .bind(over.idle.as_millis())
                .bind(over.begun.as_millis())
                .execute(connection)
                .await?;
        });
        Ok(())
    }
}
