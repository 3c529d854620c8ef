//! What can be done right now.

use store::StoreError;

/// Why nothing can be written right now. Calls are decided all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotWritable {
    /// There is no room.
    #[error("the database's disk is full")]
    Full,
    /// Another program holds the lock.
    #[error("another program holds the database's write lock")]
    Locked,
    /// The file, the file system or the server refuses writes.
    #[error("the database can only be read")]
    ReadOnly,
    /// Anything else.
    #[error("the database accepts no writes; the log says why")]
    Failing,
}

impl NotWritable {
    /// Why, as far as the error of a write says it.
    pub fn of(error: &StoreError) -> Self {
        if matches!(error, StoreError::Busy) {
            return Self::Locked;
        }
        let text = error.to_string();
        let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
        // The last: SQLite could not make its `-shm` file larger.
        if says(&["disk is full", "No space left", "(code: 4874)"]) {
            Self::Full
        } else if says(&["readonly database", "read-only"]) {
            Self::ReadOnly
        } else {
            Self::Failing
        }
    }
}

/// What `/readyz` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready {
    /// Why nothing can be written; `None`: writing works.
    pub not_writable: Option<NotWritable>,
}
