use serde::Serialize;

/// What became of a key that leaked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LeakDone {
    /// It was written down, and receivers of events were told.
    Told,
    /// It was switched off, besides.
    Disabled,
    /// It was deleted, besides.
    Revoked,
    /// It is the Default API Key, which nobody takes away: rotate it.
    DefaultKey,
}

impl LeakDone {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Told, Self::Disabled, Self::Revoked, Self::DefaultKey];

    /// Its name, in the audit log as in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Told => "told",
            Self::Disabled => "disabled",
            Self::Revoked => "revoked",
            Self::DefaultKey => "default_key",
        }
    }
}
