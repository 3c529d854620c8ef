//! The fields of a row: what tells the key, and every setting.

use std::{collections::BTreeSet, sync::LazyLock};

use super::fault::ImportFault;
use crate::{ClientName, KeySettings};

/// What a row has beside settings.
pub(super) const KEY: &str = "key";
pub(super) const HASH: &str = "hash";
pub(super) const PREFIX: &str = "prefix";
pub(super) const ENVIRONMENT: &str = "environment";
/// A setting that answers tell by the status.
pub(super) const ENABLED: &str = "enabled";
const CLIENT_NAME: &str = "client_name";

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

fn is_field(name: &str) -> bool {
    matches!(name, KEY | HASH | PREFIX | ENVIRONMENT) || is_setting(name)
}

/// The columns of a table.
#[derive(Debug)]
pub(super) struct Columns {
    names: Vec<String>,
    /// `,`, or `;`, which spreadsheets of many countries write.
    pub(super) delimiter: char,
}

impl Columns {
    /// Reads the first record.
    pub(super) fn read(record: &str) -> Result<Self, ImportFault> {
        let delimiter = if record.contains(';') && !record.contains(',') { ';' } else { ',' };
        let names: Vec<String> =
            super::cells::cells(record, delimiter).into_iter().map(|name| name.trim().to_owned()).collect();
        let mut seen = BTreeSet::new();
        for (index, name) in names.iter().enumerate() {
            let column = index + 1;
            if !is_field(name) {
                return Err(ImportFault::UnknownColumn { column });
            }
            if !seen.insert(name.as_str()) {
                return Err(ImportFault::DoubledColumn { column });
            }
        }
        let has = |name: &str| seen.contains(name);
        if !has(CLIENT_NAME) || !(has(KEY) || has(HASH)) {
            return Err(ImportFault::MissingColumn);
        }
        Ok(Self { names, delimiter })
    }

    /// How many.
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }
}
