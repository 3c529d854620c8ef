//! What is kept of a change that was carried out, for whoever sends its request again.

use model::{BulkDeleted, Deleted, Handover, Key, KeyId, SecretId, Switched, TokenClaims, Webhook};
use serde::{Deserialize, Serialize};

/// For how long a reveal is the same reveal, in milliseconds: 10 minutes. After that it is looked at again, which the
/// audit log tells.
pub(crate) const SAME_REVEAL_MS: i64 = 10 * 60 * 1000;

/// What was done, as it is kept. Answers with a new secret have a form of their own; see `idempotency`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Done {
    /// Nothing, and nothing will be: the request was taken back.
    Recalled,
    /// A change whose answer says no more.
    Unit,
    /// A key was changed.
    Key(Box<Key>),
    /// Keys were deleted in one change.
    Deleted(BulkDeleted),
    /// Keys are deleted in several changes.
    Deleting(Progress<Deleted>),
    /// Keys are switched on or off in several changes.
    Switching(Progress<Switched>),
    /// Changes are undone, one after another; the outcome is how many keys are as they were.
    Undoing(Progress<u64>),
    /// A secret was shown. It is read again from its sealed copy.
    Revealed { key: KeyId, secret: SecretId },
    /// A derived token was made. It is signed again, which gives the same.
    Token(Box<TokenClaims>),
    /// A hand-over was made, whose link has this token.
    HandOver { handover: Handover, token: String },
    /// A receiver of events was made or got another secret, which is this, if it is shared.
    Webhook { webhook: Box<Webhook>, secret: Option<String> },
}

/// As it is written. A field of its own tells it from an answer with a secret.
#[derive(Serialize, Deserialize)]
pub(crate) struct Stored {
    pub(crate) done: Done,
}

/// How far a verb has come that is made in several changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Progress<T> {
    /// What was done altogether.
    pub(crate) outcome: T,
    /// Parts, or named keys, that are done with.
    pub(crate) at: usize,
    /// Nothing is left to do.
    pub(crate) finished: bool,
}
