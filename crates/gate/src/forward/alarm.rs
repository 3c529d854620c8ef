use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Instant,
};

use edge::Timer;
use hyper::rt::{Sleep, Timer as _};

/// Wakes a call when its time is over. It waits in another runtime ([`edge::Timers`]), and only from when something has to
/// be waited for.
pub(super) struct Alarm {
    timer: Arc<Timer>,
    /// With its time.
    set: Option<(Instant, Pin<Box<dyn Sleep>>)>,
}

impl Alarm {
    /// By the timer of a connection, which has one alarm at a time.
    pub(super) fn new(timer: Arc<Timer>) -> Self {
        Self { timer, set: None }
    }

    /// Ready when it is `until`. The time may move on from one call of this to the next: then nothing is set anew before the
    /// earlier time has come.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, until: Instant) -> Poll<()> {
        loop {
            if self.set.as_ref().is_some_and(|(at, _)| until < *at) {
                self.set = None;
            }
            let timer = &self.timer;
            let (_, sleep) = self.set.get_or_insert_with(|| (until, timer.sleep_until(until)));
            ready!(sleep.as_mut().poll(cx));
            self.set = None;
            if Instant::now() >= until {
                return Poll::Ready(());
            }
        }
    }
}
