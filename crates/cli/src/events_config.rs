//! The parts of the configuration file that say how events are sent out: `[webhooks]` and `[events]`.

use std::{fs, path::PathBuf};

use delivery::Policy;
use domain::{EventLog, EventOptions};
use model::Network;
use serde::Deserialize;

/// `[webhooks]`: where events may be sent.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhooksEntry {
    /// Networks that are no public ones, and are allowed all the same.
    #[serde(default)]
    allow_networks: Vec<String>,
    /// Whether a receiver may be reached without TLS.
    #[serde(default)]
    allow_http: bool,
    /// A file of certificates in PEM, of authorities that are trusted besides those that browsers trust.
    ca: Option<PathBuf>,
}

/// `[events]`: where events are written besides.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventsEntry {
    /// `stdout`, the path of a file, or `off`.
    log: Option<String>,
}

/// What can't be used of it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidEvents {
    #[error("webhooks.allow_networks: {0} {1}")]
    Network(String, model::InvalidNetwork),
    #[error("webhooks.ca: {} can't be read: {source}", .file.display())]
    Roots { file: PathBuf, source: std::io::Error },
}

/// Both, as Keydesk is opened with them.
pub(crate) fn options(webhooks: WebhooksEntry, events: EventsEntry) -> Result<EventOptions, InvalidEvents> {
    let WebhooksEntry { allow_networks, allow_http, ca } = webhooks;
    let network = |text: String| Network::parse(&text).map_err(|error| InvalidEvents::Network(text, error));
    let allow_networks = allow_networks.into_iter().map(network).collect::<Result<_, _>>()?;
    let roots = match ca {
        Some(file) => fs::read(&file).map_err(|source| InvalidEvents::Roots { file, source })?,
        None => Vec::new(),
    };
    let log = events.log.filter(|log| !log.is_empty()).map(|log| match log.as_str() {
        "stdout" => EventLog::Stdout,
        "off" => EventLog::Off,
        path => EventLog::File(PathBuf::from(path)),
    });
    Ok(EventOptions { policy: Policy { allow_networks, allow_http }, roots, log, ..EventOptions::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<EventOptions, String> {
        #[derive(Deserialize)]
        struct File {
            #[serde(default)]
            webhooks: WebhooksEntry,
            #[serde(default)]
            events: EventsEntry,
        }
        let file: File = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        options(file.webhooks, file.events).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_is_allowed_that_is_not_named() {
        let none = read("").unwrap();
        assert_eq!((none.policy, none.log), (Policy::default(), None));
        let some = read("[webhooks]\nallow_networks = [\"10.0.0.0/8\"]\nallow_http = true\n[events]\nlog = \"stdout\"")
            .unwrap();
        assert!(some.policy.allows("10.1.2.3".parse().unwrap()) && some.policy.allow_http);
        assert_eq!(some.log, Some(EventLog::Stdout));
        assert_eq!(read("[events]\nlog = \"off\"").unwrap().log, Some(EventLog::Off));
        assert_eq!(read("[events]\nlog = \"/var/log/e\"").unwrap().log, Some(EventLog::File("/var/log/e".into())));
    }

    #[test]
    fn what_can_not_be_used_is_refused_with_its_name() {
        for (file, expected) in [
            ("[webhooks]\nallow_networks = [\"10.0.0.1/8\"]", "webhooks.allow_networks: 10.0.0.1/8 has bits set"),
            ("[webhooks]\nca = \"/nowhere/ca.pem\"", "webhooks.ca: /nowhere/ca.pem can't be read"),
            ("[webhooks]\nallow = true", "unknown field `allow`"),
            ("[events]\nfile = \"x\"", "unknown field `file`"),
        ] {
            let error = read(file).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
