//! The part of the configuration file that says who may report leaked keys: `[leaks]`.

use std::collections::BTreeMap;

use domain::{InvalidReporterKey, ReporterKeys};
use serde::Deserialize;

/// `[leaks]`.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(crate) struct LeaksEntry {
    /// Public keys in PEM, each under the id by which reports name it.
    #[serde(default)]
    public_keys: BTreeMap<String, String>,
}

/// What can't be used of it.
#[derive(Debug, thiserror::Error)]
#[error("leaks.public_keys: {0}.")]
pub(crate) struct InvalidLeaks(#[from] InvalidReporterKey);

impl LeaksEntry {
    pub(crate) fn reporters(self) -> Result<ReporterKeys, InvalidLeaks> {
        Ok(ReporterKeys::new(self.public_keys)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, String> {
        let entry: LeaksEntry = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        entry.reporters().map(|keys| format!("{keys:?}")).map_err(|error| error.to_string())
    }

    #[test]
    fn keys_stand_under_their_ids() {
        let github = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYAGMWO8XgCamYKMJS6jc/qgvSlAd\n\
            AjPuDPRcXU22YxgBrz+zoN19MzuRyW87qEt9/AmtoNP5GrobzUvQSyJFVw==\n-----END PUBLIC KEY-----";
        let read_key = |id: &str, pem: &str| read(&format!("[public_keys]\n{id} = \"\"\"\n{pem}\n\"\"\"\n"));
        assert_eq!(read(""), Ok("ReporterKeys([])".to_owned()));
        assert_eq!(read_key("bcb53661", github), Ok("ReporterKeys([\"bcb53661\"])".to_owned()));
        for (id, pem, words) in [
            ("\"a b\"", github, "leaks.public_keys: an id is"),
            ("k1", "MFkw", "leaks.public_keys: k1 is no public key in PEM"),
        ] {
            let refused = read_key(id, pem).unwrap_err();
            assert!(refused.starts_with(words) && refused.ends_with('.'), "{refused}");
        }
        assert!(read("public_key = 1").unwrap_err().starts_with("unknown field `public_key`"));
    }
}
