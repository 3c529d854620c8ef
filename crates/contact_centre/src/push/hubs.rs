use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::time::{MissedTickBehavior, interval};

use super::{
    Audience, Filter, Hub,
    beat::A_SECOND,
    seats::{Full, Seats},
    stream::{HEARTBEAT_MS, Stream},
    subscription::{Start, Subscription},
};
use crate::shared::Shared;

/// The hubs of all worlds that anybody follows, and the places for streams.
#[derive(Debug)]
pub struct Hubs {
    of_worlds: Mutex<Vec<(Weak<Shared>, Arc<Hub>)>>,
    seats: Seats,
    heartbeat: Duration,
    ended: AtomicBool,
}

impl Hubs {
    /// For so many streams at most, over all worlds.
    pub fn new(streams_max: usize) -> Self {
        Self::with_heartbeat(streams_max, Duration::from_millis(HEARTBEAT_MS))
    }

    /// The same with another heartbeat, for tests that can't wait for one.
    pub fn with_heartbeat(streams_max: usize, heartbeat: Duration) -> Self {
        let seats = Seats::new(streams_max);
        Self { of_worlds: Mutex::default(), seats, heartbeat, ended: AtomicBool::new(false) }
    }

    /// Begins a stream. To be called where tasks can be started: each world that is followed has one, for as long as it lives.
    ///
    /// # Errors
    /// [`Full`] if there are as many streams as there may be.
    pub fn follow(
        &self,
        world: &Arc<Shared>,
        audience: Audience,
        filter: Filter,
        start: Start,
    ) -> Result<Stream, Full> {
        if self.ended.load(Relaxed) {
            return Err(Full);
        }
        let seat = self.seats.take()?;
        let heartbeat_ms = u64::try_from(self.heartbeat.as_millis()).unwrap_or(u64::MAX);
        let reader = Subscription::new(self.of(world), world.clone(), (audience, filter), start, heartbeat_ms, seat);
        Ok(Stream::new(reader, self.heartbeat))
    }

    /// Cuts the streams of a world, as a network would. Others can begin.
    pub fn cut(&self, world: &Arc<Shared>) {
        let weak = Arc::downgrade(world);
        for (_, hub) in self.lock().iter().filter(|(other, _)| other.ptr_eq(&weak)) {
            hub.cut();
        }
    }

    /// How many streams are open.
    pub fn streams(&self) -> usize {
        self.seats.taken()
    }

    /// Ends every stream, and begins none any more: the process is about to end.
    pub fn end(&self) {
        self.ended.store(true, Relaxed);
        for (_, hub) in self.lock().iter() {
            hub.end();
        }
    }

    /// The hub of a world.
    fn of(&self, world: &Arc<Shared>) -> Arc<Hub> {
        let weak = Arc::downgrade(world);
        let mut known = self.lock();
        known.retain(|(world, _)| world.strong_count() > 0);
        if let Some((_, hub)) = known.iter().find(|(other, _)| other.ptr_eq(&weak)) {
            return hub.clone();
        }
        let hub = Arc::new(world.read(Hub::new));
        known.push((weak.clone(), hub.clone()));
        drop(known);
        tokio::spawn(publish(weak, hub.clone(), world.follow()));
        hub
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Weak<Shared>, Arc<Hub>)>> {
        self.of_worlds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes what happens in a world for whoever follows, until it ends.
async fn publish(world: Weak<Shared>, hub: Arc<Hub>, mut told: tokio::sync::watch::Receiver<u64>) {
    let mut beats = interval(Duration::from_millis(1_000 / A_SECOND));
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let is_beat = tokio::select! {
            changed = told.changed() => {
                if changed.is_err() {
                    break;
                }
                false
            }
            _ = beats.tick() => true,
        };
        let Some(world) = world.upgrade() else { break };
        if world.is_ended() {
            break;
        }
        let mut again = false;
        while world.read(|world| hub.publish(world, again)) {
            again = true;
            tokio::task::yield_now().await;
        }
        if is_beat {
            world.read(|world| hub.beat(world));
        }
    }
    hub.end();
}
