//! Who may report leaks: whoever signs with a key of the configuration. And what this process has had of reports.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ParsedPublicKey};
use rustls_pki_types::{SubjectPublicKeyInfoDer, pem::PemObject as _};
use tokio::sync::Semaphore;

use crate::leak_done::LeakDone;

/// Most keys of reporters.
const REPORTERS_MAX: usize = 100;
/// Longest id of such a key, in bytes.
const ID_MAX: usize = 128;
/// Reports at once whose body is a large one.
pub(crate) const LARGE_REPORTS_MAX: usize = 8;

/// The public keys with which reports of leaked keys are signed, by their ids. They are configured, and never fetched.
#[derive(Clone, Default)]
pub struct ReporterKeys(BTreeMap<String, ParsedPublicKey>);

impl fmt::Debug for ReporterKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReporterKeys").field(&self.0.keys()).finish()
    }
}

/// Why keys of reporters can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidReporterKey {
    /// Too many of them.
    #[error("there are more than {REPORTERS_MAX}")]
    TooMany,
    /// An id that no header can have.
    #[error("an id is 1 to {ID_MAX} letters, digits, points, hyphens and underscores")]
    Id,
    /// The text is no public key in PEM.
    #[error("{0} is no public key in PEM, -----BEGIN PUBLIC KEY-----")]
    Pem(String),
    /// It is another kind of key.
    #[error("{0} is no public key of ECDSA on the curve P-256")]
    Kind(String),
}

impl ReporterKeys {
    /// Reads keys in PEM, each with its id.
    pub fn new(keys: impl IntoIterator<Item = (String, String)>) -> Result<Self, InvalidReporterKey> {
        let mut all = BTreeMap::new();
        for (id, pem) in keys {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
            if !(1..=ID_MAX).contains(&id.len()) || !id.bytes().all(plain) {
                return Err(InvalidReporterKey::Id);
            }
            let der = SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes());
            let der = der.map_err(|_| InvalidReporterKey::Pem(id.clone()))?;
            let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, der);
            let key = key.map_err(|_| InvalidReporterKey::Kind(id.clone()))?;
            all.insert(id, key);
        }
        if all.len() > REPORTERS_MAX { Err(InvalidReporterKey::TooMany) } else { Ok(Self(all)) }
    }

    /// The key of this id.
    pub(crate) fn get(&self, id: &str) -> Option<&ParsedPublicKey> {
        self.0.get(id)
    }
}

/// Who may report, and what was reported.
pub(crate) struct Reporters {
    pub(crate) keys: ReporterKeys,
    /// Large reports that are being read.
    pub(crate) large: Arc<Semaphore>,
    done: [AtomicU64; LeakDone::ALL.len()],
}

impl Reporters {
    pub(crate) fn new(keys: ReporterKeys) -> Self {
        Self { keys, large: Arc::new(Semaphore::new(LARGE_REPORTS_MAX)), done: Default::default() }
    }

    pub(crate) fn count(&self, done: LeakDone) {
        self.done[done as usize].fetch_add(1, Relaxed);
    }

    pub(crate) fn counted(&self) -> [(LeakDone, u64); LeakDone::ALL.len()] {
        LeakDone::ALL.map(|done| (done, self.done[done as usize].load(Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// GitHub's, as its documentation has it.
    const GITHUB: &str = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYAGMWO8XgCamYKMJS6jc/qgvSlAd\n\
        AjPuDPRcXU22YxgBrz+zoN19MzuRyW87qEt9/AmtoNP5GrobzUvQSyJFVw==\n-----END PUBLIC KEY-----\n";
    /// On the curve P-384.
    const OTHER: &str = "-----BEGIN PUBLIC KEY-----\nMHYwEAYHKoZIzj0CAQYFK4EEACIDYgAECRaJ8q0nep38m0Hg9XIIU7qaJPG65hMg\n\
        lRawdjvJ/HJ/EyhkJE5b4fVfpmhRXbIdDVK5Z6Qvi2vgnjKYvPzuM5YOhEAAEHic\n0KmO+dkmYFVgK/JTq4krqmnx56PfPvWw\n\
        -----END PUBLIC KEY-----\n";

    fn read(id: &str, pem: &str) -> Result<ReporterKeys, InvalidReporterKey> {
        ReporterKeys::new([(id.to_owned(), pem.to_owned())])
    }

    #[test]
    fn a_key_is_read_from_its_pem() {
        let keys = read("bcb53661", GITHUB).unwrap();
        assert!(keys.get("bcb53661").is_some() && keys.get("bcb53662").is_none());
        assert!(ReporterKeys::new([]).unwrap().get("").is_none());
    }

    #[test]
    fn what_is_no_key_is_refused_by_its_id() {
        for bad in ["", "a b", "ä", "a\n", &"a".repeat(129)] {
            assert_eq!(read(bad, GITHUB).unwrap_err(), InvalidReporterKey::Id, "{bad}");
        }
        for bad in
            ["", "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE", "-----BEGIN PUBLIC KEY-----\n!\n-----END PUBLIC KEY-----\n"]
        {
            assert_eq!(read("k", bad).unwrap_err(), InvalidReporterKey::Pem("k".to_owned()), "{bad}");
        }
        let cut = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----\n";
        for bad in [OTHER, cut] {
            assert_eq!(read("k", bad).unwrap_err(), InvalidReporterKey::Kind("k".to_owned()), "{bad}");
        }
        let many = (0..=REPORTERS_MAX).map(|number| (number.to_string(), GITHUB.to_owned()));
        assert_eq!(ReporterKeys::new(many).unwrap_err(), InvalidReporterKey::TooMany);
    }
}
