use std::{
    sync::mpsc::{RecvTimeoutError, Sender, channel},
    thread::{self, JoinHandle},
    time::Duration,
};

use contact_centre_api::Centre;

/// How often worlds catch up with the time.
const TICK: Duration = Duration::from_millis(100);
/// How often what they have written is on the disk, and worlds that nobody asks end, counted in ticks.
const SYNC: u32 = 10;

/// Moves the clocks of all worlds, on a thread of its own: what happens there and the disk keep no call waiting.
pub(super) struct Clock {
    thread: Option<JoinHandle<()>>,
    stop: Sender<()>,
}

impl Clock {
    pub(super) fn start(centre: Centre) -> Self {
        let (stop, stopped) = channel();
        let run = move || {
            let mut ticks = 0_u32;
            while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                tick(&centre);
                ticks = ticks.wrapping_add(1);
                if ticks.is_multiple_of(SYNC) {
                    sync(&centre);
                    centre.worlds().end_idle(centre.now());
                }
            }
            sync(&centre);
        };
        let thread = thread::Builder::new().name("contact-centre".to_owned()).spawn(run);
        let thread =
            thread.inspect_err(|error| tracing::error!(%error, "the contact centre's clock stands still")).ok();
        Self { thread, stop }
    }

    /// Stops the clocks. What has happened is on the disk then.
    pub(super) async fn stop(self) {
        let Self { thread, stop } = self;
        drop(stop);
        let Some(thread) = thread else { return };
        let ended = tokio::task::spawn_blocking(|| thread.join());
        if !matches!(ended.await, Ok(Ok(()))) {
            tracing::error!("the contact centre's clock broke off");
        }
    }
}

/// Has happen what is due.
fn tick(centre: &Centre) {
    for world in centre.worlds().all() {
        loop {
            match world.tick(centre.now()) {
                Ok(true) => break,
                // It has not caught up; whoever asks something gets a turn in between.
                Ok(false) => thread::yield_now(),
                Err(error) => {
                    tracing::error!(%error, "what happens in the contact centre can't be written down");
                    break;
                }
            }
        }
    }
}

fn sync(centre: &Centre) {
    for world in centre.worlds().all() {
        if let Err(error) = world.sync() {
            tracing::error!(%error, "the contact centre's journal can't be written to the disk");
        }
    }
}
