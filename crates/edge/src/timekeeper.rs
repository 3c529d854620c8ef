//! Timers on a thread of their own.
//!
//! A runtime with a waiting timer gives every wait for a socket a timeout, and the kernel arms and disarms a timer for
//! it with every call: on a virtual machine that costs as much as deciding the call. So the runtime that answers calls
//! has no waiting timer, and all that must wait (the poll of the epoch, the arrival of heads) waits in another. Measured
//! beside hyper's own timer under load it is 4 % of a call (docs/performance.md).

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use hyper::rt::Sleep;
use tokio::runtime::Handle;

/// Makes timers whose sleeps wake a task in any runtime.
#[derive(Clone, Debug)]
pub struct Timers(Handle);

impl Timers {
    /// Timers whose sleeps wait in the current runtime.
    pub fn here() -> Self {
        Self(Handle::current())
    }

    /// The timer of one connection.
    pub fn timer(&self) -> Timer {
        Timer { handle: self.0.clone(), alarm: Arc::default() }
    }
}

/// The timer of a connection, which has one deadline at a time: by when the next head must have arrived.
///
/// hyper asks for a new sleep with every request and drops it a moment later. Entering each into the timer wheel and
/// removing it again would cost as much as finding the key. So all share one alarm, which keeps its first time and is
/// moved on only when it goes off too early.
#[derive(Debug)]
pub struct Timer {
    handle: Handle,
    alarm: Alarm,
}

type Alarm = Arc<Mutex<Option<Pin<Box<tokio::time::Sleep>>>>>;

struct Until {
    deadline: tokio::time::Instant,
    alarm: Alarm,
}

impl Sleep for Until {}

impl Future for Until {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut alarm = self.alarm.lock().unwrap_or_else(PoisonError::into_inner);
        // Never `None`: a sleep is made together with its alarm.
        let Some(alarm) = alarm.as_mut() else { return Poll::Ready(()) };
        ready!(alarm.as_mut().poll(cx));
        if alarm.deadline() < self.deadline {
            alarm.as_mut().reset(self.deadline);
            ready!(alarm.as_mut().poll(cx));
        }
        Poll::Ready(())
    }
}

impl hyper::rt::Timer for Timer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(Instant::now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        let deadline = deadline.into();
        let mut alarm = self.alarm.lock().unwrap_or_else(PoisonError::into_inner);
        match alarm.as_mut() {
            Some(alarm) if alarm.deadline() <= deadline => {}
            Some(alarm) => alarm.as_mut().reset(deadline),
            None => {
                let _there = self.handle.enter();
                *alarm = Some(Box::pin(tokio::time::sleep_until(deadline)));
            }
        }
        drop(alarm);
        Box::pin(Until { deadline, alarm: Arc::clone(&self.alarm) })
    }
}

#[cfg(test)]
mod tests {
    use hyper::rt::Timer as _;
    use tokio::runtime::{Builder, Runtime};

    use super::*;

    /// Without a time driver: a timer of its own would panic there.
    fn answering() -> Runtime {
        Builder::new_current_thread().build().unwrap()
    }

    fn waiting() -> (Runtime, Timer) {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
        let timer = Timers(runtime.handle().clone()).timer();
        (runtime, timer)
    }

    #[test]
    fn sleeps_wait_in_another_runtime_than_their_caller() {
        let (_waiting, timer) = waiting();
        answering().block_on(async {
            timer.sleep(Duration::from_millis(1)).await;
            timer.sleep_until(Instant::now()).await;
        });
    }

    #[test]
    fn a_sleep_ends_at_its_own_deadline_whatever_the_alarm_was_set_to() {
        let (_waiting, timer) = waiting();
        answering().block_on(async {
            let started = Instant::now();
            let after = |ms| started + Duration::from_millis(ms);
            drop(timer.sleep_until(after(10)));
            timer.sleep_until(after(60)).await;
            assert!(started.elapsed() >= Duration::from_millis(60), "later than the alarm");
            drop(timer.sleep_until(after(3_600_000)));
            timer.sleep_until(after(80)).await;
            assert!(started.elapsed() >= Duration::from_millis(80), "earlier than the alarm");
        });
    }
}
