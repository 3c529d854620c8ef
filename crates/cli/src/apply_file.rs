//! The file that `keydesk plan` and `keydesk apply` read: which things an installation has, and what they are.

mod key_entry;
mod schema;

use std::{
    collections::BTreeMap,
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use domain::{CeilingOf, Wanted, WantedLimits, WantedSettings, WantedWebhook, fingerprint};
use model::{
    Ceiling, ClaimKind, ClaimName, ClientName, Contact, Environment, EventPatterns, KeyLife, LeakRule, Preset, Quotas,
    RateLimits, RequiredSecondFactor, TimeZone, WebhookId, WebhookOrder, WebhookSignature,
};
use serde::Deserialize;

pub(crate) use self::schema::schema;
use crate::{
    routes_file::{WantedRoutes, lines},
    secret_out::SecretTo,
};

/// Most bytes of a file.
const BYTES_MAX: u64 = 1024 * 1024;
/// Most entries of one kind.
const ENTRIES_MAX: usize = 1_000;
/// The settings that an installation can be without, and of which TOML can't say that.
const SETTINGS_CLEARED: [&str; 3] = ["contact", "longest_life_days", "default_preset"];

/// Why a file can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApplyFileError {
    #[error("{} can't be read: {source}", .file.display())]
    Unreadable { file: PathBuf, source: std::io::Error },
    #[error("{} is larger than 1 MiB.", .0.display())]
    TooLarge(PathBuf),
    #[error("{} is not UTF-8 text; save it as UTF-8.", .0.display())]
    NotText(PathBuf),
    #[error("{}, line {line}: {message}", .file.display())]
    Malformed { file: PathBuf, line: usize, message: String },
    #[error("{}, {at}: {reason}", .file.display())]
    Entry { file: PathBuf, at: String, reason: String },
}

/// A file, read.
pub(crate) struct ApplyFile {
    /// What it says. The routes that are there are not known yet.
    pub(crate) wanted: Wanted,
    pub(crate) routes: Option<WantedRoutes>,
    /// Where the secrets of new things go.
    pub(crate) secrets: BTreeMap<(ClaimKind, String), SecretTo>,
    /// The digest of its text.
    pub(crate) digest: [u8; 32],
    /// The installation that it is for, if it says so.
    pub(crate) installation: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    name: ClaimName,
    installation: Option<String>,
    #[serde(default)]
    settings: SettingsEntry,
    #[serde(default)]
    limits: LimitsEntry,
    #[serde(default)]
    keys: BTreeMap<ClaimName, toml::Table>,
    #[serde(default)]
    webhooks: BTreeMap<ClaimName, WebhookEntry>,
    routes: Option<toml::Value>,
    #[serde(default)]
    claim_routes: bool,
    #[serde(default)]
    release: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct SettingsEntry {
    title: Option<String>,
    time_zone: Option<TimeZone>,
    enabled: Option<bool>,
    contact: Option<Contact>,
    longest_life_days: Option<KeyLife>,
    default_preset: Option<Preset>,
    required_second_factor: Option<RequiredSecondFactor>,
    leak_rule: Option<LeakRule>,
    #[serde(default)]
    clear: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct LimitsEntry {
    installation: Option<CeilingEntry>,
    #[serde(default)]
    clients: Vec<ClientEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CeilingEntry {
    #[serde(default)]
    rate_limits: RateLimits,
    #[serde(default)]
    quotas: Quotas,
    #[serde(default)]
    claim: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClientEntry {
    client_name: ClientName,
    #[serde(default)]
    environment: Environment,
    #[serde(default)]
    rate_limits: RateLimits,
    #[serde(default)]
    quotas: Quotas,
    #[serde(default)]
    claim: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WebhookEntry {
    url: Option<String>,
    types: Option<EventPatterns>,
    order: Option<WebhookOrder>,
    signature: Option<WebhookSignature>,
    environment: Option<Environment>,
    enabled: Option<bool>,
    claim: Option<WebhookId>,
    secret_file: Option<PathBuf>,
    secret_command: Option<Vec<String>>,
}

impl ApplyFile {
    /// Reads a file. A day in it is one of the installation's time zone, unless the file gives that another.
    pub(crate) fn read(path: &Path, zone: &TimeZone) -> Result<Self, ApplyFileError> {
        let unreadable = |source| ApplyFileError::Unreadable { file: path.to_owned(), source };
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(unreadable)?;
        file.take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() as u64 > BYTES_MAX {
            return Err(ApplyFileError::TooLarge(path.to_owned()));
        }
        let digest = fingerprint(&bytes);
        let text = String::from_utf8(bytes).map_err(|_| ApplyFileError::NotText(path.to_owned()))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let document = toml::from_str(text).map_err(|error: toml::de::Error| {
            let line = error.span().map_or(1, |span| 1 + text.get(..span.start).unwrap_or(text).matches('\n').count());
            let message = error.message().lines().collect::<Vec<_>>().join(", ");
            ApplyFileError::Malformed { file: path.to_owned(), line, message }
        })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let read = read(document, digest, folder, zone);
        read.map_err(|(at, reason)| ApplyFileError::Entry { file: path.to_owned(), at, reason })
    }
}

/// What is wrong, and where it stands.
type Wrong = (String, String);

fn read(document: Document, digest: [u8; 32], folder: &Path, zone: &TimeZone) -> Result<ApplyFile, Wrong> {
    let Document { name, installation, settings, limits, keys, webhooks, routes, claim_routes, release } = document;
    for (what, count) in [
        ("keys", keys.len()),
        ("webhooks", webhooks.len()),
        ("limits.clients", limits.clients.len()),
        ("release", release.len()),
    ] {
        if count > ENTRIES_MAX {
            return Err((
                what.to_owned(),
                format!("there are more than {ENTRIES_MAX}; divide them among several files"),
            ));
        }
    }
    let zone = settings.time_zone.as_ref().unwrap_or(zone);
    let mut secrets = BTreeMap::new();
    let mut wanted = Wanted::nothing(name);
    for (name, table) in keys {
        let at = |(field, reason): Wrong| (format!("keys.{name}.{field}"), reason);
        let entry = key_entry::read(&name, table, folder, zone).map_err(at)?;
        if let Some(secret) = entry.secret {
            secrets.insert((ClaimKind::Key, name.to_string()), secret);
        }
        wanted.keys.push(entry.key);
    }
    for (name, entry) in webhooks {
        let secret = secret(entry.secret_file, entry.secret_command, folder);
        let secret = secret.map_err(|(field, reason)| (format!("webhooks.{name}.{field}"), reason))?;
        wanted.webhooks.push(WantedWebhook {
            name: name.clone(),
            url: entry.url,
            types: entry.types,
            order: entry.order,
            signature: entry.signature,
            environment: entry.environment,
            enabled: entry.enabled,
            claim: entry.claim,
            secret: secret.as_ref().map(SecretTo::words),
        });
        if let Some(secret) = secret {
            secrets.insert((ClaimKind::Webhook, name.to_string()), secret);
        }
    }
    if let Some(CeilingEntry { rate_limits, quotas, claim }) = limits.installation {
        let ceiling = Ceiling { rate_limits, quotas };
        wanted.limits.push(WantedLimits { of: CeilingOf::Installation, ceiling, claim });
    }
    for ClientEntry { client_name, environment, rate_limits, quotas, claim } in limits.clients {
        let of = CeilingOf::Client(client_name, environment);
        wanted.limits.push(WantedLimits { of, ceiling: Ceiling { rate_limits, quotas }, claim });
    }
    for text in release {
        wanted.release.push(released(&text).ok_or_else(|| {
            let how = format!("{text:?} is not keys.NAME or webhooks.NAME");
            ("release".to_owned(), how)
        })?);
    }
    let routes = routes.map(WantedRoutes::read).transpose().map_err(|reason| ("routes".to_owned(), reason))?;
    wanted.routes = routes.as_ref().map(|routes| lines(&routes.table));
    wanted.claims_routes = claim_routes;
    wanted.settings = settings_of(settings).map_err(|reason| ("settings.clear".to_owned(), reason))?;
    Ok(ApplyFile { wanted, routes, secrets, digest, installation })
}

fn settings_of(entry: SettingsEntry) -> Result<WantedSettings, String> {
    let SettingsEntry { title, time_zone, enabled, required_second_factor, leak_rule, clear, .. } = entry;
    if let Some(other) = clear.iter().find(|name| !SETTINGS_CLEARED.contains(&name.as_str())) {
        return Err(format!("{other} can't be cleared; {} can", SETTINGS_CLEARED.join(", ")));
    }
    Ok(WantedSettings {
        title,
        time_zone,
        enabled,
        contact: given("contact", entry.contact, &clear)?,
        longest_life: given("longest_life_days", entry.longest_life_days, &clear)?,
        default_preset: given("default_preset", entry.default_preset, &clear)?,
        required_second_factor,
        leak_rule,
    })
}

/// A setting that is given, or cleared.
fn given<T>(name: &str, value: Option<T>, clear: &[String]) -> Result<Option<Option<T>>, String> {
    match (value, clear.iter().any(|cleared| cleared == name)) {
        (Some(_), true) => Err(format!("{name} is given, too")),
        (Some(value), false) => Ok(Some(Some(value))),
        (None, true) => Ok(Some(None)),
        (None, false) => Ok(None),
    }
}

fn released(text: &str) -> Option<(ClaimKind, ClaimName)> {
    let (kind, name) = text.split_once('.')?;
    let kind = match kind {
        "keys" => ClaimKind::Key,
        "webhooks" => ClaimKind::Webhook,
        _ => return None,
    };
    Some((kind, name.parse().ok()?))
}

/// Where a secret goes. A file's name is one beside the file that is applied, unless it is absolute.
fn secret(file: Option<PathBuf>, command: Option<Vec<String>>, folder: &Path) -> Result<Option<SecretTo>, Wrong> {
    match (file, command) {
        (None, None) => Ok(None),
        (Some(file), None) if file.file_name().is_none() => {
            Err(("secret_file".to_owned(), "it names no file".to_owned()))
        }
        (Some(file), None) => Ok(Some(SecretTo::File(folder.join(file)))),
        (None, Some(words)) if words.first().is_none_or(String::is_empty) => {
            Err(("secret_command".to_owned(), "it names no program".to_owned()))
        }
        (None, Some(words)) => Ok(Some(SecretTo::Command(words))),
        (Some(_), Some(_)) => {
            Err(("secret_command".to_owned(), "there is a secret_file, too; a secret goes to one of them".to_owned()))
        }
    }
}

#[cfg(test)]
mod tests;
