//! Waiting for time, on a thread of its own.
//!
//! A runtime in which any timer waits gives each of its waits for a socket an end, and the kernel arms and disarms a timer
//! for that with every call: on a virtual machine as dear as deciding the call is. So the runtime that answers calls has no
//! timer waiting while it does, and what has to wait (the poll of the epoch, heads that must arrive) waits in another.

use std::{
    io,
    pin::Pin,
    time::{Duration, Instant},
};

use hyper::rt::Sleep;
use hyper_util::rt::TokioTimer;
use tokio::runtime::{Builder, Handle, Runtime};

/// The runtime that waits. What still runs on it when it is dropped is given up.
pub(crate) struct Timekeeper {
    handle: Handle,
    runtime: Option<Runtime>,
}

impl Timekeeper {
    pub(crate) fn start() -> io::Result<Self> {
        let mut builder = Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).thread_name("keydesk-time").enable_all().build()?;
        Ok(Self { handle: runtime.handle().clone(), runtime: Some(runtime) })
    }

    /// Does work there that leaves waiting work behind.
    pub(crate) async fn run<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> io::Result<T> {
        self.handle.spawn(work).await.map_err(io::Error::other)
    }

    /// Starts tasks there.
    pub(crate) fn start_there<T>(&self, start: impl FnOnce() -> T) -> T {
        let _there = self.handle.enter();
        start()
    }

    /// The timer of connections that are served elsewhere.
    pub(crate) fn timer(&self) -> Timer {
        Timer(self.handle.clone())
    }
}

impl Drop for Timekeeper {
    fn drop(&mut self) {
        // A runtime that is simply dropped waits for its tasks, which is not allowed where calls are answered.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Sleeps that wake whoever waits for them, whatever runtime that is in.
#[derive(Clone, Debug)]
pub(crate) struct Timer(Handle);

impl hyper::rt::Timer for Timer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        let _there = self.0.enter();
        TokioTimer::new().sleep(duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        let _there = self.0.enter();
        TokioTimer::new().sleep_until(deadline)
    }

    fn reset(&self, sleep: &mut Pin<Box<dyn Sleep>>, new_deadline: Instant) {
        TokioTimer::new().reset(sleep, new_deadline);
    }
}

#[cfg(test)]
mod tests {
    use hyper::rt::Timer as _;

    use super::*;

    #[test]
    fn sleeps_wait_elsewhere_than_where_they_are_awaited() {
        let timekeeper = Timekeeper::start().unwrap();
        let timer = timekeeper.timer();
        // Without a time driver: a timer of its own would panic here.
        let answering = Builder::new_current_thread().build().unwrap();
        answering.block_on(async {
            let mut sleep = timer.sleep(Duration::from_secs(3600));
            timer.reset(&mut sleep, timer.now() + Duration::from_millis(1));
            sleep.await;
            timer.sleep_until(timer.now() + Duration::from_millis(1)).await;
            assert_eq!(
                timekeeper.run(async { tokio::time::sleep(Duration::from_millis(1)).await }).await.ok(),
                Some(())
            );
            drop(timekeeper);
        });
    }
}
