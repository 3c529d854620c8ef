use std::{collections::VecDeque, time::Duration};

use tokio::time::{Interval, MissedTickBehavior, interval};

use super::{
    Encoded,
    subscription::{Ended, Subscription, Turn},
};

/// How often a stream says that it lives, in milliseconds.
pub const HEARTBEAT_MS: u64 = 15_000;

/// What comes next of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Something to send.
    Frame(Encoded),
    /// It lives.
    Heartbeat,
    /// There is no more.
    Ended(Ended),
}

/// A subscription that waits, for whoever sends it out.
#[derive(Debug)]
pub struct Stream {
    subscription: Subscription,
    out: VecDeque<Encoded>,
    heartbeat: Interval,
    ended: Option<Ended>,
}

impl Stream {
    /// A subscription that says every so often that it lives.
    pub(super) fn new(subscription: Subscription, heartbeat: Duration) -> Self {
        let mut heartbeat = interval(heartbeat);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        heartbeat.reset();
        Self { subscription, out: VecDeque::new(), heartbeat, ended: None }
    }

    /// Waits for what comes next. May be given up at any time: nothing is lost then.
    pub async fn next(&mut self) -> Next {
        loop {
            if let Some(frame) = self.out.pop_front() {
                return Next::Frame(frame);
            }
            if let Some(ended) = self.ended {
                return Next::Ended(ended);
            }
            match self.subscription.turn(&mut self.out) {
                // Others get their turn, where the reader wants little of much.
                Turn::More if self.out.is_empty() => tokio::task::yield_now().await,
                Turn::More => {}
                Turn::Ended(ended) => self.ended = Some(ended),
                Turn::Idle if !self.out.is_empty() => {}
                Turn::Idle => {
                    // What was needed once for a burst is not kept for a quiet night.
                    self.out.shrink_to(4);
                    tokio::select! {
                        biased;
                        _ = self.heartbeat.tick() => return Next::Heartbeat,
                        () = self.subscription.woken() => {}
                    }
                }
            }
        }
    }

    /// The reader, for whoever has them begin anew. What was to be sent is forgotten then.
    pub fn restart(&mut self) -> &mut Subscription {
        self.out.clear();
        &mut self.subscription
    }

    /// The reader.
    pub fn subscription(&self) -> &Subscription {
        &self.subscription
    }
}
