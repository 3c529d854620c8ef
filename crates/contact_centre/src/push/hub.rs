use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::{
    Audience, Encoded, Facts, Feed, Filter,
    beat::Beat,
    control,
    ring::{Entry, Ring},
    snapshot::snapshot,
};
use crate::{
    event::Event,
    log::{Epoch, Replay},
    view::Rights,
    world::World,
};

/// Events that are written while the world waits.
const CHUNK: usize = 512;
/// Events after which a snapshot is made anew for the next reader. Until then they read those events after it.
const SNAPSHOT_EVENTS: u64 = 200;

/// Where readers of one world's log follow it: each event is written once for all who see the same of it.
#[derive(Debug)]
pub struct Hub {
    inner: Mutex<Inner>,
    /// The number that the next thing of each feed will have, and a wake-up with each that comes.
    told: [watch::Sender<u64>; Feed::COUNT],
}

#[derive(Debug)]
struct Inner {
    epoch: Epoch,
    /// Up to which event everything has been looked at.
    upto: u64,
    /// Counts what is written in one go.
    batch: u64,
    ended: bool,
    /// How often all streams were cut.
    cuts: u64,
    feeds: [Followed; Feed::COUNT],
    beat: Beat,
}

#[derive(Debug, Default)]
struct Followed {
    ring: Ring,
    /// How many follow with which rights.
    readers: Vec<(Rights, usize)>,
    /// What new readers are told first: up to which event it is true.
    snapshots: Vec<(Rights, u64, Encoded)>,
}

/// The hub as a reader finds it.
pub(super) struct Seen<'a> {
    inner: MutexGuard<'a, Inner>,
    feed: Feed,
}

impl Seen<'_> {
    pub(super) fn ended(&self) -> bool {
        self.inner.ended
    }

    pub(super) fn cuts(&self) -> u64 {
        self.inner.cuts
    }

    pub(super) fn epoch(&self) -> &Epoch {
        &self.inner.epoch
    }

    pub(super) fn ring(&self) -> &Ring {
        &self.inner.feeds[self.feed.place()].ring
    }
}

impl Hub {
    /// For a world as it is.
    pub fn new(world: &World) -> Self {
        let inner = Inner {
            epoch: world.epoch().clone(),
            upto: world.told(),
            batch: 0,
            ended: false,
            cuts: 0,
            feeds: Default::default(),
            beat: Beat::default(),
        };
        let hub = Self { inner: Mutex::new(inner), told: std::array::from_fn(|_| watch::channel(0).0) };
        hub.lock().forget(world.told());
        hub
    }

    /// Writes what has happened since, for those who follow. Says whether there is more: then the world gets its turn in between.
    pub fn publish(&self, world: &World, again: bool) -> bool {
        let mut inner = self.lock();
        let told = world.told();
        if inner.epoch != *world.epoch() {
            inner.epoch = world.epoch().clone();
            inner.forget(told);
            drop(inner);
            self.wake(Feed::ALL);
            return false;
        }
        inner.batch += u64::from(!again);
        let before = inner.ends();
        let more = inner.publish(world, told);
        let woken = inner.grown_since(before);
        drop(inner);
        self.wake(&woken);
        more
    }

    /// Tells what is in no log: queues that have changed, and now and then what still holds. To be called four times a second.
    pub fn beat(&self, world: &World) {
        let mut inner = self.lock();
        if inner.epoch != *world.epoch() {
            return;
        }
        inner.batch += 1;
        let before = inner.ends();
        inner.beat(world);
        let woken = inner.grown_since(before);
        drop(inner);
        self.wake(&woken);
    }

    /// Ends every stream.
    pub fn end(&self) {
        self.lock().ended = true;
        self.wake(Feed::ALL);
    }

    /// Cuts the streams that are open. Others can begin.
    pub fn cut(&self) {
        self.lock().cuts += 1;
        self.wake(Feed::ALL);
    }

    /// A reader begins to follow.
    pub(super) fn join(&self, audience: &Audience) -> watch::Receiver<u64> {
        let mut inner = self.lock();
        let readers = &mut inner.feeds[audience.feed.place()].readers;
        match readers.iter_mut().find(|(rights, _)| *rights == audience.rights) {
            Some((_, count)) => *count += 1,
            None => readers.push((audience.rights, 1)),
        }
        self.told[audience.feed.place()].subscribe()
    }

    /// A reader follows no longer.
    pub(super) fn leave(&self, audience: &Audience) {
        let mut inner = self.lock();
        let readers = &mut inner.feeds[audience.feed.place()].readers;
        for (rights, count) in readers.iter_mut() {
            *count -= usize::from(*rights == audience.rights);
        }
        readers.retain(|(_, count)| *count > 0);
    }

    /// How many follow.
    pub fn readers(&self) -> usize {
        self.lock().feeds.iter().flat_map(|feed| &feed.readers).map(|(_, count)| count).sum()
    }

    /// What has been written of a feed.
    pub(super) fn see(&self, feed: Feed) -> Seen<'_> {
        Seen { inner: self.lock(), feed }
    }

    /// What a reader is told first, and up to which event it is true. Those who see all things share one.
    pub(super) fn snapshot(&self, world: &World, audience: &Audience, filter: &Filter) -> (u64, Encoded) {
        let told = world.told();
        let shared = filter.is_of_all() && audience.queues.is_none();
        let place = audience.feed.place();
        if shared {
            let inner = self.lock();
            let known = inner.feeds[place].snapshots.iter().find(|(rights, ..)| *rights == audience.rights);
            if let Some((_, seq, known)) = known
                && inner.epoch == *world.epoch()
                && *seq <= told
                && told - *seq <= SNAPSHOT_EVENTS
            {
                return (*seq, known.clone());
            }
        }
        let whole = snapshot(world, audience, filter, Some(told), |of| control::whole(world.epoch(), of));
        // The last event that was told of can be read, so what held after it can be, too.
        let whole = whole.unwrap_or_else(|_| control::reset(world.epoch(), "unreadable"));
        if shared {
            let mut inner = self.lock();
            if inner.epoch == *world.epoch() {
                let snapshots = &mut inner.feeds[place].snapshots;
                snapshots.retain(|(rights, ..)| *rights != audience.rights);
                snapshots.push((audience.rights, told, whole.clone()));
            }
        }
        (told, whole)
    }

    fn wake(&self, feeds: &[Feed]) {
        for feed in feeds {
            let end = self.see(*feed).ring().end();
            self.told[feed.place()].send_replace(end);
        }
    }

    /// A panic while it was held left at most a feed that is behind, and readers read the log.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// What is up to an event was written for nobody, or is of another epoch.
    fn forget(&mut self, seq: u64) {
        self.upto = seq;
        for feed in &mut self.feeds {
            feed.ring.begin_after(seq);
            feed.snapshots.clear();
        }
    }

    fn publish(&mut self, world: &World, told: u64) -> bool {
        if told <= self.upto {
            return false;
        }
        if self.feeds.iter().all(|feed| feed.readers.is_empty()) {
            self.forget(told);
            return false;
        }
        let Ok(events) = world.events_after(self.upto, CHUNK) else {
            self.forget(told);
            return false;
        };
        let mut replay = world.replay();
        for event in events {
            self.upto = event.seq;
            self.put(world, &mut replay, event);
        }
        for feed in self.feeds.iter_mut().filter(|feed| feed.readers.is_empty()) {
            feed.ring.begin_after(self.upto);
        }
        self.upto < told
    }

    fn put(&mut self, world: &World, replay: &mut Replay<'_>, event: &Event) {
        let followed = &mut self.feeds[Feed::of(event.subject.kind()).place()];
        if followed.readers.is_empty() {
            return;
        }
        let call = world.call_after_next(replay, event);
        let mut forms: Vec<(Rights, Encoded)> = Vec::with_capacity(followed.readers.len());
        for (rights, _) in &followed.readers {
            let rights = Audience::rights_for(*rights, event.subject);
            if forms.iter().all(|(own, _)| *own != rights) {
                forms.push((rights, Encoded::event(world, event, call, rights)));
            }
        }
        let facts = Facts::of(world.state(), event, call);
        followed.ring.push(Entry::new(event.seq, true, self.batch, facts, forms));
    }

    fn beat(&mut self, world: &World) {
        let followed = |feed: Feed| !self.feeds[feed.place()].readers.is_empty();
        let (agents, queues) = (followed(Feed::AgentStates), followed(Feed::Queues));
        for (facts, form) in self.beat.next(world, self.upto, agents, queues) {
            let ring = &mut self.feeds[Feed::of(facts.subject.kind()).place()].ring;
            ring.push(Entry::new(self.upto, false, self.batch, facts, vec![(Rights::NONE, form)]));
        }
        if self.beat.is_second() {
            // How long callers wait changes without an event.
            self.feeds[Feed::Queues.place()].snapshots.clear();
        }
    }

    fn ends(&self) -> [u64; Feed::COUNT] {
        std::array::from_fn(|place| self.feeds[place].ring.end())
    }

    fn grown_since(&self, before: [u64; Feed::COUNT]) -> Vec<Feed> {
        let now = self.ends();
        Feed::ALL.iter().copied().filter(|feed| now[feed.place()] != before[feed.place()]).collect()
    }
}
