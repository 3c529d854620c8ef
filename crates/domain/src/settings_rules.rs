//! Rules for the settings of a key beyond their types, whether it is issued or updated.

use model::{Catalogue, Environment, Instant, KeyError, KeyLife, KeySettings, Quotas, RateLimits, ScopeSet, TimeZone};

/// Refuses an end that is not in the future.
pub(crate) fn require_future(expires_at: Option<Instant>, now: Instant) -> Result<(), KeyError> {
    if expires_at.is_some_and(|end| end <= now) {
        let reason = "The expiry must be in the future.".to_owned();
        return Err(KeyError::InvalidSetting { field: "expires_at".to_owned(), reason });
    }
    Ok(())
}

/// Refuses an end that is later than the installation allows, unless it comes nearer by that. `before`: the end that the key has;
/// `None`: it is new.
pub(crate) fn require_within_life(
    longest: Option<KeyLife>,
    before: Option<Option<Instant>>,
    expires_at: Option<Instant>,
    now: Instant,
) -> Result<(), KeyError> {
    let Some(longest) = longest else { return Ok(()) };
    let nearer = match (before, expires_at) {
        (_, Some(end)) if end <= longest.latest(now) => true,
        (Some(None), Some(_)) => true,
        (Some(Some(before)), Some(end)) => end <= before,
        _ => false,
    };
    if nearer {
        return Ok(());
    }
    let days = longest.days();
    let words = if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
    let reason = format!("Keys of this installation must end within {words}.");
    Err(KeyError::InvalidSetting { field: "expires_at".to_owned(), reason })
}

/// Refuses limits that could not do what they say: one that counts calls for a scope which is not in the catalogue, and a quota
/// whose days end at no instant, since nobody knows its time zone. `at`: where the lists stand in the request.
pub(crate) fn require_limits(
    catalogue: &Catalogue,
    at: &str,
    rate_limits: &RateLimits,
    quotas: &Quotas,
) -> Result<(), KeyError> {
    let known = |field: String, scopes: &ScopeSet| match scopes.iter().find(|scope| !catalogue.knows(scope)) {
        None => Ok(()),
        Some(scope) => Err(KeyError::InvalidSetting { field, reason: format!("There is no such scope: {scope}.") }),
    };
    for (index, limit) in rate_limits.iter().enumerate() {
        known(format!("{at}rate_limits[{index}].scopes"), limit.scopes())?;
    }
    for (index, quota) in quotas.iter().enumerate() {
        known(format!("{at}quotas[{index}].scopes"), quota.scopes())?;
        if let Some(zone) = quota.time_zone()
            && let Err(error) = zone.as_str().parse::<TimeZone>()
        {
            let field = format!("{at}quotas[{index}].time_zone");
            return Err(KeyError::InvalidSetting { field, reason: format!("{} {error}.", zone.as_str()) });
        }
    }
    Ok(())
}

/// The same for the settings of a key: those of its limits, and of the limits for keys that it issues, that are not as `before`.
pub(crate) fn require_limits_of(
    catalogue: &Catalogue,
    settings: &KeySettings,
    before: Option<&KeySettings>,
) -> Result<(), KeyError> {
    if before.is_none_or(|old| (&old.rate_limits, &old.quotas) != (&settings.rate_limits, &settings.quotas)) {
        require_limits(catalogue, "", &settings.rate_limits, &settings.quotas)?;
    }
    match &settings.issue_bounds {
        Some(bounds) if before.is_none_or(|old| old.issue_bounds != settings.issue_bounds) => {
            require_limits(catalogue, "issue_bounds.", &bounds.rate_limits, &bounds.quotas)
        }
        _ => Ok(()),
    }
}

/// Refuses a world of the sandbox for a key that can't reach any.
pub(crate) fn require_reachable_world(environment: Environment, settings: &KeySettings) -> Result<(), KeyError> {
    if environment == Environment::Live && settings.sandbox_world.is_some() {
        let reason = "A live key reaches no world of the sandbox. Leave this empty, or make a test key.".to_owned();
        return Err(KeyError::InvalidSetting { field: "sandbox_world".to_owned(), reason });
    }
    Ok(())
}
