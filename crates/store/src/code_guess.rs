use model::{AdministratorId, Instant};

use crate::{Change, StoreError, group::on_tx};

/// How often a person's code was wrong, one after the other, and when last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeGuesses {
    /// How often.
    pub failures: u32,
    /// When last.
    pub failed_at: Instant,
}

pub(crate) const CODE_GUESSES: &str = "SELECT failures, failed_at FROM code_guess WHERE administrator_id = $1";
pub(crate) const PUT_CODE_GUESSES: &str = "INSERT INTO code_guess (administrator_id, failures, failed_at) VALUES ($1, $2, $3) \
     ON CONFLICT (administrator_id) DO UPDATE SET failures = excluded.failures, failed_at = excluded.failed_at";
pub(crate) const FORGET_CODE_GUESSES: &str = "DELETE FROM code_guess WHERE administrator_id = $1";

impl Change {
    /// How often a person's code was wrong, as this change sees it; `None`: not since the last right one.
    pub async fn code_guesses(&mut self, person: AdministratorId) -> Result<Option<CodeGuesses>, StoreError> {
        let row: Option<(i64, i64)> = on_tx!(self, connection => {
            sqlx::query_as(CODE_GUESSES).bind(person.0).fetch_optional(connection).await?
        });
        Ok(row.map(|(failures, failed_at)| CodeGuesses {
            failures: u32::try_from(failures).unwrap_or(u32::MAX),
            failed_at: Instant::from_millis(failed_at),
        }))
    }

    /// Notes how often a person's code was wrong.
    pub async fn put_code_guesses(&mut self, person: AdministratorId, guesses: CodeGuesses) -> Result<(), StoreError> {
        on_tx!(self, connection => {
            sqlx::query(PUT_CODE_GUESSES)
                .bind(person.0)
                .bind(i64::from(guesses.failures))
                .bind(guesses.failed_at.as_millis())
                .execute(connection)
                .await?;
        });
        Ok(())
    }

    /// A person's code was right: they begin afresh.
    pub async fn forget_code_guesses(&mut self, person: AdministratorId) -> Result<(), StoreError> {
        on_tx!(self, connection => {
            sqlx::query(FORGET_CODE_GUESSES).bind(person.0).execute(connection).await?;
        });
        Ok(())
    }
}
