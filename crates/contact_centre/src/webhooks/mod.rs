//! The log as receivers of webhooks get it, through the one engine of deliveries.
//!
//! Invariants:
//! - **nothing is dropped in silence**: what a receiver does not accept within 3 days is parked and stays; and where the log no longer
//!   reaches back to what a receiver has not got, it is told so with a `stream.reset`;
//! - **at least once, in the order of each subject**, with the id of the event at every try;
//! - **a receiver lives no longer than its key**, and gets no more than its key may when it is sent, whatever it might when it happened;
//! - receivers, what waits for one, and what is remembered of it are bounded;
//! - a secret is not kept: it follows from the key of the deployment and the receiver's id.

mod hook;
mod keep;
mod narrow;
mod outbox;
mod plan;
mod secrets;
mod sending;
mod trial;
mod trying;
mod verbs;

pub use hook::{BATCH_MAX, Draft, Faults, HEALTH_WINDOW_MS, Hook, HookView, Owner, Patch};
pub use keep::KeepError;
pub use secrets::MasterKey;
pub use sending::{Delivered, DeliveryView};
pub use trial::{Forged, Trial};
pub use verbs::{HOOKS_MAX, HOOKS_OF_KEY_MAX, NotDone, Standing};

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use delivery::{Client, Signals};
use model::Instant;
use uuid::Uuid;

use crate::shared::Shared;

/// The type of the event with which an address is asked whether it wants any.
pub const QUESTION: &str = "endpoint.verify";
/// The type of the event that is sent for a try.
pub const TEST: &str = "webhook.test";

/// The type of a delivery of several events, for a receiver that wants them so.
pub const BATCH: &str = "webhook.batch";

/// What tells the machine's time.
pub type Now = dyn Fn() -> Instant + Send + Sync;

/// Every receiver, and what is on its way to it. Clones are the same.
#[derive(Clone)]
pub struct Webhooks(Arc<Inner>);

struct Inner {
    hooks: Mutex<Hooks>,
    client: Client,
    signals: Arc<Signals>,
    master: MasterKey,
    now: Box<Now>,
    /// Where receivers of the shared world are kept; none: in memory alone.
    path: Option<PathBuf>,
    /// Held while receivers are written down, and taken before `hooks`.
    keeping: Mutex<()>,
    /// See [`Webhooks::broken`].
    broken: Option<(PathBuf, KeepError)>,
}

#[derive(Debug, Default)]
struct Hooks {
    by_id: BTreeMap<Uuid, Hook>,
    /// Whether something is not kept yet.
    changed: bool,
}

impl std::fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhooks").field("hooks", &self.lock().by_id.len()).finish_non_exhaustive()
    }
}

impl Webhooks {
    /// Receivers that are kept in a file, if there is one. Those that it holds are of the shared world. A file that can't be understood is
    /// put aside ([`Self::broken`]), and there are none.
    ///
    /// # Errors
    /// [`KeepError`] if the file can't be read or put aside.
    pub fn open(
        client: Client,
        master: MasterKey,
        now: Box<Now>,
        path: Option<PathBuf>,
        main: &Arc<Shared>,
    ) -> Result<Self, KeepError> {
        let kept = path.as_deref().map(|path| keep::load(path, main)).transpose()?.unwrap_or_default();
        let hooks = Mutex::new(Hooks { by_id: kept.by_id, changed: false });
        let (signals, keeping, broken) = (Arc::default(), Mutex::default(), kept.broken);
        Ok(Self(Arc::new(Inner { hooks, client, signals, master, now, path, keeping, broken })))
    }

    /// Where the file was put that was found and could not be understood, and why; for whoever tells the operator.
    pub fn broken(&self) -> Option<(&Path, &KeepError)> {
        self.0.broken.as_ref().map(|(path, why)| (path.as_path(), why))
    }

    /// What sends.
    pub fn client(&self) -> &Client {
        &self.0.client
    }

    fn now(&self) -> Instant {
        (self.0.now)()
    }

    /// A verb that panicked has changed one receiver at most.
    fn lock(&self) -> MutexGuard<'_, Hooks> {
        self.0.hooks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
