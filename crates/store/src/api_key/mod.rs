//! The table `api_key`. Statements that join other tables are here too where this table leads.

mod count;
mod delete;
mod deletion_impact;
mod filter;
mod fold_anew;
mod insert;
mod list;
mod named;
mod order;
mod plan;
mod row;
mod settings;
mod several_secrets;
mod snapshot;
mod undo_switch;
mod update;

use model::{
    ClientName, Environment, ImportId, InstallationId, Instant, Key, KeyId, KeyKind, KeySettings, LifeCycle, ScopeSet,
    fold_name, name_order,
};

pub use self::{count::TOTAL_COUNTED, filter::KeyFilter};
pub(crate) use self::{
    delete::PURGE_KEYS,
    insert::{INSERT_KEYS, key_row},
    row::{environment, kind},
    settings::{client_name, contact_centre, networks, origins, quotas, rate_limits, sandbox_world, scopes},
};
// The contract suite prepares every statement on both databases.
#[cfg(feature = "testing")]
pub(crate) use self::{
    delete::{RESTORE_KEY, UNDO_DELETE},
    fold_anew::TO_FOLD,
    plan::SEARCH_HITS,
    row::{COUNT_NAMED, DEFAULT_KEY, KEY_BY_ID},
    undo_switch::{UNDO_DISABLE, UNDO_ENABLE},
    update::TOUCH_ROTATED,
};

/// A key as its row holds it; its status depends on `now`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    /// Whose.
    pub installation: InstallationId,
    /// The key; its `status` is that of the instant given to [`StoredKey::at`].
    key: Key,
    /// What decides its status.
    pub life: LifeCycle,
    /// The epoch of its last change.
    pub epoch: i64,
    /// Its Client Name as the row has it for comparing.
    folded_name: String,
    /// What the row has for ordering by that.
    name_order: Vec<u8>,
    /// The import by which it came.
    import: Option<ImportId>,
}

impl StoredKey {
    /// A key that is about to be written for the first time.
    pub fn new(installation: InstallationId, key: Key, epoch: i64) -> Self {
        let disabled_at = (!key.settings.enabled).then_some(key.created_at);
        let life = LifeCycle { disabled_at, expires_at: key.settings.expires_at, deleted_at: None };
        let folded_name = fold_name(key.settings.client_name.as_str());
        let name_order = name_order(&folded_name);
        Self { installation, key, life, epoch, folded_name, name_order, import: None }
    }

    /// The same of one that comes with an import.
    pub fn imported(installation: InstallationId, key: Key, epoch: i64, import: ImportId) -> Self {
        Self { import: Some(import), ..Self::new(installation, key, epoch) }
    }

    /// The import by which it came; `None`: Keydesk issued it.
    pub fn import(&self) -> Option<ImportId> {
        self.import
    }

    /// The key as it is seen at `now`.
    pub fn at(self, now: Instant) -> Key {
        Key { status: self.life.status(now), ..self.key }
    }

    /// Its id.
    pub fn id(&self) -> KeyId {
        self.key.id
    }

    /// Which data it reaches.
    pub fn environment(&self) -> Environment {
        self.key.environment
    }

    /// Whose it is.
    pub fn kind(&self) -> KeyKind {
        self.key.kind
    }

    /// Whom it was generated for.
    pub fn client_name(&self) -> &ClientName {
        &self.key.settings.client_name
    }

    /// Its Client Name as it is searched: folded, perhaps as an earlier release did it.
    pub fn folded_name(&self) -> &str {
        &self.folded_name
    }

    /// What its Client Name is ordered by; empty: an earlier release wrote it.
    pub(crate) fn name_order(&self) -> &[u8] {
        &self.name_order
    }

    /// Its scopes.
    pub fn scopes(&self) -> &ScopeSet {
        &self.key.settings.scopes
    }

    /// When it was generated.
    pub fn created_at(&self) -> Instant {
        self.key.created_at
    }

    /// Its last allowed call, as written down so far.
    pub fn last_used_at(&self) -> Option<Instant> {
        self.key.last_used_at
    }

    /// Grows with each change.
    pub fn version(&self) -> i64 {
        self.key.version
    }

    /// All of it that can be edited.
    pub fn settings(&self) -> &KeySettings {
        &self.key.settings
    }

    pub(crate) fn columns(&self) -> &Key {
        &self.key
    }
}
