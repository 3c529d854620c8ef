use std::{
    collections::HashMap,
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use model::{InstallationId, TimeZone};

pub(crate) type Zone = InstallationId;

/// By whose clocks the days of installations end.
#[derive(Debug)]
pub(crate) struct Zones {
    zones: RwLock<HashMap<InstallationId, TimeZone>>,
    /// Moves when one is set.
    version: AtomicU64,
}

impl Default for Zones {
    fn default() -> Self {
        Self { zones: RwLock::default(), version: AtomicU64::new(1) }
    }
}

impl Zones {
    /// The time zones of all installations.
    pub(crate) fn set(&self, zones: HashMap<InstallationId, TimeZone>) {
        let mut there = self.zones.write().unwrap_or_else(PoisonError::into_inner);
        if *there != zones {
            *there = zones;
            self.version.fetch_add(1, Ordering::Release);
        }
    }

    pub(crate) fn get(&self, installation: Zone) -> TimeZone {
        let zones = self.zones.read().unwrap_or_else(PoisonError::into_inner);
        zones.get(&installation).cloned().unwrap_or(TimeZone::UTC)
    }

    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }
}
