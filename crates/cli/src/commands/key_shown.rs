use model::{Key, KeyStatus, PlainSecret, TimeZone};

use super::{Failed, limits, output::Output, spaced};

/// Settings that have a line of their own, and two that can be long. All others are shown by their names in the API.
const PLACED: [&str; 13] = [
    "client_name",
    "preset",
    "scopes",
    "expires_at",
    "allowed_ips",
    "allowed_origins",
    "rate_limits",
    "quotas",
    "owner_email",
    "metadata",
    "notes",
    "contact_centre",
    "sandbox_world",
];

/// A key for people, with its secret if it has just been made. `zone` is whose days they read.
pub(super) fn show(
    key: &Key,
    secret: Option<&PlainSecret>,
    zone: &TimeZone,
    output: &mut Output,
) -> Result<(), Failed> {
    let id = key.id.to_string();
    let scopes = spaced(&key.settings.scopes);
    let (ips, origins) = (spaced(&key.settings.allowed_ips), spaced(&key.settings.allowed_origins));
    let expires_at = key.settings.expires_at.map(|end| zone.end_words(end)).unwrap_or_default();
    let email = key.settings.owner_email.as_ref().map_or("", |email| email.as_str());
    let contact_centre = key.settings.contact_centre.to_string();
    let world = key.settings.sandbox_world.as_ref().map_or("", |world| world.as_str());
    let status = if key.status == KeyStatus::Active { "" } else { key.status.as_str() };
    let mut pairs = vec![
        ("Id", id.as_str()),
        ("Client Name", key.settings.client_name.as_str()),
        ("Environment", key.environment.as_str()),
        ("Preset", key.settings.preset.as_str()),
        ("Scopes", if scopes.is_empty() { "none" } else { &scopes }),
    ];
    // Settings that most keys lack get a line only where they are set.
    let more = [
        ("Status", status),
        ("Expires", &expires_at),
        ("Allowed IPs", &ips),
        ("Allowed origins", &origins),
        ("Contact centre", &contact_centre),
        ("Sandbox world", world),
        ("Imported", if key.imported { "yes" } else { "" }),
        ("Owner", email),
    ];
    pairs.extend(more.into_iter().filter(|(_, value)| !value.is_empty()));
    let limits = limits::told(&key.settings.rate_limits, &key.settings.quotas);
    pairs.extend(limits.iter().map(|(name, words)| (*name, words.as_str())));
    let other = key.settings.texts_besides(&PLACED);
    let other = other.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    pairs.extend(other.filter(|(_, text)| !text.is_empty()));
    pairs.push(("Key", secret.map_or(key.hint.0.as_str(), PlainSecret::expose)));
    Ok(output.pairs(&pairs)?)
}
