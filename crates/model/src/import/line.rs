use serde::{Deserialize, Serialize};

use crate::{KeyError, KeyId};

/// What became of a row of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportOutcome {
    /// There is a new key.
    Imported,
    /// The key was imported before, with these settings.
    Unchanged,
    /// The key was imported before, with other settings, and keeps those.
    Conflict,
    /// The key is here already, and did not come by an import that counts for this one.
    Exists,
    /// The row can't be imported.
    Refused,
}

impl ImportOutcome {
    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Imported => "imported",
            Self::Unchanged => "unchanged",
            Self::Conflict => "conflict",
            Self::Exists => "exists",
            Self::Refused => "refused",
        }
    }

    /// Whether the row was not taken.
    pub const fn is_left_out(self) -> bool {
        matches!(self, Self::Conflict | Self::Exists | Self::Refused)
    }
}

macro_rules! codes {
    ($($name:ident = $code:literal $words:literal;)*) => {
        /// Why a row was not imported.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum ImportCode {
            $(#[doc = $words] #[serde(rename = $code)] $name,)*
        }

        impl ImportCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its name, for programs.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }

            /// What it means, for people.
            pub const fn words(self) -> &'static str {
                match self { $(Self::$name => $words),* }
            }
        }
    };
}

codes! {
    InvalidRow = "invalid_row" "The row does not have the form of a row.";
    RowTooLong = "row_too_long" "The row is longer than 64 KiB.";
    NotUtf8 = "not_utf8" "The row is not UTF-8.";
    UnknownField = "unknown_field" "The row has a field that no key has.";
    GivenTwice = "given_twice" "The row gives a field twice.";
    MissingKey = "missing_key" "The row has neither a key nor a hash.";
    KeyAndHash = "key_and_hash" "The row has a key and a hash. Give one of them.";
    InvalidKey = "invalid_key" "A key has 24 to 256 visible characters of ASCII.";
    OwnPrefix = "own_prefix" "The key begins as Keydesk's own keys do, and is none of them.";
    LooksLikeToken = "looks_like_token" "The key has the form of a derived token.";
    EnvironmentMismatch = "environment_mismatch" "The key names another environment than the row.";
    InvalidHash = "invalid_hash" "The hash is none that is known.";
    SaltedHash = "salted_hash" "The hash is a fast one with a salt, by which no key can be found.";
    UnsupportedHash = "unsupported_hash" "The hash is of a kind that is not taken.";
    HashTooSlow = "hash_too_slow" "The hash would take longer than a second or more than 256 MiB to check.";
    InvalidPrefix = "invalid_prefix" "A prefix has 1 to 64 visible characters.";
    PrefixNeeded = "prefix_needed" "A key with a slow hash is found by its prefix, which is missing.";
    PrefixMismatch = "prefix_mismatch" "The key does not begin with the prefix.";
    PrefixCrowded = "prefix_crowded" "Five keys with a slow hash have this prefix already.";
    InvalidClientName = "invalid_client_name" "The Client Name is missing or invalid.";
    InvalidSetting = "invalid_setting" "A setting is invalid.";
    UnknownScope = "unknown_scope" "There is no such scope.";
    AlreadyExpired = "already_expired" "The key has expired.";
    ScopeEscalation = "scope_escalation" "You can't grant a scope that you don't hold.";
    BoundsEscalation = "bounds_escalation" "You can't give a key more than you may issue.";
    EnvironmentEscalation = "environment_escalation" "A test key makes test keys only.";
    DifferentSettings = "different_settings" "The key was imported before with other settings, and keeps those.";
    IssuedHere = "issued_here" "Keydesk has issued this key itself.";
    DeletedHere = "deleted_here" "The key was deleted. An import does not bring it back.";
    Elsewhere = "elsewhere" "The key is in use elsewhere.";
}

/// What became of one row, as programs are told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportLine {
    /// In which line the row begins; the first is 1.
    pub line: u32,
    /// What became of it.
    pub result: ImportOutcome,
    /// The key, if the caller may know it. In a dry run a new key has none.
    pub id: Option<KeyId>,
    /// Why it was not imported.
    pub code: Option<ImportCode>,
    /// Which field that is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// What became of a whole import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportSummary {
    /// Rows altogether.
    pub rows: u32,
    /// New keys; in a dry run those that there would be.
    pub imported: u32,
    /// Rows whose keys were imported before.
    pub unchanged: u32,
    /// Rows whose keys were imported before with other settings.
    pub conflict: u32,
    /// Rows whose keys are here already.
    pub exists: u32,
    /// Rows that can't be imported.
    pub refused: u32,
    /// Nothing was to be kept.
    pub dry_run: bool,
    /// The keys work from now on.
    pub kept: bool,
}

impl ImportSummary {
    /// Counts a row.
    pub fn count(&mut self, outcome: ImportOutcome) {
        self.rows += 1;
        match outcome {
            ImportOutcome::Imported => self.imported += 1,
            ImportOutcome::Unchanged => self.unchanged += 1,
            ImportOutcome::Conflict => self.conflict += 1,
            ImportOutcome::Exists => self.exists += 1,
            ImportOutcome::Refused => self.refused += 1,
        }
    }

    /// Rows that were not taken.
    pub const fn left_out(&self) -> u32 {
        self.conflict + self.exists + self.refused
    }
}

impl ImportCode {
    /// Why a row whose settings are refused so was not imported, and the field; `None`: it is no matter of the row.
    pub fn of(error: &KeyError) -> Option<(Self, Option<String>)> {
        Some(match error {
            KeyError::InvalidClientName { .. } => (Self::InvalidClientName, Some("client_name".to_owned())),
            KeyError::UnknownScope { .. } => (Self::UnknownScope, Some("scopes".to_owned())),
            KeyError::InvalidSetting { field, .. } => (Self::InvalidSetting, Some(field.clone())),
            KeyError::ScopeEscalation { .. } => (Self::ScopeEscalation, Some("scopes".to_owned())),
            KeyError::BoundsEscalation { field } => (Self::BoundsEscalation, Some(field.clone())),
            KeyError::EnvironmentEscalation => (Self::EnvironmentEscalation, Some("environment".to_owned())),
            _ => return None,
        })
    }
}
