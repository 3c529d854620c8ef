//! What sends letters, and what became of them.

use std::sync::{
    OnceLock,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use mail::{InvalidMail, MailOptions, Mailer};
use tokio::sync::Notify;

/// Where links lead, unless somebody says it: where `keydesk serve` listens by itself.
const ADDRESS: &str = "http://127.0.0.1:3000";

/// What became of letters, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LetterCounters {
    /// Letters that the mail server has taken.
    pub sent: u64,
    /// Tries that failed, after which it is tried again.
    pub failed: u64,
    /// Letters that were given up.
    pub given_up: u64,
    /// Letters that wait, as they were counted last.
    pub waiting_now: u64,
}

/// What sends letters.
#[derive(Debug)]
pub(crate) struct LetterBox {
    /// `None`: nothing is sent, and whoever makes a link passes it on.
    pub(crate) mailer: Option<Mailer>,
    /// A letter was written.
    pub(crate) written: Notify,
    address: OnceLock<String>,
    sent: AtomicU64,
    failed: AtomicU64,
    given_up: AtomicU64,
    waiting: AtomicU64,
}

impl LetterBox {
    pub(crate) fn new(options: Option<&MailOptions>) -> Result<Self, InvalidMail> {
        Ok(Self {
            mailer: options.map(Mailer::new).transpose()?,
            written: Notify::new(),
            address: OnceLock::new(),
            sent: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            given_up: AtomicU64::new(0),
            waiting: AtomicU64::new(0),
        })
    }

    /// Says under which address people open Keydesk. Only the first time counts.
    pub(crate) fn set_address(&self, address: &str) {
        let _ = self.address.set(address.trim_end_matches('/').to_owned());
    }

    /// The whole link to a page.
    pub(crate) fn link(&self, path: &str) -> String {
        format!("{}{path}", self.address.get().map_or(ADDRESS, String::as_str))
    }

    pub(crate) fn sent(&self) {
        self.sent.fetch_add(1, Relaxed);
    }

    pub(crate) fn failed(&self) {
        self.failed.fetch_add(1, Relaxed);
    }

    pub(crate) fn gave_up(&self) {
        self.given_up.fetch_add(1, Relaxed);
    }

    pub(crate) fn wait(&self, letters: u64) {
        self.waiting.store(letters, Relaxed);
    }

    pub(crate) fn counters(&self) -> LetterCounters {
        LetterCounters {
            sent: self.sent.load(Relaxed),
            failed: self.failed.load(Relaxed),
            given_up: self.given_up.load(Relaxed),
            waiting_now: self.waiting.load(Relaxed),
        }
    }
}
