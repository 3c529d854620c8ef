//! Rules for the settings of a key beyond their types, whether it is issued or updated.

use model::{Instant, KeyError, Quotas, TimeZone};

/// Refuses an end that is not in the future.
pub(crate) fn require_future(expires_at: Option<Instant>, now: Instant) -> Result<(), KeyError> {
    if expires_at.is_some_and(|end| end <= now) {
        let reason = "The expiry must be in the future.".to_owned();
        return Err(KeyError::InvalidSetting { field: "expires_at".to_owned(), reason });
    }
    Ok(())
}

/// Refuses a quota of a time zone that nobody knows: its days would end at no instant.
pub(crate) fn require_known_zones(quotas: &Quotas) -> Result<(), KeyError> {
    for (index, quota) in quotas.iter().enumerate() {
        let Some(zone) = quota.time_zone() else { continue };
        if let Err(error) = zone.as_str().parse::<TimeZone>() {
            let reason = format!("The time zone {} {error}.", zone.as_str());
            return Err(KeyError::InvalidSetting { field: format!("quotas[{index}].time_zone"), reason });
        }
    }
    Ok(())
}
