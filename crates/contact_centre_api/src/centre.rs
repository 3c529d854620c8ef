//! What all requests share.

use std::sync::{Arc, Weak};

use contact_centre::{recording::Digests, sim::Config, worlds::Worlds};
use model::{
    Instant, TrustedProxies,
    phone::{Region, Withheld},
};
use uuid::Uuid;

use crate::kept::{Answers, Dialled, Faults, Pushed, Runs, Sessions};

/// Where time and randomness come from.
pub trait Source: Send + Sync + 'static {
    /// The machine's time.
    fn now(&self) -> Instant;
    /// Fills with bytes that nobody can guess.
    fn fill(&self, bytes: &mut [u8]);
}

/// Whom to believe who calls.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// From where the gateway connects. Everybody else is refused.
    pub addresses: TrustedProxies,
}

/// What the operator decides.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whom to believe.
    pub gateway: Gateway,
    /// Where numbers are that name no country.
    pub region: Region,
    /// What networks send for a number that is withheld.
    pub withheld: Withheld,
    /// Of what worlds are made that callers ask for. The seed is theirs.
    pub world: Config,
    /// Whether the clock of the shared world can be set, and the world reset.
    pub shared_world_is_led: bool,
    /// Downloads of tables at once. Each holds a thread.
    pub exports_max: usize,
    /// Streams at once, over all worlds and keys.
    pub streams_max: usize,
}

/// The contact centre, as all requests share it. Clones are the same.
#[derive(Clone)]
pub struct Centre(Arc<Inner>);

/// [`Centre`], for whoever goes on for no longer than it is there.
#[derive(Clone, Debug)]
pub(crate) struct WeakCentre(Weak<Inner>);

impl WeakCentre {
    /// None once nobody has it any more.
    pub(crate) fn upgrade(&self) -> Option<Centre> {
        self.0.upgrade().map(Centre)
    }
}

struct Inner {
    worlds: Worlds,
    source: Box<dyn Source>,
    settings: Settings,
    sessions: Sessions,
    answers: Answers,
    dialled: Dialled,
    faults: Faults,
    runs: Runs,
    digests: Digests,
    exports: Arc<tokio::sync::Semaphore>,
    pushed: Pushed,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Inner")
    }
}

impl std::fmt::Debug for Centre {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Centre")
    }
}

impl Centre {
    /// These worlds, by this time.
    pub fn new(worlds: Worlds, source: impl Source, settings: Settings) -> Self {
        let exports = Arc::new(tokio::sync::Semaphore::new(settings.exports_max));
        let pushed = Pushed::new(settings.streams_max);
        Self(Arc::new(Inner {
            worlds,
            source: Box::new(source),
            settings,
            sessions: Sessions::default(),
            answers: Answers::default(),
            dialled: Dialled::default(),
            faults: Faults::default(),
            runs: Runs::default(),
            digests: Digests::default(),
            exports,
            pushed,
        }))
    }

    pub(crate) fn downgrade(&self) -> WeakCentre {
        WeakCentre(Arc::downgrade(&self.0))
    }

    /// The worlds, for whoever moves their clocks.
    pub fn worlds(&self) -> &Worlds {
        &self.0.worlds
    }

    /// What the operator decided.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The machine's time.
    pub fn now(&self) -> Instant {
        self.0.source.now()
    }

    /// A text that nobody can guess, of 43 characters.
    pub(crate) fn secret(&self) -> String {
        use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
        let mut bytes = [0; 32];
        self.0.source.fill(&mut bytes);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// An id, version 7.
    pub(crate) fn id(&self) -> Uuid {
        let mut bytes = [0; 10];
        self.0.source.fill(&mut bytes);
        let ms = u64::try_from(self.now().as_millis()).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(ms, &bytes).into_uuid()
    }

    pub(crate) fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    pub(crate) fn answers(&self) -> &Answers {
        &self.0.answers
    }

    pub(crate) fn dialled(&self) -> &Dialled {
        &self.0.dialled
    }

    pub(crate) fn runs(&self) -> &Runs {
        &self.0.runs
    }

    pub(crate) fn faults(&self) -> &Faults {
        &self.0.faults
    }

    pub(crate) fn digests(&self) -> &Digests {
        &self.0.digests
    }

    pub(crate) fn pushed(&self) -> &Pushed {
        &self.0.pushed
    }

    pub(crate) fn exports(&self) -> &Arc<tokio::sync::Semaphore> {
        &self.0.exports
    }
}
