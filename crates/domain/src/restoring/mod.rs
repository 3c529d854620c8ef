//! A backup takes the place of the database.
//!
//! Invariants:
//! - **nobody is at work on the database meanwhile**, and the lock says so;
//! - **the file that is put in place is ready**: it was checked, brought up to date and cleaned elsewhere, so that whoever looks
//!   finds either the old database or the new one, and never an unprepared backup;
//! - **nothing is lost**: the backup stays as it is, and the database that is replaced is kept aside.

mod cleaning;
mod error;
mod key_fate;
mod lost;
mod person_fate;
mod place;
mod revoked;

use std::path::{Path, PathBuf};

use store::{
    Backup, DatabaseLock, StoreError, Whose, check_address, connections_of_keydesk, require_file, sqlite_file, whose,
};
use tokio::time::{Duration, sleep};

pub use self::{
    cleaning::Cleaned,
    error::RestoreError,
    revoked::{Revocation, RevokedSince},
};
use self::{cleaning::Known, lost::Lost, place::Place};
use crate::{AuditChecked, Keydesk, OpenOptions};

/// By how much the epoch moves forward when nobody knows how far it had come: more changes than there have been since any
/// backup.
const EPOCH_JUMP: i64 = 1 << 32;
/// How often connections are counted that may just be closing, and how long between.
const LOOKS: u32 = 20;
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// A backup that is about to take the place of a SQLite database.
pub struct Restoring {
    place: Place,
    keydesk: Keydesk,
    file: PathBuf,
    /// `None`: there was no database that could be read.
    lost: Option<Lost>,
    epoch: i64,
    altered: Vec<String>,
}

/// A backup that has taken the place of the database.
#[derive(Clone, Debug)]
pub struct Restored {
    /// Where the database is that was replaced, if there was one.
    pub aside: Option<PathBuf>,
    /// What was done in the new one.
    pub cleaned: Cleaned,
}

impl Restoring {
    /// Checks a backup and makes a copy of it ready. The database stays as it is.
    pub async fn prepare(options: OpenOptions, file: &Path) -> Result<Self, RestoreError> {
        let database = sqlite_file(&options.database).ok_or(RestoreError::NotSqlite)?;
        check_address(&options.database)?;
        require_file(database)?;
        if whose(database).await == Whose::Another {
            return Err(RestoreError::Another(database.to_owned()));
        }
        let place = Place::take(database)?;
        place.stage(file)?;
        let unfit = |error: StoreError| match error {
            StoreError::Unsuitable(reason) => RestoreError::Unfit { file: file.to_owned(), reason },
            error => RestoreError::Store(error),
        };
        let staged = place.staged();
        let mut backup = Backup::open(&staged).await.map_err(unfit)?;
        let checked = match backup.check().await {
            Ok(()) => backup.triggers().await,
            Err(error) => Err(error),
        };
        backup.close().await?;
        let mut altered = checked.map_err(unfit)?;
        let database = format!("sqlite:{}", staged.display());
        let keydesk = Keydesk::open(OpenOptions { database, found: false, ..options }).await?;
        altered.extend(keydesk.check_audit().await?.iter().filter_map(AuditChecked::sentence));
        let own = keydesk.inner.store.epoch().await?;
        let (lost, epoch) = match place.replaced() {
            Some(replaced) => match look_at(&keydesk, replaced).await {
                Ok((lost, epoch)) => (Some(lost), epoch.max(own)),
                Err(error) => {
                    tracing::warn!(%error, "the database to be replaced can't be read");
                    (None, own + EPOCH_JUMP)
                }
            },
            None => (None, own + EPOCH_JUMP),
        };
        Ok(Self { place, keydesk, file: file.to_owned(), lost, epoch, altered })
    }

    /// What somebody has altered in the backup outside Keydesk, in sentences without their full stops. Restoring it is the operator's
    /// decision.
    pub fn altered(&self) -> &[String] {
        &self.altered
    }

    /// What is wrong with the audit log of the database that is replaced, in such sentences: then the list of
    /// revocations may be incomplete.
    pub fn doubts(&self) -> &[String] {
        self.lost.as_ref().map_or(&[], |lost| &lost.doubts)
    }

    /// The names of the installations that the backup does not have.
    pub fn installations_lost(&self) -> Vec<String> {
        let lost = self.lost.iter().flat_map(|lost| &lost.installations);
        lost.map(|(name, _)| name.clone()).collect()
    }

    /// What was revoked since the backup was made, as the audit log of the database says that it replaces. `None`: there is
    /// none that can be read.
    pub fn revoked_since(&self) -> Option<&[RevokedSince]> {
        self.lost.as_ref().map(|lost| &*lost.revoked)
    }

    /// How many audit entries the database has that the backup has not.
    pub fn entries_lost(&self) -> Option<i64> {
        self.lost.as_ref().map(Lost::count)
    }

    /// Puts it in place.
    pub async fn finish(self, revoke_again: bool) -> Result<Restored, RestoreError> {
        let Self { place, keydesk, file, lost, epoch, altered } = self;
        let now = keydesk.now();
        let Lost { revoked, entries, .. } = lost.unwrap_or_default();
        let again = if revoke_again { revoked } else { Vec::new() };
        let file = file.file_name().map(|name| name.to_string_lossy().into_owned());
        let cleaned = keydesk.clean(Known { file, entries, again, epoch, altered }).await;
        keydesk.close().await;
        let cleaned = cleaned?;
        let aside = place.put(now)?;
        Ok(Restored { aside, cleaned })
    }
}

/// Reads what the database knows that is to be replaced, and closes it, so that it is whole in its one file.
async fn look_at(keydesk: &Keydesk, replaced: &Path) -> Result<(Lost, i64), StoreError> {
    let mut replaced = Backup::open(replaced).await?;
    let read = read_lost(keydesk, &mut replaced).await;
    replaced.close().await?;
    read
}

async fn read_lost(keydesk: &Keydesk, replaced: &mut Backup) -> Result<(Lost, i64), StoreError> {
    let mut lost = Lost::read(&keydesk.inner.store, replaced).await?;
    lost.doubts = if replaced.is_signed().await? {
        keydesk.check_audit_of(replaced).await?.iter().filter_map(AuditChecked::sentence).collect()
    } else {
        vec!["its audit log is of a release that did not sign it".to_owned()]
    };
    Ok((lost, replaced.epoch().await?))
}

/// Makes a database ready that another tool has restored. Nobody may be at work on it.
pub async fn after_restore(options: OpenOptions) -> Result<Cleaned, RestoreError> {
    Keydesk::require_founded(&options.database).await.map_err(RestoreError::Missing)?;
    let alone = match sqlite_file(&options.database) {
        Some(file) => Some(DatabaseLock::alone(file)?.ok_or(RestoreError::AtWork)?),
        None => {
            no_connections(&options.database).await?;
            None
        }
    };
    let keydesk = Keydesk::open_as(options, alone).await?;
    let cleaned = match keydesk.inner.store.epoch().await {
        Ok(epoch) => keydesk.clean(Known { epoch: epoch + EPOCH_JUMP, ..Known::default() }).await.map_err(Into::into),
        Err(error) => Err(error.into()),
    };
    keydesk.close().await;
    cleaned
}

/// A program that has just ended may still be seen by the server for a moment.
async fn no_connections(address: &str) -> Result<(), RestoreError> {
    for _ in 0..LOOKS {
        if connections_of_keydesk(address).await? == 0 {
            return Ok(());
        }
        sleep(BETWEEN_LOOKS).await;
    }
    Err(RestoreError::AtWork)
}
