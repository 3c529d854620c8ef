//! Several worlds side by side: one that all share, and a few that callers of their own have made.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use model::{Instant, WorldName};

use crate::{shared::Shared, sim::Config, world::World};

/// The world that everybody shares who names none.
pub const MAIN: &str = WorldName::MAIN;
/// Worlds beside it, where nobody says another number.
pub const OTHERS_MAX: usize = 8;
/// After which one that nobody asks ends.
pub const IDLE_MS: i64 = 3_600_000;

/// The shared world and others.
#[derive(Debug)]
pub struct Worlds {
    main: Arc<Shared>,
    others: Mutex<BTreeMap<Box<str>, Other>>,
    others_max: usize,
}

#[derive(Debug)]
struct Other {
    /// None while it is being made, which takes a moment.
    world: Option<Arc<Shared>>,
    asked_at: Instant,
}

/// A world can't be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorldsError {
    /// The name can't be one.
    #[error("must have 1 to 64 letters a to z, digits, `-` or `_`, and not be `main`")]
    Name,
    /// There is one of that name, or it is being made.
    #[error("there is a world of this name")]
    Taken,
    /// As many are there as there may be.
    #[error("there are {0} worlds already")]
    Full(usize),
}

impl Worlds {
    /// The shared world, alone. [`OTHERS_MAX`] may be made beside it.
    pub fn new(main: World) -> Self {
        Self::with_others(main, OTHERS_MAX)
    }

    /// The shared world, alone. `others_max` may be made beside it.
    pub fn with_others(main: World, others_max: usize) -> Self {
        Self { main: Arc::new(Shared::new(main)), others: Mutex::default(), others_max }
    }

    /// How many worlds there may be beside the shared one.
    pub const fn others_max(&self) -> usize {
        self.others_max
    }

    /// The shared world.
    pub fn main(&self) -> &Arc<Shared> {
        &self.main
    }

    /// The world of a name; none if there is none, or not yet.
    pub fn get(&self, name: &str, real: Instant) -> Option<Arc<Shared>> {
        if name == MAIN {
            return Some(self.main.clone());
        }
        let mut others = self.lock();
        let other = others.get_mut(name)?;
        other.asked_at = other.asked_at.max(real);
        other.world.clone()
    }

    /// Makes a world, which is held in memory alone. It takes as long as its history, so not where others wait.
    ///
    /// # Errors
    /// [`WorldsError`].
    pub fn make(&self, name: &str, config: Config, real: Instant) -> Result<Arc<Shared>, WorldsError> {
        if name.parse::<WorldName>().is_err() {
            return Err(WorldsError::Name);
        }
        self.reserve(name, real)?;
        // If it panics, its place is free again when it has been idle.
        let world = Arc::new(Shared::new(World::ephemeral(config, real)));
        self.lock().insert(name.into(), Other { world: Some(world.clone()), asked_at: real });
        Ok(world)
    }

    fn reserve(&self, name: &str, real: Instant) -> Result<(), WorldsError> {
        self.end_idle(real);
        let mut others = self.lock();
        if others.contains_key(name) {
            return Err(WorldsError::Taken);
        }
        if others.len() >= self.others_max {
            return Err(WorldsError::Full(self.others_max));
        }
        others.insert(name.into(), Other { world: None, asked_at: real });
        Ok(())
    }

    /// Ends a world. Says whether there was one.
    pub fn end(&self, name: &str) -> bool {
        let ended = self.lock().remove(name);
        if let Some(world) = ended.as_ref().and_then(|other| other.world.as_ref()) {
            world.end();
        }
        ended.is_some()
    }

    /// Ends worlds that nobody has asked for an hour, and that nobody follows.
    pub fn end_idle(&self, real: Instant) {
        let is_idle = |other: &Other| {
            // A stream that is open holds its world.
            let followed = other.world.as_ref().is_some_and(|world| Arc::strong_count(world) > 1);
            !followed && real.as_millis() - other.asked_at.as_millis() >= IDLE_MS
        };
        let mut others = self.lock();
        let idle: Vec<_> = others.iter().filter(|(_, other)| is_idle(other)).map(|(name, _)| name.clone()).collect();
        let ended: Vec<_> = idle.iter().filter_map(|name| others.remove(name)).collect();
        drop(others);
        // To give a world's memory back takes its time, in which others are found.
        drop(ended);
    }

    /// Every world, for whoever moves their clocks.
    pub fn all(&self) -> Vec<Arc<Shared>> {
        let others = self.lock();
        std::iter::once(&self.main).chain(others.values().filter_map(|other| other.world.as_ref())).cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Box<str>, Other>> {
        self.others.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tiny(seed: u64) -> Config {
        let mut config = Config::new(seed);
        (config.agents, config.contacts, config.leads) = (2, 3, 0);
        (config.calls_per_day, config.history_days) = (10, 0);
        config
    }

    const fn ms(ms: i64) -> Instant {
        Instant::from_millis(1_772_589_600_000 + ms)
    }

    #[test]
    fn worlds_are_bounded_in_number_and_end_when_they_are_idle() {
        let worlds = Worlds::new(World::ephemeral(tiny(1), ms(0)));
        for n in 0..OTHERS_MAX {
            worlds.make(&format!("w{n}"), tiny(2), ms(0)).unwrap();
        }
        assert_eq!(worlds.make("one-more", tiny(2), ms(0)).unwrap_err(), WorldsError::Full(OTHERS_MAX));
        let alone = Worlds::with_others(World::ephemeral(tiny(1), ms(0)), 0);
        assert_eq!(alone.make("w0", tiny(2), ms(0)).unwrap_err().to_string(), "there are 0 worlds already");
        assert_eq!(worlds.make("w1", tiny(2), ms(IDLE_MS - 1)).unwrap_err(), WorldsError::Taken);
        assert!(worlds.get("w1", ms(IDLE_MS - 1)).is_some());
        worlds.end_idle(ms(IDLE_MS));
        assert_eq!(worlds.all().len(), 2, "the shared one and the one that was asked");
        assert!(worlds.get("w0", ms(IDLE_MS)).is_none());
        assert!(worlds.get(MAIN, ms(IDLE_MS)).is_some());
        assert!(worlds.end("w1") && !worlds.end("w1"));
    }

    #[test]
    fn what_can_be_no_name_is_refused() {
        let worlds = Worlds::new(World::ephemeral(tiny(1), ms(0)));
        for name in ["", MAIN, "A", "a b", "ä", &"a".repeat(65)] {
            assert_eq!(worlds.make(name, tiny(2), ms(0)).unwrap_err(), WorldsError::Name, "{name}");
        }
    }
}
