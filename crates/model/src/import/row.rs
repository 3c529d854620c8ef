//! One row: the key or its hash, and its settings.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Map, Value};

use super::{
    cells,
    columns::Columns,
    fields::{ENVIRONMENT, HASH, KEY, PREFIX, is_setting},
    given_hash::GivenHash,
    given_key::{KeyPrefix, may_be_imported},
    invalid_hash::InvalidHash,
    line::ImportCode,
};
use crate::{Environment, PlainSecret, SettingsPatch};

/// A row that can be read. Whether it can be imported, only those know who have keys.
#[derive(Clone, Debug)]
pub struct ImportRow {
    /// What is known of the key.
    pub given: Given,
    /// How it begins.
    pub prefix: Option<KeyPrefix>,
    /// Which data it reaches, if the row says it.
    pub environment: Option<Environment>,
    /// Its settings, as for a new key.
    pub settings: SettingsPatch,
}

/// What a row knows of a key.
#[derive(Clone, Debug)]
pub enum Given {
    /// All of it.
    Key(PlainSecret),
    /// A hash of it.
    Hash(GivenHash),
}

/// Why a row can't be imported, and which field that is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowFault {
    /// Why.
    pub code: ImportCode,
    /// Which field, where it is one that is known.
    pub field: Option<String>,
}

impl From<ImportCode> for RowFault {
    fn from(code: ImportCode) -> Self {
        Self { code, field: None }
    }
}

impl RowFault {
    pub(super) fn of(code: ImportCode, field: &str) -> Self {
        Self { code, field: Some(field.to_owned()) }
    }
}

impl From<InvalidHash> for RowFault {
    fn from(error: InvalidHash) -> Self {
        let code = match error {
            InvalidHash::Malformed => ImportCode::InvalidHash,
            InvalidHash::Salted => ImportCode::SaltedHash,
            InvalidHash::Unsupported => ImportCode::UnsupportedHash,
            InvalidHash::TooSlow => ImportCode::HashTooSlow,
        };
        Self::of(code, HASH)
    }
}

/// The members of an object, in their order, those that are given twice too.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut all = Vec::new();
                while let Some(member) = map.next_entry()? {
                    all.push(member);
                }
                Ok(Members(all))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

/// Reads a line of NDJSON.
pub(super) fn of_json(line: &str) -> Result<ImportRow, RowFault> {
    let Members(members) = serde_json::from_str(line).map_err(|_| ImportCode::InvalidRow)?;
    // As everywhere, null is not given.
    of_members(members.into_iter().filter(|(_, value)| !value.is_null()).collect())
}

/// Reads a record of a table. An empty cell is not given.
pub(super) fn of_record(record: &str, columns: &Columns) -> Result<ImportRow, RowFault> {
    let cells = cells::cells(record, columns.delimiter);
    if cells.len() != columns.len() {
        return Err(ImportCode::InvalidRow.into());
    }
    let mut members = Vec::with_capacity(cells.len());
    for (name, cell) in columns.names().zip(cells) {
        if cell.trim().is_empty() {
            continue;
        }
        let value = match is_setting(name) {
            true => cells::value(name, &cell).ok_or_else(|| RowFault::of(code_of(name), name))?,
            false => Value::String(cell),
        };
        members.push((name.to_owned(), value));
    }
    of_members(members)
}

fn of_members(members: Vec<(String, Value)>) -> Result<ImportRow, RowFault> {
    let (mut key, mut hash, mut prefix, mut environment) = (None, None, None, None);
    let mut settings = Map::new();
    for (name, value) in members {
        let place = match name.as_str() {
            KEY => &mut key,
            HASH => &mut hash,
            PREFIX => &mut prefix,
            ENVIRONMENT => &mut environment,
            name if is_setting(name) => {
                if settings.insert(name.to_owned(), value).is_some() {
                    return Err(RowFault::of(ImportCode::GivenTwice, name));
                }
                continue;
            }
            // Its name may be anything.
            _ => return Err(ImportCode::UnknownField.into()),
        };
        if place.replace(value).is_some() {
            return Err(RowFault::of(ImportCode::GivenTwice, &name));
        }
    }
    let given = match (key, hash) {
        (None, None) => return Err(ImportCode::MissingKey.into()),
        (Some(_), Some(_)) => return Err(ImportCode::KeyAndHash.into()),
        (Some(Value::String(key)), None) => given_key(&PlainSecret::new(key))?,
        (Some(_), None) => return Err(RowFault::of(ImportCode::InvalidKey, KEY)),
        (None, Some(Value::String(hash))) => Given::Hash(GivenHash::parse(&hash)?),
        (None, Some(_)) => return Err(RowFault::of(ImportCode::InvalidHash, HASH)),
    };
    let prefix = prefix.map(|text| given_prefix(&text)).transpose()?;
    match (&given, &prefix) {
        (Given::Key(key), Some(prefix)) if !key.expose().starts_with(prefix.as_str()) => {
            return Err(RowFault::of(ImportCode::PrefixMismatch, PREFIX));
        }
        (Given::Hash(GivenHash::Slow(_)), None) => return Err(RowFault::of(ImportCode::PrefixNeeded, PREFIX)),
        _ => {}
    }
    let environment = match environment {
        None => None,
        Some(text) => {
            let read = text.as_str().and_then(|text| text.trim().parse().ok());
            Some(read.ok_or_else(|| RowFault::of(ImportCode::InvalidSetting, ENVIRONMENT))?)
        }
    };
    Ok(ImportRow { given, prefix, environment, settings: patch(settings)? })
}

fn given_key(key: &PlainSecret) -> Result<Given, RowFault> {
    // Around it, white space is no part of a key, at no door.
    let key = PlainSecret::new(crate::presented_key(key.expose()).to_owned());
    if may_be_imported(key.expose()) { Ok(Given::Key(key)) } else { Err(RowFault::of(ImportCode::InvalidKey, KEY)) }
}

fn given_prefix(value: &Value) -> Result<KeyPrefix, RowFault> {
    let read = value.as_str().and_then(|text| KeyPrefix::parse(text.trim()).ok());
    read.ok_or_else(|| RowFault::of(ImportCode::InvalidPrefix, PREFIX))
}

/// The settings. serde's messages would repeat what was sent, so the field is found by reading each by itself.
fn patch(settings: Map<String, Value>) -> Result<SettingsPatch, RowFault> {
    let whole = Value::Object(settings);
    match serde_json::from_value(whole.clone()) {
        Ok(patch) => Ok(patch),
        Err(_) => Err(wrong(whole)),
    }
}

#[cold]
fn wrong(settings: Value) -> RowFault {
    let Value::Object(settings) = settings else { return ImportCode::InvalidRow.into() };
    let alone = |(name, value): (String, Value)| {
        let one = Value::Object(Map::from_iter([(name.clone(), value)]));
        serde_json::from_value::<SettingsPatch>(one).is_err().then_some(name)
    };
    match settings.into_iter().find_map(alone) {
        Some(name) => RowFault::of(code_of(&name), &name),
        None => ImportCode::InvalidRow.into(),
    }
}

/// How a setting is called that can't be read. A text that is no scope is answered like an unknown scope.
fn code_of(name: &str) -> ImportCode {
    match name {
        "client_name" => ImportCode::InvalidClientName,
        "scopes" => ImportCode::UnknownScope,
        _ => ImportCode::InvalidSetting,
    }
}
