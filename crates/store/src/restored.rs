//! What must not go on as it was when a backup takes the place of a database.

use model::Instant;

use crate::{
    Change, Store, StoreError, admin_session::END_ALL_SESSIONS, group::on_tx, handover::WITHDRAW_ALL,
    idempotency::DROP_ANSWERS, letter::DROP_LETTERS, postgres, work::on_writer,
};

pub(crate) const RAISE_EPOCH: &str = "UPDATE epoch SET value = $1 WHERE id = 1 AND value < $1";
pub(crate) const DROP_INVITATIONS: &str = "DELETE FROM invitation";
pub(crate) const DROP_RESETS: &str = "DELETE FROM password_reset";
/// PostgreSQL alone: the connections of programs that are at work on this database.
pub(crate) const AT_WORK: &str =
    "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'keydesk'";

impl Store {
    /// Moves the epoch forward to at least this.
    pub async fn raise_epoch(&self, least: i64) -> Result<(), StoreError> {
        on_writer!(self, connection => {
            sqlx::query(RAISE_EPOCH).bind(least).execute(connection).await?;
        });
        Ok(())
    }
}

/// How many connections of Keydesk a PostgreSQL database has.
pub async fn connections_of_keydesk(address: &str) -> Result<i64, StoreError> {
    use sqlx::Connection as _;
    let options = postgres::options(address)?.application_name("keydesk restore");
    let mut connection = postgres::connect(&options).await?;
    let count = sqlx::query_scalar(AT_WORK).fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(count)
}

impl Change {
    /// Ends every session. Returns how many there were.
    pub async fn end_all_sessions(&mut self) -> Result<u64, StoreError> {
        Ok(on_tx!(self, connection => {
            sqlx::query(END_ALL_SESSIONS).execute(connection).await?.rows_affected()
        }))
    }

    /// Withdraws every hand-over link that nobody has opened. Returns how many there were.
    pub async fn withdraw_all_handovers(&mut self, now: Instant) -> Result<u64, StoreError> {
        Ok(on_tx!(self, connection => {
            sqlx::query(WITHDRAW_ALL).bind(now.as_millis()).execute(connection).await?.rows_affected()
        }))
    }

    /// Withdraws every link by which somebody sets a password: invitations, and links for new passwords; with the letters that hold
    /// them, and all others. Returns how many links there were.
    pub async fn withdraw_all_account_links(&mut self) -> Result<u64, StoreError> {
        let mut withdrawn = 0;
        for statement in [DROP_INVITATIONS, DROP_RESETS] {
            withdrawn += on_tx!(self, connection => {
                sqlx::query(statement).execute(connection).await?.rows_affected()
            });
        }
        on_tx!(self, connection => {
            sqlx::query(DROP_LETTERS).execute(connection).await?;
        });
        Ok(withdrawn)
    }

    /// Drops every answer that is kept for idempotency. Returns how many there were.
    pub async fn drop_answers(&mut self) -> Result<u64, StoreError> {
        Ok(on_tx!(self, connection => {
            sqlx::query(DROP_ANSWERS).execute(connection).await?.rows_affected()
        }))
    }
}
