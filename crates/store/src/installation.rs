use model::{Contact, InstallationId, Instant, KeyLife, LeakRule, Preset, RequiredSecondFactor, TimeZone};
use uuid::Uuid;

use crate::{
    Change, Store, StoreError,
    db::{on_apart, on_db},
    group::{COUNT_KEYS, on_tx},
    live_keys::live_keys,
    row::row,
    sql::instant,
};

/// One customer's contact centre.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredInstallation {
    /// Its id.
    pub id: InstallationId,
    /// Its name on the command line.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// When the API Keys module was switched off, if it is.
    pub disabled_at: Option<Instant>,
    /// Whether secrets are also sealed and can be revealed.
    pub recoverable: bool,
    /// Whose days are meant, where nobody says whose else.
    pub time_zone: TimeZone,
    /// Who must have a second factor.
    pub required_second_factor: RequiredSecondFactor,
    /// Whom people ask where the module is off.
    pub contact: Option<Contact>,
    /// Within how many days a key must end.
    pub longest_life: Option<KeyLife>,
    /// What the form of a new key begins with.
    pub default_preset: Option<Preset>,
    /// Since when sealed copies are to be erased.
    pub erase_copies_since: Option<Instant>,
    /// Moves with every change of its settings.
    pub settings_version: i64,
    /// What becomes of its keys that have leaked.
    pub leak_rule: LeakRule,
    /// Issued keys that are not deleted.
    pub key_count: u64,
    /// When it was created.
    pub created_at: Instant,
}

impl StoredInstallation {
    /// A new one, in which nothing is set yet.
    pub fn new(id: InstallationId, name: String, title: String, recoverable: bool, created_at: Instant) -> Self {
        Self {
            id,
            name,
            title,
            disabled_at: None,
            recoverable,
            time_zone: TimeZone::UTC,
            required_second_factor: RequiredSecondFactor::None,
            contact: None,
            longest_life: None,
            default_preset: None,
            erase_copies_since: None,
            settings_version: 1,
            leak_rule: LeakRule::default(),
            key_count: 0,
            created_at,
        }
    }
}

row! {
    struct InstallationRow {
        id: Uuid,
        name: String,
        title: String,
        disabled_at: Option<i64>,
        recoverable: i64,
        time_zone: String,
        required_second_factor: String,
        contact: Option<String>,
        longest_life_days: Option<i64>,
        default_preset: Option<String>,
        erase_copies_since: Option<i64>,
        settings_version: i64,
        leak_rule: String,
        key_count: i64,
        created_at: i64,
    }
}

/// What a newer Keydesk may have written, or another program. Keys are not refused because of it.
fn unknown(setting: &'static str) {
    tracing::warn!(setting, "a setting of an installation is not known; it counts as not set");
}

impl From<InstallationRow> for StoredInstallation {
    fn from(row: InstallationRow) -> Self {
        Self {
            id: InstallationId(row.id),
            name: row.name,
            title: row.title,
            disabled_at: row.disabled_at.map(Instant::from_millis),
            recoverable: row.recoverable != 0,
            time_zone: row.time_zone.parse().unwrap_or_else(|_| {
                // A newer Keydesk may know more zones. Keys are not refused because of how days are called.
                tracing::warn!(
                    time_zone = row.time_zone,
                    "an installation's time zone is not known; its days are those of UTC"
                );
                TimeZone::UTC
            }),
            required_second_factor: row.required_second_factor.parse().unwrap_or_else(|_| {
                // A newer Keydesk may know more. Asking too many is the safe side.
                tracing::warn!(
                    required_second_factor = row.required_second_factor,
                    "who must have a second factor in an installation is not known; everyone must"
                );
                RequiredSecondFactor::Everyone
            }),
            contact: row.contact.and_then(|text| Contact::parse(&text).inspect_err(|_| unknown("contact")).ok()),
            // One that can't be read must not let keys live for ever.
            longest_life: row.longest_life_days.map(|days| {
                let life = u32::try_from(days).ok().and_then(|days| KeyLife::try_from(days).ok());
                life.unwrap_or_else(|| {
                    unknown("longest_life_days");
                    KeyLife::SHORTEST
                })
            }),
            default_preset: row
                .default_preset
                .and_then(|text| text.parse().inspect_err(|_| unknown("default_preset")).ok()),
            erase_copies_since: instant(row.erase_copies_since),
            settings_version: row.settings_version,
            leak_rule: row.leak_rule.parse().unwrap_or_else(|_| {
                tracing::warn!(
                    leak_rule = row.leak_rule,
                    "an installation's rule for leaked keys is not known; people are told of them"
                );
                LeakRule::Notify
            }),
            key_count: row.key_count.unsigned_abs(),
            created_at: Instant::from_millis(row.created_at),
        }
    }
}

macro_rules! installation_select {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, title, disabled_at, recoverable, time_zone, required_second_factor, contact, longest_life_days, \
             default_preset, erase_copies_since, settings_version, leak_rule, key_count, created_at FROM installation ",
            $rest
        )
    };
}

pub(crate) const INSTALLATIONS: &str = installation_select!("ORDER BY name");
pub(crate) const INSTALLATION: &str = installation_select!("WHERE id = $1");

macro_rules! counted {
    () => {
        concat!(
            "(SELECT COUNT(*) FROM api_key k WHERE k.installation_id = installation.id AND k.kind = 'issued' \
             AND k.deleted_at IS NULL AND ",
            live_keys!("k"),
            ")"
        )
    };
}

/// Numbers of keys that are wrong, whatever made them so.
pub(crate) const RECOUNT_KEYS: &str =
    concat!("UPDATE installation SET key_count = ", counted!(), " WHERE key_count <> ", counted!());
pub(crate) const KEY_COUNT: &str = "SELECT key_count FROM installation WHERE id = $1";
pub(crate) const INSERT_INSTALLATION: &str = "INSERT INTO installation (id, name, title, recoverable, time_zone, created_at, required_second_factor, leak_rule) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
pub(crate) const SET_INSTALLATION: &str = "UPDATE installation SET title = $2, time_zone = $3, recoverable = $4, contact = $5, \
     longest_life_days = $6, default_preset = $7, erase_copies_since = $8, required_second_factor = $9, leak_rule = $10, \
     settings_version = settings_version + 1 WHERE id = $1";
pub(crate) const COPIES_ERASED: &str =
    "UPDATE installation SET erase_copies_since = NULL WHERE id = $1 AND erase_copies_since = $2";
pub(crate) const SWITCH_MODULE: &str = "UPDATE installation SET disabled_at = $2 WHERE id = $1";

impl Store {
    /// How many issued keys the installation has, deleted ones not counted.
    pub async fn key_count(&self, id: InstallationId) -> Result<u64, StoreError> {
        let count: Option<i64> =
            on_db!(self, pool => sqlx::query_scalar(KEY_COUNT).bind(id.0).fetch_optional(pool).await?);
        Ok(count.unwrap_or(0).unsigned_abs())
    }

    /// All installations, by name. They are few.
    pub async fn installations(&self) -> Result<Vec<StoredInstallation>, StoreError> {
        let rows: Vec<InstallationRow> =
            on_apart!(self.poll, pool => sqlx::query_as(INSTALLATIONS).fetch_all(pool).await?);
        Ok(rows.into_iter().map(StoredInstallation::from).collect())
    }
}

impl Change {
    /// Corrects the number of the installation's keys. Growth is written when the group ends. A decrease is written at
    /// once, with the growth that waits, since a number goes no lower than zero.
    pub async fn count_keys(&mut self, installation: InstallationId, more: i64) -> Result<(), StoreError> {
        if more >= 0 {
            self.kept().add_count(installation, more);
            return Ok(());
        }
        let waiting = self.kept_before().map_or(0, |kept| kept.count(installation));
        let all = waiting + self.kept().count(installation) + more;
        on_tx!(self, connection => {
            sqlx::query(COUNT_KEYS).bind(installation.0).bind(all).execute(connection).await?;
        });
        // With the growth that waits in the group, this comes to zero.
        self.kept().set_count(installation, -waiting);
        Ok(())
    }

    /// Writes a new installation.
    pub async fn insert_installation(&mut self, installation: &StoredInstallation) -> Result<(), StoreError> {
        on_tx!(self, connection => {
            sqlx::query(INSERT_INSTALLATION)
                .bind(installation.id.0)
                .bind(&installation.name)
                .bind(&installation.title)
                .bind(i64::from(installation.recoverable))
                .bind(installation.time_zone.name())
                .bind(installation.created_at.as_millis())
                .bind(installation.required_second_factor.as_str())
                .bind(installation.leak_rule.as_str())
                .execute(connection)
                .await?;
        });
        Ok(())
    }

    /// An installation, as this change sees it.
    pub async fn installation(&mut self, id: InstallationId) -> Result<Option<StoredInstallation>, StoreError> {
        let row: Option<InstallationRow> = on_tx!(self, connection => {
            sqlx::query_as(INSTALLATION).bind(id.0).fetch_optional(connection).await?
        });
        Ok(row.map(StoredInstallation::from))
    }

    /// Writes the settings of an installation: title, time zone, contact, the longest life of keys, the default preset, who must
    /// have a second factor, what becomes of leaked keys, and whether secrets are sealed; and since when copies are to be erased. Its
    /// version moves. False: no such installation.
    pub async fn set_installation(&mut self, to: &StoredInstallation) -> Result<bool, StoreError> {
        let done = on_tx!(self, connection => {
            sqlx::query(SET_INSTALLATION)
                .bind(to.id.0)
                .bind(&to.title)
                .bind(to.time_zone.name())
                .bind(i64::from(to.recoverable))
                .bind(to.contact.as_ref().map(Contact::as_str))
                .bind(to.longest_life.map(|life| i64::from(life.days())))
                .bind(to.default_preset.map(Preset::as_str))
                .bind(to.erase_copies_since.map(Instant::as_millis))
                .bind(to.required_second_factor.as_str())
                .bind(to.leak_rule.as_str())
                .execute(connection)
                .await?
                .rows_affected()
        });
        Ok(done == 1)
    }

    /// Switches the API Keys module off, as of an instant, or on again. False: no such installation.
    pub async fn switch_module(
        &mut self,
        id: InstallationId,
        disabled_at: Option<Instant>,
    ) -> Result<bool, StoreError> {
        let done = on_tx!(self, connection => {
            sqlx::query(SWITCH_MODULE)
                .bind(id.0)
                .bind(disabled_at.map(Instant::as_millis))
                .execute(connection)
                .await?
                .rows_affected()
        });
        Ok(done == 1)
    }
}
