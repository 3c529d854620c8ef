//! The tables `trial` and `trial_refusal`: a restriction that is tried before it holds, and what it would have refused.

use std::collections::BTreeSet;

use model::{
    Code, InstallationId, Instant, KeyId, Restriction, TRIAL_FINDINGS_MAX, Trial, TrialFinding, TrialFindingOf,
};

use crate::{
    Change, Store, StoreError, db::on_db, group::on_tx, row::row, sql::json, usage_read::code, work::write_down,
};

/// A trial, with what was counted so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTrial {
    /// The trial.
    pub trial: Trial,
    /// Calls that were checked.
    pub checked: u64,
    /// Those of them that it would have refused.
    pub refused: u64,
}

/// Calls that were checked since they were last written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrialDelta {
    /// Whose trial.
    pub key: KeyId,
    /// Since when that runs: those of a trial that was stopped or replaced are forgotten.
    pub started_at: Instant,
    /// Calls that were checked.
    pub checked: u64,
    /// What it would have refused.
    pub findings: Vec<TrialFinding>,
}

row! {
    struct TrialRow {
        started_at: i64,
        ends_at: i64,
        restriction: String,
        checked: i64,
        refused: i64,
    }
}

row! {
    struct FindingRow {
        code: String,
        about: String,
        address: String,
        calls: i64,
        first_at: i64,
        last_at: i64,
    }
}

pub(crate) const TRIAL: &str = "SELECT started_at, ends_at, restriction, checked, refused FROM trial \
     WHERE key_id = $1 AND installation_id = $2";
pub(crate) const PUT_TRIAL: &str =
    "INSERT INTO trial (key_id, installation_id, started_at, ends_at, restriction) VALUES ($1, $2, $3, $4, $5)";
pub(crate) const DROP_TRIAL: &str = "DELETE FROM trial WHERE key_id = $1 AND installation_id = $2";
pub(crate) const END_TRIAL: &str = "DELETE FROM trial WHERE key_id = $1 AND installation_id = $2 AND started_at = $3";
/// Also those of keys that a release of before has deleted.
pub(crate) const DROP_TRIALS_OF_DELETED: &str = "DELETE FROM trial WHERE EXISTS \
     (SELECT 1 FROM api_key k WHERE k.id = trial.key_id AND k.deleted_at IS NOT NULL)";
/// The version stays: a form that edits the key is none the older for it.
pub(crate) const TOUCH_TRIED: &str =
    "UPDATE api_key SET epoch = $3 WHERE installation_id = $1 AND id = $2 AND deleted_at IS NULL";
pub(crate) const COUNT_TRIED: &str =
    "UPDATE trial SET checked = checked + $1, refused = refused + $2 WHERE key_id = $3 AND started_at = $4";
pub(crate) const TRIAL_FINDINGS: &str = "SELECT code, about, address, calls, first_at, last_at FROM trial_refusal \
     WHERE key_id = $1 ORDER BY calls DESC, last_at DESC, code, about, address";
pub(crate) const ADD_FINDING: &str = "INSERT INTO trial_refusal (key_id, code, about, address, calls, first_at, last_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (key_id, code, about, address) DO UPDATE \
     SET calls = trial_refusal.calls + excluded.calls, \
     first_at = CASE WHEN excluded.first_at < trial_refusal.first_at THEN excluded.first_at ELSE trial_refusal.first_at END, \
     last_at = CASE WHEN excluded.last_at > trial_refusal.last_at THEN excluded.last_at ELSE trial_refusal.last_at END";
pub(crate) const PURGE_TRIALS: &str = "DELETE FROM trial WHERE ends_at <= $1";

/// In both columns of what has no room of its own.
const REST: char = '*';

/// The trial of these columns. `None`: there is none, or a newer release wrote it, and then nothing is tried here: it refuses no
/// call, so nothing is lost but counts.
pub(crate) fn trial(started_at: Option<i64>, ends_at: Option<i64>, restriction: Option<&str>) -> Option<Trial> {
    Some(Trial {
        started_at: Instant::from_millis(started_at?),
        ends_at: Instant::from_millis(ends_at?),
        restriction: serde_json::from_str::<Restriction>(restriction?).ok()?,
    })
}

impl TrialRow {
    fn read(self) -> Option<StoredTrial> {
        Some(StoredTrial {
            trial: trial(Some(self.started_at), Some(self.ends_at), Some(&self.restriction))?,
            checked: self.checked.max(0).unsigned_abs(),
            refused: self.refused.max(0).unsigned_abs(),
        })
    }
}

impl FindingRow {
    /// `None`: a code of a later release.
    fn read(self) -> Option<TrialFinding> {
        let of = TrialFindingOf { address: self.address.parse().ok(), about: self.about };
        Some(TrialFinding {
            code: code(&self.code)?,
            of: (!self.address.starts_with(REST)).then_some(of),
            calls: self.calls.max(0).unsigned_abs(),
            first_at: Instant::from_millis(self.first_at),
            last_at: Instant::from_millis(self.last_at),
        })
    }
}

/// What tells a finding from others: code, what it is about, and address.
type Place = (&'static str, String, String);

fn place(finding: &TrialFinding) -> Place {
    let code = finding.code.as_str();
    match &finding.of {
        Some(of) => (code, of.about.clone(), of.address.map(|address| address.to_string()).unwrap_or_default()),
        None => rest(finding.code),
    }
}

fn rest(code: Code) -> Place {
    (code.as_str(), REST.to_string(), REST.to_string())
}

impl Store {
    /// The trial of a key, also one that is over.
    pub async fn trial(&self, installation: InstallationId, key: KeyId) -> Result<Option<StoredTrial>, StoreError> {
        let row: Option<TrialRow> = on_db!(self, pool => {
            sqlx::query_as(TRIAL).bind(key.0).bind(installation.0).fetch_optional(pool).await?
        });
        Ok(row.and_then(TrialRow::read))
    }

    /// What the trial of a key would have refused, the most calls first.
    pub async fn trial_findings(&self, key: KeyId) -> Result<Vec<TrialFinding>, StoreError> {
        let rows: Vec<FindingRow> =
            on_db!(self, pool => sqlx::query_as(TRIAL_FINDINGS).bind(key.0).fetch_all(pool).await?);
        Ok(rows.into_iter().filter_map(FindingRow::read).collect())
    }

    /// Adds what was counted. If the trial is no longer this one, nothing is. Nodes that write at once may keep a few findings more
    /// than [`TRIAL_FINDINGS_MAX`].
    pub async fn count_tried(&self, delta: &TrialDelta) -> Result<(), StoreError> {
        let number = |calls: u64| i64::try_from(calls).unwrap_or(i64::MAX);
        let refused = delta.findings.iter().map(|finding| finding.calls).fold(0, u64::saturating_add);
        write_down!(self, connection => {
            let counted = sqlx::query(COUNT_TRIED)
                .bind(number(delta.checked))
                .bind(number(refused))
                .bind(delta.key.0)
                .bind(delta.started_at.as_millis())
                .execute(&mut *connection)
                .await?;
            if counted.rows_affected() == 1 && !delta.findings.is_empty() {
                let rows: Vec<FindingRow> =
                    sqlx::query_as(TRIAL_FINDINGS).bind(delta.key.0).fetch_all(&mut *connection).await?;
                let mut known: BTreeSet<Place> = rows.into_iter().filter_map(FindingRow::read).map(|of| place(&of)).collect();
                for finding in &delta.findings {
                    let mut place = place(finding);
                    if !known.contains(&place) && known.len() >= TRIAL_FINDINGS_MAX {
                        place = rest(finding.code);
                    }
                    known.insert(place.clone());
                    sqlx::query(ADD_FINDING)
                        .bind(delta.key.0)
                        .bind(place.0)
                        .bind(place.1)
                        .bind(place.2)
                        .bind(number(finding.calls))
                        .bind(finding.first_at.as_millis())
                        .bind(finding.last_at.as_millis())
                        .execute(&mut *connection)
                        .await?;
                }
            }
        });
        Ok(())
    }

    /// Removes trials that ended at this instant or before.
    pub async fn purge_trials(&self, until: Instant) -> Result<(), StoreError> {
        write_down!(self, connection => {
            sqlx::query(PURGE_TRIALS).bind(until.as_millis()).execute(&mut *connection).await?;
        });
        Ok(())
    }
}

impl Change {
    /// The trial of a key, as this change sees it.
    pub async fn trial(&mut self, installation: InstallationId, key: KeyId) -> Result<Option<StoredTrial>, StoreError> {
        let row: Option<TrialRow> = on_tx!(self, connection => {
            sqlx::query_as(TRIAL).bind(key.0).bind(installation.0).fetch_optional(connection).await?
        });
        Ok(row.and_then(TrialRow::read))
    }

    /// Begins a trial in place of the one that the key has. False: there is no such key, or it is deleted.
    pub async fn put_trial(
        &mut self,
        installation: InstallationId,
        key: KeyId,
        trial: &Trial,
    ) -> Result<bool, StoreError> {
        on_tx!(self, connection => {
            sqlx::query(DROP_TRIAL).bind(key.0).bind(installation.0).execute(connection).await?;
        });
        if !self.touch_tried(installation, key).await? {
            return Ok(false);
        }
        on_tx!(self, connection => {
            sqlx::query(PUT_TRIAL)
                .bind(key.0)
                .bind(installation.0)
                .bind(trial.started_at.as_millis())
                .bind(trial.ends_at.as_millis())
                .bind(json!(&trial.restriction))
                .execute(connection)
                .await?;
        });
        Ok(true)
    }

    /// Ends the trial of a key that runs since then. False: it has no such trial.
    pub async fn end_trial(
        &mut self,
        installation: InstallationId,
        key: KeyId,
        started_at: Instant,
    ) -> Result<bool, StoreError> {
        let ended = on_tx!(self, connection => {
            sqlx::query(END_TRIAL)
                .bind(key.0)
                .bind(installation.0)
                .bind(started_at.as_millis())
                .execute(connection)
                .await?
                .rows_affected()
        });
        Ok(ended == 1 && self.touch_tried(installation, key).await?)
    }

    /// Ends the trials of keys that are deleted.
    pub(crate) async fn drop_trials_of_deleted(&mut self) -> Result<(), StoreError> {
        on_tx!(self, connection => {
            sqlx::query(DROP_TRIALS_OF_DELETED).execute(connection).await?;
        });
        Ok(())
    }

    async fn touch_tried(&mut self, installation: InstallationId, key: KeyId) -> Result<bool, StoreError> {
        let epoch = self.epoch();
        let touched = on_tx!(self, connection => {
            sqlx::query(TOUCH_TRIED).bind(installation.0).bind(key.0).bind(epoch).execute(connection).await?.rows_affected()
        });
        Ok(touched == 1)
    }
}
