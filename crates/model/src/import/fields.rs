//! The fields of a row: what tells the key, and every setting.

use std::{collections::BTreeSet, sync::LazyLock};

use crate::{ClientName, KeySettings};

/// What a row has beside settings.
pub(super) const KEY: &str = "key";
pub(super) const HASH: &str = "hash";
pub(super) const PREFIX: &str = "prefix";
pub(super) const ENVIRONMENT: &str = "environment";
/// A setting that answers tell by the status.
pub(super) const ENABLED: &str = "enabled";
pub(super) const CLIENT_NAME: &str = "client_name";

/// The settings, by their names: whatever a key has.
static SETTINGS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let any = ClientName::parse("any").map(KeySettings::new);
    let named = any.map(|any| any.texts_besides(&[])).unwrap_or_default();
    named.into_iter().map(|(name, _)| name).chain([ENABLED.to_owned()]).collect()
});

/// Whether a key has this setting.
pub(super) fn is_setting(name: &str) -> bool {
    SETTINGS.contains(name)
}

/// Whether a row may have this field.
pub(super) fn is_field(name: &str) -> bool {
    matches!(name, KEY | HASH | PREFIX | ENVIRONMENT) || is_setting(name)
}
