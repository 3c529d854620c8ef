//! A world that many ask and one clock moves.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use model::Instant;
use tokio::sync::{OwnedMutexGuard, watch};

use crate::{log::JournalError, sim::Config, world::World};

/// Instants of the world that happen before others get their turn.
const STEPS: usize = 2_000;

/// A world behind a lock. Whoever follows its log is woken when there is more to be read.
#[derive(Debug)]
pub struct Shared {
    world: Mutex<World>,
    turn: Arc<tokio::sync::Mutex<()>>,
    told: watch::Sender<u64>,
    ended: AtomicBool,
}

/// The world can't be asked now.
#[derive(Debug, thiserror::Error)]
pub enum NotNow {
    /// It was set on by much, or was away for long, and has not caught up yet.
    #[error("the contact centre is catching up with its clock")]
    CatchingUp,
    /// What has happened can't be written down.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl Shared {
    /// Shares a world.
    pub fn new(world: World) -> Self {
        let (told, _) = watch::channel(world.told());
        Self { world: Mutex::new(world), turn: Arc::default(), told, ended: AtomicBool::new(false) }
    }

    /// Has happen what is due by the machine's time. To be called some ten times a second, and at once again while it says that the world has
    /// not caught up.
    ///
    /// # Errors
    /// [`JournalError`]; the next call tries again.
    pub fn tick(&self, real: Instant) -> Result<bool, JournalError> {
        let mut world = self.lock();
        let caught_up = world.advance(real, STEPS);
        self.tell(&world);
        caught_up
    }

    /// The turn of one of those who ask, in the order in which they came. Whoever waits for it holds no thread, which whoever waits for the world
    /// does: whoever takes a turn first, and holds it while asking, has one thread at most wait for each world.
    pub async fn turn(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.turn).lock_owned().await
    }

    /// [`Self::turn`] for a thread that may wait. Panics in an `async` function, which may not.
    pub fn turn_of_thread(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.turn).blocking_lock_owned()
    }

    /// Asks the world or has it do something, at the machine's time.
    ///
    /// # Errors
    /// [`NotNow`].
    pub fn with<T>(&self, real: Instant, ask: impl FnOnce(&mut World) -> T) -> Result<T, NotNow> {
        let mut world = self.lock();
        let caught_up = world.advance(real, STEPS);
        if !matches!(caught_up, Ok(true)) {
            self.tell(&world);
            return caught_up.map_err(NotNow::Journal).and(Err(NotNow::CatchingUp));
        }
        let answer = ask(&mut world);
        self.tell(&world);
        Ok(answer)
    }

    /// Begins the world anew, of another configuration. Its history is made beside whoever asks meanwhile.
    ///
    /// # Errors
    /// [`JournalError`]; then it is as it was.
    pub fn begin_anew(&self, config: Config, real: Instant) -> Result<(), JournalError> {
        let mut fresh = World::ephemeral(config, real);
        let mut world = self.lock();
        fresh.take_place_of(&world)?;
        *world = fresh;
        self.tell(&world);
        Ok(())
    }

    /// Reads the log and what holds without moving the clock.
    pub fn read<T>(&self, ask: impl FnOnce(&World) -> T) -> T {
        ask(&self.lock())
    }

    /// Has the disk write down what the operating system keeps of the journal, beside whoever asks the world meanwhile. To be called once a
    /// second or so: what was not written down is lost when the machine goes down, and then the epoch is another.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn sync(&self) -> std::io::Result<()> {
        let file = self.read(|world| world.journal().map(crate::log::Journal::handle)).transpose()?;
        file.map_or(Ok(()), |file| file.sync_data())
    }

    /// The last event that can be read, and a wake-up with each that follows.
    pub fn follow(&self) -> watch::Receiver<u64> {
        self.told.subscribe()
    }

    /// Nothing is going to happen here any more: whoever follows is woken, to leave.
    pub fn end(&self) {
        self.ended.store(true, Relaxed);
        self.told.send_modify(|_| {});
    }

    /// Whether nothing is going to happen here any more.
    pub fn is_ended(&self) -> bool {
        self.ended.load(Relaxed)
    }

    fn tell(&self, world: &World) {
        let told = world.told();
        self.told.send_if_modified(|last| std::mem::replace(last, told) != told);
    }

    /// A verb that panicked has left nothing half done that the journal does not know of.
    fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
