use serde::{Deserialize, Serialize};

use crate::{HandoverId, Instant, KeyId};

/// How long a hand-over link can be opened: 7 days, in milliseconds.
pub const HANDOVER_LIFE_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// A link that hands the secret of a key over, to be opened once. The link itself is shown once, when it is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Handover {
    /// Its id.
    pub id: HandoverId,
    /// The key whose secret it hands over.
    pub key_id: KeyId,
    /// When it was made.
    pub created_at: Instant,
    /// From when on it can't be opened.
    pub expires_at: Instant,
    /// When it was opened; null: nobody has opened it.
    pub opened_at: Option<Instant>,
    /// When it was withdrawn, by itself or because the key was deleted or rotated; null: it was not.
    pub withdrawn_at: Option<Instant>,
}

impl Handover {
    /// Whether it can be opened at `now`.
    pub fn is_open(&self, now: Instant) -> bool {
        self.opened_at.is_none() && self.withdrawn_at.is_none() && now < self.expires_at
    }
}
