//! What sends events out: where to, and what of it is in memory.

use std::{
    collections::HashMap,
    fmt,
    fs::OpenOptions,
    io::{self, Write as _},
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use delivery::{Client, InvalidRoots, Policy, Resolver, Signals, SystemResolver};
use model::WebhookId;

/// Where events are written, one a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventLog {
    /// Standard output.
    Stdout,
    /// A file, which is appended to, and opened anew for each few lines: it may be moved away.
    File(PathBuf),
    /// Nowhere, and no longer elsewhere: no events are kept for the log of another time.
    Off,
}

impl EventLog {
    /// Writes whole lines.
    pub(crate) fn write(&self, lines: &str) -> io::Result<()> {
        match self {
            Self::Stdout => {
                let mut out = io::stdout().lock();
                out.write_all(lines.as_bytes())?;
                out.flush()
            }
            Self::File(path) => {
                let mut file = OpenOptions::new().create(true).append(true).open(path)?;
                file.write_all(lines.as_bytes())?;
                file.sync_data()
            }
            Self::Off => Ok(()),
        }
    }
}

/// How events are sent out.
#[derive(Clone)]
pub struct EventOptions {
    /// Where receivers may be.
    pub policy: Policy,
    /// What finds their addresses.
    pub resolver: Arc<dyn Resolver>,
    /// Authorities that are trusted besides those of browsers, in PEM.
    pub roots: Vec<u8>,
    /// Where events are written besides.
    pub log: Option<EventLog>,
}

impl Default for EventOptions {
    fn default() -> Self {
        Self { policy: Policy::default(), resolver: Arc::new(SystemResolver), roots: Vec::new(), log: None }
    }
}

impl fmt::Debug for EventOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventOptions").field("policy", &self.policy).field("log", &self.log).finish_non_exhaustive()
    }
}

/// What sends events out.
#[derive(Debug)]
pub(crate) struct Out {
    pub(crate) client: Client,
    pub(crate) signals: Arc<Signals>,
    pub(crate) log: Option<EventLog>,
    /// Up to where events were looked at for receivers that wanted none of them, where that is not written down.
    pub(crate) looked_at: Mutex<HashMap<WebhookId, i64>>,
    pub(crate) pending: AtomicU64,
    pub(crate) parked: AtomicU64,
    pub(crate) given_up: AtomicU64,
}

impl Out {
    pub(crate) fn new(options: EventOptions) -> Result<Self, InvalidRoots> {
        Ok(Self {
            client: Client::new(options.policy, options.resolver, &options.roots)?,
            signals: Arc::default(),
            log: options.log,
            looked_at: Mutex::default(),
            pending: AtomicU64::new(0),
            parked: AtomicU64::new(0),
            given_up: AtomicU64::new(0),
        })
    }

    pub(crate) fn gave_up(&self, deliveries: u64) {
        self.given_up.fetch_add(deliveries, Relaxed);
    }
}
