use std::{
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::time::{MissedTickBehavior, interval, sleep};

use super::{
    Audience, Filter, Hub,
    beat::A_SECOND,
    seats::{Full, Seats},
    stream::{HEARTBEAT_MS, Stream},
    subscription::{Start, Subscription},
};
use crate::shared::Shared;

/// How long is waited for each reader that is to be woken, in microseconds.
const PAUSE_MICROS: u64 = 100;
/// Nobody waits for less: few readers get each event at once.
const PAUSE_MIN: Duration = Duration::from_millis(2);
/// An event waits no longer than this.
const PAUSE_MAX: Duration = Duration::from_millis(100);

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
    let mut rest = pin!(sleep(Duration::ZERO));
    loop {
        let happens = async {
            if !rest.is_elapsed() {
                rest.as_mut().await;
            }
            told.changed().await
        };
        let is_beat = tokio::select! {
            changed = happens => {
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
        rest.set(sleep(pause(hub.readers())));
        if is_beat {
            world.read(|world| hub.beat(world));
        }
    }
    hub.end();
}

/// How long what happens is collected before so many readers are woken again. To wake a reader costs more than to write one event
/// more to them: a thousand that are woken for each of fifty events a second keep two processors so busy that events wait for a second.
fn pause(readers: usize) -> Duration {
    let pause = Duration::from_micros(u64::try_from(readers).unwrap_or(u64::MAX).saturating_mul(PAUSE_MICROS));
    if pause < PAUSE_MIN { Duration::ZERO } else { pause.min(PAUSE_MAX) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_readers_wait_for_nothing_and_many_for_a_tenth_of_a_second_at_most() {
        for (readers, millis) in
            [(0, 0), (1, 0), (19, 0), (20, 2), (100, 10), (1_000, 100), (10_000, 100), (usize::MAX, 100)]
        {
            assert_eq!(pause(readers), Duration::from_millis(millis), "{readers}");
        }
    }
}
