//! A key in the file. Its settings are those of the API, each read by itself, so that what is wrong is told with its name.

use std::path::{Path, PathBuf};

use domain::WantedKey;
use model::{ClaimName, Environment, Expiry, Instant, KeyId, SettingsPatch, TimeZone};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{Wrong, secret};
use crate::secret_out::SecretTo;

/// What a key has in the file besides its settings.
pub(super) const OWN: [&str; 5] = ["environment", "claim", "secret_file", "secret_command", "clear"];

/// The settings that a key can be without, and of which TOML can't say that.
pub(super) const CLEARED: [&str; 5] = ["expires_at", "owner_email", "notes", "issue_bounds", "sandbox_world"];

/// A key, and where its secret goes when it is made.
pub(super) struct KeyEntry {
    pub(super) key: WantedKey,
    pub(super) secret: Option<SecretTo>,
}

pub(super) fn read(name: &ClaimName, table: toml::Table, folder: &Path, zone: &TimeZone) -> Result<KeyEntry, Wrong> {
    let mut settings = Map::new();
    let (mut environment, mut claim) = (None, None);
    let (mut file, mut command): (Option<PathBuf>, Option<Vec<String>>) = (None, None);
    let mut clear: Vec<String> = Vec::new();
    for (field, value) in table {
        match field.as_str() {
            "environment" => environment = Some(own::<Environment>(&field, value)?),
            "claim" => claim = Some(own::<KeyId>(&field, value)?),
            "secret_file" => file = Some(own(&field, value)?),
            "secret_command" => command = Some(own(&field, value)?),
            "clear" => clear = own(&field, value)?,
            _ => {
                let value = setting(&field, value, zone)?;
                settings.insert(field, value);
            }
        }
    }
    for field in clear {
        if !CLEARED.contains(&field.as_str()) {
            let reason = format!("{field} can't be cleared; {} can", CLEARED.join(", "));
            return Err(("clear".to_owned(), reason));
        }
        if settings.insert(field.clone(), Value::Null).is_some() {
            return Err(("clear".to_owned(), format!("{field} is given, too")));
        }
    }
    let secret = secret(file, command, folder)?;
    let settings: SettingsPatch =
        serde_json::from_value(Value::Object(settings)).map_err(|error| ("settings".to_owned(), error.to_string()))?;
    let words = secret.as_ref().map(SecretTo::words);
    let key = WantedKey { name: name.clone(), environment, settings, claim, secret: words };
    Ok(KeyEntry { key, secret })
}

fn own<T: DeserializeOwned>(field: &str, value: toml::Value) -> Result<T, Wrong> {
    value.try_into().map_err(|error: toml::de::Error| (field.to_owned(), error.message().to_owned()))
}

/// A setting as the API has it.
fn setting(field: &str, value: toml::Value, zone: &TimeZone) -> Result<Value, Wrong> {
    let wrong = |reason: String| (field.to_owned(), reason);
    let value = json(value).ok_or_else(|| wrong("a number is a whole one".to_owned()))?;
    let value = if field == "expires_at" { end(&value, zone).map_err(wrong)? } else { value };
    // Alone, so that whatever is said is said of it.
    let alone = Value::Object(Map::from_iter([(field.to_owned(), value.clone())]));
    serde_json::from_value::<SettingsPatch>(alone).map_err(|error| wrong(error.to_string()))?;
    Ok(value)
}

/// An end is the same whenever the file is applied.
fn end(value: &Value, zone: &TimeZone) -> Result<Value, String> {
    let how = "write an instant such as 2027-01-31T00:00:00Z, or the last day such as 2027-01-31";
    let end: Expiry = value.as_str().and_then(|text| text.parse().ok()).ok_or(how)?;
    match end {
        Expiry::InDays(_) => Err(format!("days would be counted anew with each apply; {how}")),
        // Which instant it is now says nothing of a day.
        end => Ok(Value::from(end.instant(Instant::from_millis(0), zone).to_string())),
    }
}

/// A value of TOML in JSON; `None`: it has a number that is no whole one.
fn json(value: toml::Value) -> Option<Value> {
    Some(match value {
        toml::Value::String(text) => Value::from(text),
        toml::Value::Integer(number) => Value::from(number),
        toml::Value::Boolean(holds) => Value::from(holds),
        toml::Value::Datetime(at) => Value::from(at.to_string()),
        toml::Value::Array(items) => Value::Array(items.into_iter().map(json).collect::<Option<_>>()?),
        toml::Value::Table(fields) => {
            let fields = fields.into_iter().map(|(name, value)| Some((name, json(value)?)));
            Value::Object(fields.collect::<Option<_>>()?)
        }
        toml::Value::Float(_) => return None,
    })
}
