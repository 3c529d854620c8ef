use std::{
    collections::HashMap,
    sync::{Arc, Mutex, atomic::AtomicI64},
};

use model::{InstallationId, Instant};
use serde::Serialize;
use tokio::sync::Semaphore;

/// What a look at the whole of an installation's audit log has found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditChecked {
    /// The installation's name.
    pub installation: String,
    /// Entries that are as they were written.
    pub entries: i64,
    /// The audit key that signs its end; `None`: it is not signed.
    pub audit_key: Option<String>,
    /// What is wrong, as a part of a sentence; `None`: nothing.
    pub broken: Option<String>,
}

impl AuditChecked {
    /// What is wrong, as a sentence without its full stop; `None`: nothing.
    pub(crate) fn sentence(&self) -> Option<String> {
        self.broken.as_ref().map(|broken| format!("the audit log of {} is {broken}", self.installation))
    }
}

/// The looks at whole logs, of which one is under way at a time.
#[derive(Clone, Debug)]
pub(crate) struct AuditWatch {
    pub(crate) found: Arc<Mutex<HashMap<InstallationId, (AuditChecked, Instant)>>>,
    pub(crate) reading: Arc<Mutex<HashMap<InstallationId, Arc<AtomicI64>>>>,
    pub(crate) turn: Arc<Semaphore>,
}

impl Default for AuditWatch {
    fn default() -> Self {
        Self { found: Arc::default(), reading: Arc::default(), turn: Arc::new(Semaphore::new(1)) }
    }
}
