use std::{collections::VecDeque, sync::Arc};

use tokio::sync::watch;

use super::{Audience, Encoded, Facts, Filter, Hub, Seat, control};
use crate::{
    event::Event,
    log::{Cursor, Epoch, Replay, Unreadable},
    shared::Shared,
    world::World,
};

/// Things that a reader is given at once.
const TAKEN_MAX: usize = 32;
/// Events that are looked at while the world, or others who follow, wait.
const SCANNED_MAX: usize = 512;
/// Things that may wait for a reader who has not taken what came before, and bytes of them.
const WAITING_MAX: (usize, usize) = (256, 1 << 20);

/// Where a reader begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// With what holds now.
    Now,
    /// After the last thing that they had.
    After(Cursor),
    /// They say where, and it can't be understood.
    Unknown,
}

/// Why a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The reader did not take what came.
    Slow,
    /// The world has ended, or the process does.
    Gone,
    /// Somebody has asked that streams be cut.
    Cut,
}

/// What a reader has of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// There may be more at once.
    More,
    /// Nothing, until they are woken.
    Idle,
    /// There is nothing more than what was given.
    Ended(Ended),
}

/// A reader of a feed: where they are, and what comes next. It does not wait, and knows no transport.
#[derive(Debug)]
pub struct Subscription {
    hub: Arc<Hub>,
    shared: Arc<Shared>,
    audience: Audience,
    filter: Filter,
    epoch: Option<Epoch>,
    /// The last event that the reader knows of, or could know of if they had wanted it.
    place: u64,
    phase: Phase,
    told: watch::Receiver<u64>,
    /// How often streams had been cut when this one began.
    cuts: u64,
    heartbeat_ms: u64,
    _seat: Seat,
}

#[derive(Debug)]
enum Phase {
    /// The stream says what it is.
    Hello(Start),
    /// The reader begins anew.
    Reset(&'static str),
    /// The log is read; at its end the reader may be told that they have caught up.
    Reading {
        tells: bool,
    },
    /// What is published is taken.
    Following(Following),
    Ended(Ended),
}

/// How far a reader is with what is published.
#[derive(Clone, Copy, Debug)]
struct Following {
    /// The number of the next thing.
    next: u64,
    /// What was there when they came, and so waits for no slow reader.
    until: u64,
    /// Whether they had taken all.
    idle: bool,
}

impl Subscription {
    /// A reader of a world.
    pub(super) fn new(
        hub: Arc<Hub>,
        shared: Arc<Shared>,
        (audience, filter): (Audience, Filter),
        from: Start,
        heartbeat_ms: u64,
        seat: Seat,
    ) -> Self {
        let told = hub.join(&audience);
        let cuts = hub.see(audience.feed).cuts();
        let phase = Phase::Hello(from);
        Self { hub, shared, audience, filter, epoch: None, place: 0, phase, told, cuts, heartbeat_ms, _seat: seat }
    }

    /// Begins anew elsewhere, or with another filter.
    pub fn begin(&mut self, from: Start, filter: Option<Filter>) {
        if let Some(filter) = filter {
            self.filter = filter;
        }
        self.phase = Phase::Hello(from);
    }

    /// What the reader may get.
    pub fn audience(&self) -> &Audience {
        &self.audience
    }

    /// The last event that the reader was given, or could have been if they had wanted it.
    pub fn place(&self) -> u64 {
        self.place
    }

    /// Waits until there may be something.
    pub(super) async fn woken(&mut self) {
        // The hub lives for as long as this.
        let _ = self.told.changed().await;
    }

    /// Whether so much waits for a reader who is not taking that they are slow. Asked beside what they have not taken.
    pub fn is_slow(&self) -> bool {
        let Phase::Following(following) = self.phase else { return false };
        self.falls_behind(following) == Behind::Slow
    }

    /// Gives what comes next.
    pub fn turn(&mut self, out: &mut VecDeque<Encoded>) -> Turn {
        let (ended, cuts) = {
            let seen = self.hub.see(self.audience.feed);
            (seen.ended(), seen.cuts())
        };
        if ended {
            self.phase = Phase::Ended(Ended::Gone);
        } else if cuts != self.cuts {
            self.phase = Phase::Ended(Ended::Cut);
        }
        match std::mem::replace(&mut self.phase, Phase::Ended(Ended::Gone)) {
            Phase::Hello(from) => self.hello(&from, out),
            Phase::Reset(reason) => self.reset(reason, out),
            Phase::Reading { tells } => self.read(tells, out),
            Phase::Following(following) => self.follow(following, out),
            Phase::Ended(ended) => {
                self.phase = Phase::Ended(ended);
                Turn::Ended(ended)
            }
        }
    }

    fn hello(&mut self, from: &Start, out: &mut VecDeque<Encoded>) -> Turn {
        let shared = Arc::clone(&self.shared);
        shared.read(|world| {
            let (epoch, told) = (world.epoch(), world.told());
            self.epoch = Some(epoch.clone());
            out.push_back(control::hello(epoch, told, &self.filter, world.window().oldest(), self.heartbeat_ms));
            match from {
                Start::Now => self.whole(world, out),
                Start::Unknown => self.phase = Phase::Reset("unknown_place"),
                Start::After(cursor) => match world.resume(cursor) {
                    Ok(seq) if seq <= told => {
                        self.place = seq;
                        self.phase = Phase::Reading { tells: true };
                    }
                    Ok(_) => self.phase = Phase::Reset(Unreadable::Future.as_str()),
                    Err(why) => self.phase = Phase::Reset(why.as_str()),
                },
            }
            Turn::More
        })
    }

    fn reset(&mut self, reason: &'static str, out: &mut VecDeque<Encoded>) -> Turn {
        let shared = Arc::clone(&self.shared);
        shared.read(|world| {
            self.epoch = Some(world.epoch().clone());
            out.push_back(control::reset(world.epoch(), reason));
            self.whole(world, out);
            Turn::More
        })
    }

    fn whole(&mut self, world: &World, out: &mut VecDeque<Encoded>) {
        let (seq, whole) = self.hub.snapshot(world, &self.audience, &self.filter);
        out.push_back(whole);
        self.place = seq;
        self.phase = Phase::Reading { tells: false };
    }

    /// Reads the log on. At its end the reader follows.
    fn read(&mut self, tells: bool, out: &mut VecDeque<Encoded>) -> Turn {
        let shared = Arc::clone(&self.shared);
        shared.read(|world| {
            if self.epoch.as_ref() != Some(world.epoch()) {
                return self.begins_anew(Unreadable::OtherEpoch);
            }
            let events = match world.events_after(self.place, SCANNED_MAX) {
                Ok(events) => events,
                Err(why) => return self.begins_anew(why),
            };
            let mut replay = world.replay();
            for event in events {
                out.extend(self.wanted(world, &mut replay, event));
                self.place = event.seq;
                if out.len() >= TAKEN_MAX {
                    break;
                }
            }
            if self.place < world.told() {
                self.phase = Phase::Reading { tells };
                return Turn::More;
            }
            if tells {
                out.push_back(control::caught_up(world.epoch(), self.place));
            }
            let seen = self.hub.see(self.audience.feed);
            let ours = Some(seen.epoch()) == self.epoch.as_ref();
            let next = if ours { seen.ring().enter(self.place) } else { None };
            drop(seen);
            match next {
                Some(next) => self.phase = Phase::Following(Following { next, until: next, idle: true }),
                // The hub has not looked at this epoch yet, and wakes everybody when it does.
                None => {
                    self.phase = Phase::Reading { tells: false };
                    return Turn::Idle;
                }
            }
            Turn::More
        })
    }

    fn begins_anew(&mut self, why: Unreadable) -> Turn {
        self.phase = Phase::Reset(why.as_str());
        Turn::More
    }

    fn wanted(&self, world: &World, replay: &mut Replay<'_>, event: &Event) -> Option<Encoded> {
        // The cheap questions first: most of a log is for others.
        if !self.audience.sees_kind(event.subject.kind()) || !self.filter.kinds.has(event.kind()) {
            return None;
        }
        let call = world.call_after_next(replay, event);
        let facts = Facts::of(world.state(), event, call);
        let gets = self.audience.sees(&facts) && self.filter.wants(&facts);
        let rights = Audience::rights_for(self.audience.rights, event.subject);
        gets.then(|| Encoded::event(world, event, call, rights))
    }

    fn follow(&mut self, mut following: Following, out: &mut VecDeque<Encoded>) -> Turn {
        match self.falls_behind(following) {
            Behind::OtherEpoch => return self.begins_anew(Unreadable::OtherEpoch),
            // More came at once than is kept for those who follow: they read the log.
            Behind::Lost => {
                self.phase = Phase::Reading { tells: false };
                return Turn::More;
            }
            Behind::Slow => {
                let epoch = self.epoch.clone();
                out.extend(epoch.map(|epoch| control::reset(&epoch, "slow_consumer")));
                self.phase = Phase::Ended(Ended::Slow);
                return Turn::Ended(Ended::Slow);
            }
            Behind::Burst(end) => following.until = end,
            Behind::No => {}
        }
        let hub = Arc::clone(&self.hub);
        let seen = hub.see(self.audience.feed);
        let ring = seen.ring();
        if following.idle {
            following.until = ring.end();
        }
        let Some(entries) = ring.from(following.next) else {
            self.phase = Phase::Reading { tells: false };
            return Turn::More;
        };
        let before = out.len();
        for entry in entries.take(SCANNED_MAX) {
            if out.len() - before >= TAKEN_MAX {
                break;
            }
            let known = entry.logged && entry.seq <= self.place;
            if !known && self.audience.sees(&entry.facts) && self.filter.wants(&entry.facts) {
                match entry.form(Audience::rights_for(self.audience.rights, entry.facts.subject)) {
                    Some(form) => out.push_back(form.clone()),
                    // Written before anybody with these rights followed.
                    None if entry.logged => {
                        self.phase = Phase::Reading { tells: false };
                        return Turn::More;
                    }
                    None => {}
                }
            }
            self.place = self.place.max(entry.seq);
            following.next += 1;
        }
        following.until = following.until.max(following.next);
        // Whoever has yet to take what they were given is asked again when they have.
        following.idle = following.next == ring.end() && out.len() == before;
        self.phase = Phase::Following(following);
        if following.idle { Turn::Idle } else { Turn::More }
    }

    /// How what has come since compares to what a reader may leave untaken.
    fn falls_behind(&self, following: Following) -> Behind {
        let seen = self.hub.see(self.audience.feed);
        if Some(seen.epoch()) != self.epoch.as_ref() {
            return Behind::OtherEpoch;
        }
        let ring = seen.ring();
        let lost = ring.from(following.next).is_none();
        let few = ring.end() - following.until.min(ring.end()) <= WAITING_MAX.0 as u64 / 8;
        if following.idle || (few && !lost) {
            return if lost { Behind::Lost } else { Behind::No };
        }
        let Some(entries) = ring.from(if lost { ring.first() } else { following.until }) else { return Behind::Lost };
        let (mut older, mut newest, mut batch) = ((0, 0), (0, 0), None);
        for entry in entries.filter(|entry| self.audience.sees(&entry.facts) && self.filter.wants(&entry.facts)) {
            if batch != Some(entry.batch) {
                batch = Some(entry.batch);
                older = (older.0 + newest.0, older.1 + newest.1);
                newest = (0, 0);
            }
            let form = entry.form(Audience::rights_for(self.audience.rights, entry.facts.subject));
            newest = (newest.0 + 1, newest.1 + form.map_or(0, Encoded::len));
        }
        let much = |(count, bytes): (usize, usize)| count > WAITING_MAX.0 || bytes > WAITING_MAX.1;
        match (much(older), much(newest)) {
            (true, _) => Behind::Slow,
            (false, _) if lost => Behind::Lost,
            (false, true) => Behind::Burst(ring.end()),
            (false, false) => Behind::No,
        }
    }
}

/// How far a reader is behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Behind {
    No,
    /// What came was much at once, up to this number: they have not had the time.
    Burst(u64),
    Slow,
    /// What comes next is no longer published.
    Lost,
    OtherEpoch,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.hub.leave(&self.audience);
    }
}
