use std::collections::BTreeSet;

use super::{
    cells::cells,
    fault::ImportFault,
    fields::{CLIENT_NAME, HASH, KEY, is_field},
};

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
        let names: Vec<String> = cells(record, delimiter).into_iter().map(|name| name.trim().to_owned()).collect();
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
