//! When something began whose id sorts by that.

use model::Instant;
use uuid::Uuid;

/// When that began whose id it is: the first 48 bits of a version 7 UUID say so.
pub(crate) fn begun_at(id: Uuid) -> Instant {
    let (high, _) = id.as_u64_pair();
    Instant::from_millis(i64::try_from(high >> 16).unwrap_or_default())
}
