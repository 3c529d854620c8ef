//! The one list of the columns that hold a key's settings: SELECT, INSERT and UPDATE are put together from it.
//!
//! `enabled` is not among them: the column `disabled_at` says since when a key is disabled, which is more than a setting.

use model::{
    ClientName, ContactCentreLimits, Instant, KeySettings, NetworkSet, OriginSet, Quotas, RateLimits, ScopeSet,
    WorldName,
};
use serde::de::DeserializeOwned;
use serde_json::from_str;

use crate::{
    StoreError,
    row::row,
    sql::{Value, json},
};

/// A column's name, and the value that is written to it.
pub(super) type Column = (&'static str, fn(&KeySettings) -> Value);

macro_rules! columns {
    ($($name:ident: $kind:ty = $value:expr;)+) => {
        row! {
            /// The columns as they are read.
            pub(super) struct SettingsRow {
                $($name: $kind),+
            }
        }

        /// The columns as they are written.
        pub(super) const COLUMNS: &[Column] = &[$((stringify!($name), $value)),+];

        /// The names of the columns, with a comma after each, for the beginning of a list.
        macro_rules! settings_columns {
            () => {
                concat!($(stringify!($name), ", "),+)
            };
        }

        pub(super) use settings_columns;
    };
}

columns! {
    client_name: String = |settings| text(settings.client_name.as_str());
    preset: String = |settings| text(settings.preset.as_str());
    scopes: String = |settings| Value::Text(json!(&settings.scopes));
    expires_at: Option<i64> = |settings| Value::MaybeInt(settings.expires_at.map(Instant::as_millis));
    allowed_ips: String = |settings| Value::Text(json!(&settings.allowed_ips));
    allowed_origins: String = |settings| Value::Text(json!(&settings.allowed_origins));
    rate_limits: String = |settings| Value::Text(json!(&settings.rate_limits));
    quotas: String = |settings| Value::Text(json!(&settings.quotas));
    metadata: String = |settings| Value::Text(json!(&settings.metadata));
    owner_email: Option<String> = |settings| Value::MaybeText(settings.owner_email.clone().map(String::from));
    notes: Option<String> = |settings| Value::MaybeText(settings.notes.clone().map(String::from));
    issue_bounds: Option<String> = |settings| Value::MaybeText(settings.issue_bounds.as_ref().map(|bounds| json!(bounds)));
    contact_centre: String = |settings| Value::Text(json!(&settings.contact_centre));
    sandbox_world: Option<String> = |settings| Value::MaybeText(settings.sandbox_world.clone().map(String::from));
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

impl SettingsRow {
    pub(super) fn read(self, enabled: bool) -> Result<KeySettings, StoreError> {
        Ok(KeySettings {
            enabled,
            client_name: client_name(&self.client_name)?,
            preset: known(self.preset.parse(), "api_key.preset")?,
            scopes: scopes(&self.scopes)?,
            expires_at: self.expires_at.map(Instant::from_millis),
            allowed_ips: networks(&self.allowed_ips)?,
            allowed_origins: origins(&self.allowed_origins)?,
            rate_limits: rate_limits(&self.rate_limits)?,
            quotas: quotas(&self.quotas)?,
            metadata: known(from_str(&self.metadata), "api_key.metadata")?,
            owner_email: known(self.owner_email.map(|text| text.parse()).transpose(), "api_key.owner_email")?,
            notes: known(self.notes.map(|text| text.parse()).transpose(), "api_key.notes")?,
            issue_bounds: known(self.issue_bounds.map(|text| from_str(&text)).transpose(), "api_key.issue_bounds")?,
            contact_centre: contact_centre(&self.contact_centre)?,
            sandbox_world: sandbox_world(self.sandbox_world)?,
        })
    }
}

fn known<T, E>(read: Result<T, E>, column: &'static str) -> Result<T, StoreError> {
    read.map_err(|_| StoreError::Corrupt { column })
}

/// Most keys are bound to nothing and have no limits, and a million of them are read at a start.
fn list<T: DeserializeOwned + Default>(text: &str, column: &'static str) -> Result<T, StoreError> {
    if text == "[]" { Ok(T::default()) } else { known(from_str(text), column) }
}

pub(crate) fn client_name(text: &str) -> Result<ClientName, StoreError> {
    known(ClientName::kept(text.to_owned()), "api_key.client_name")
}

pub(crate) fn scopes(text: &str) -> Result<ScopeSet, StoreError> {
    known(from_str(text), "api_key.scopes")
}

pub(crate) fn networks(text: &str) -> Result<NetworkSet, StoreError> {
    list(text, "api_key.allowed_ips")
}

pub(crate) fn rate_limits(text: &str) -> Result<RateLimits, StoreError> {
    list(text, "api_key.rate_limits")
}

pub(crate) fn quotas(text: &str) -> Result<Quotas, StoreError> {
    list(text, "api_key.quotas")
}

pub(crate) fn origins(text: &str) -> Result<OriginSet, StoreError> {
    list(text, "api_key.allowed_origins")
}

/// Most keys are limited in nothing there.
pub(crate) fn contact_centre(text: &str) -> Result<ContactCentreLimits, StoreError> {
    if text == "{}" { Ok(ContactCentreLimits::default()) } else { known(from_str(text), "api_key.contact_centre") }
}

pub(crate) fn sandbox_world(text: Option<String>) -> Result<Option<WorldName>, StoreError> {
    known(text.map(WorldName::try_from).transpose(), "api_key.sandbox_world")
}
