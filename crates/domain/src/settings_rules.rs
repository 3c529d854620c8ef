//! Rules for the settings of a key beyond their types, whether it is issued or updated.

use model::{Instant, KeyError, KeySettings};

/// Refuses an end that is not in the future.
pub(crate) fn require_future(expires_at: Option<Instant>, now: Instant) -> Result<(), KeyError> {
    if expires_at.is_some_and(|end| end <= now) {
        let reason = "The expiry must be in the future.".to_owned();
        return Err(KeyError::InvalidSetting { field: "expires_at".to_owned(), reason });
    }
    Ok(())
}

/// Refuses limits as long as nothing enforces them: a limit that is only written down is worse than none.
pub(crate) fn require_no_limits(settings: &KeySettings) -> Result<(), KeyError> {
    let field = match (settings.rate_limits.is_empty(), settings.quotas.is_empty()) {
        (true, true) => return Ok(()),
        (false, _) => "rate_limits",
        (true, false) => "quotas",
    };
    let reason = "Limits can't be set yet; leave them out, or give an empty list.".to_owned();
    Err(KeyError::InvalidSetting { field: field.to_owned(), reason })
}
