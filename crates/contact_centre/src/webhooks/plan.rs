//! From the log to what is on its way to a receiver.

use std::collections::HashSet;

use bytes::Bytes;
use model::{DeliveryState, Instant};
use serde::Serialize;
use uuid::Uuid;

use super::{
    BATCH,
    hook::{BATCH_MAX, Hook, PARKED_MAX, WAITING_MAX},
    sending::Delivery,
};
use crate::{
    event::Event,
    log::{Epoch, Unreadable},
    push::{Audience, Encoded, Facts, Kinds},
    seed::{mix, uuid_at},
    view::event_id,
    world::World,
};

/// Events that are looked at while the world waits.
const SCANNED_MAX: usize = 512;

/// Something that is told to one receiver and is in no log.
#[derive(Serialize)]
struct Told<'a, T> {
    id: Uuid,
    epoch: Option<&'a Epoch>,
    r#type: &'a str,
    timestamp: Instant,
    data: T,
}

/// A word for one receiver alone, and its id.
pub(super) fn told(id: Uuid, epoch: Option<&Epoch>, kind: &str, now: Instant, data: impl Serialize) -> Bytes {
    // Texts and numbers, which JSON can always hold.
    serde_json::to_vec(&Told { id, epoch, r#type: kind, timestamp: now, data }).unwrap_or_default().into()
}

#[derive(Serialize)]
struct Lost {
    reason: &'static str,
    /// After which event deliveries go on.
    seq: u64,
}

impl Hook {
    /// Puts on its way what has happened since, as far as there is room. Whether there may be more.
    pub(super) fn plan(&mut self, world: &World, now: Instant) -> bool {
        if *world.epoch() != self.epoch {
            self.lost(world, Unreadable::OtherEpoch, now);
        }
        let room = WAITING_MAX.saturating_sub(self.events(DeliveryState::Pending));
        if world.told() <= self.seen || room == 0 || self.events(DeliveryState::Parked) >= PARKED_MAX {
            return false;
        }
        let wanted = match wanted_after(world, &self.audience(), self.kinds(), self.seen, room, now) {
            Ok(wanted) => wanted,
            Err(why) => {
                self.lost(world, why, now);
                return false;
            }
        };
        self.seen = wanted.seen;
        self.put_all(wanted.deliveries, now);
        self.seen < world.told()
    }

    /// The log does not reach back to what the receiver has not got: it is told so, and goes on with what happens now.
    fn lost(&mut self, world: &World, why: Unreadable, now: Instant) {
        self.epoch = world.epoch().clone();
        self.seen = world.told();
        self.say_lost(why, now);
    }

    /// Tells the receiver that it does not get events up to the place at which it is, and why.
    pub(super) fn say_lost(&mut self, why: Unreadable, now: Instant) {
        let kind = "stream.reset";
        let id = self.word_id(now);
        let body = told(id, Some(&self.epoch), kind, now, Lost { reason: why.as_str(), seq: self.seen });
        self.put(Delivery::due(id, kind, self.id, now, body, now));
    }

    /// The id of a word for this receiver alone.
    pub(super) fn word_id(&self, now: Instant) -> Uuid {
        let (high, low) = self.id.as_u64_pair();
        uuid_at(now, mix(mix(high ^ self.places.unsigned_abs()) ^ low))
    }

    /// Those of a stretch of the log are delivered again, also those that are parked; how many.
    ///
    /// # Errors
    /// How many there are, if that is more than there is room for.
    pub(super) fn again(&mut self, world: &World, (from, to): (u64, u64), now: Instant) -> Result<usize, usize> {
        let parked_within =
            |one: &Delivery| one.is(DeliveryState::Parked) && one.seqs().any(|seq| (from..=to).contains(&seq));
        let room = WAITING_MAX.saturating_sub(self.events(DeliveryState::Pending));
        let (audience, kinds) = (self.audience(), self.kinds());
        let known: HashSet<u64> = self
            .deliveries
            .values()
            .filter(|delivery| !delivery.is(DeliveryState::Delivered))
            .flat_map(Delivery::seqs)
            .collect();
        let parked: usize = self.deliveries.values().filter(|one| parked_within(one)).map(Delivery::events).sum();
        let until = to.min(self.seen);
        let start = from.saturating_sub(1).max(world.window().oldest());
        let events = world.events_after(start.min(until), usize::MAX).into_iter().flatten();
        let events = events.take_while(|event| event.seq <= until).filter(|event| !known.contains(&event.seq));
        let found: Vec<_> =
            events.filter_map(|event| wanted(world, event, &audience, kinds, now)).take(room + 1).collect();
        let count = parked + found.len();
        if count > room {
            return Err(count);
        }
        for delivery in self.deliveries.values_mut().filter(|one| parked_within(one)) {
            delivery.again(now);
        }
        self.put_all(found, now);
        Ok(count)
    }

    /// Puts events on their way, each by itself or some together.
    fn put_all(&mut self, mut events: Vec<Delivery>, now: Instant) {
        if self.batch <= 1 {
            events.into_iter().for_each(|event| self.put(event));
            return;
        }
        while !events.is_empty() {
            let rest = events.split_off(self.batch.min(BATCH_MAX).min(events.len()));
            let together = std::mem::replace(&mut events, rest);
            let batch = batch_of(self.word_id(now), self.id, &self.epoch, now, &together);
            self.put(batch);
        }
    }
}

/// Some events as one delivery to a receiver, with the bytes that each would have by itself.
pub(super) fn batch_of(id: Uuid, receiver: Uuid, epoch: &Epoch, at: Instant, events: &[Delivery]) -> Delivery {
    let bodies: usize = events.iter().map(|event| event.body.len() + 1).sum();
    let head = format!(r#"{{"id":"{id}","epoch":"{epoch}","type":"{BATCH}","timestamp":"{at}","data":{{"events":["#);
    let mut body = head.into_bytes();
    body.reserve(bodies + 3);
    for (number, event) in events.iter().enumerate() {
        if number > 0 {
            body.push(b',');
        }
        body.extend_from_slice(&event.body);
    }
    body.extend_from_slice(b"]}}");
    let mut seqs = events.iter().flat_map(Delivery::seqs);
    let (seq, others) = (seqs.next(), seqs.collect());
    Delivery { seq, others, ..Delivery::due(id, BATCH, receiver, at, body.into(), at) }
}

struct Wanted {
    seen: u64,
    deliveries: Vec<Delivery>,
}

fn wanted_after(
    world: &World,
    audience: &Audience,
    kinds: Kinds,
    after: u64,
    room: usize,
    now: Instant,
) -> Result<Wanted, Unreadable> {
    let mut found = Wanted { seen: after, deliveries: Vec::new() };
    for event in world.events_after(after, SCANNED_MAX)? {
        if found.deliveries.len() >= room {
            break;
        }
        found.seen = event.seq;
        found.deliveries.extend(wanted(world, event, audience, kinds, now));
    }
    Ok(found)
}

/// An event as a delivery that is due now; none if the receiver does not get it.
pub(super) fn wanted(
    world: &World,
    event: &Event,
    audience: &Audience,
    kinds: Kinds,
    now: Instant,
) -> Option<Delivery> {
    if !audience.sees_kind(event.subject.kind()) || !kinds.has(event.kind()) {
        return None;
    }
    let call = world.call_after(event);
    if !audience.sees(&Facts::of(world.state(), event, call.as_ref())) {
        return None;
    }
    let rights = Audience::rights_for(audience.rights, event.subject);
    let body = Encoded::event(world, event, call.as_ref(), rights).json();
    let delivery = Delivery::due(event_id(event), event.kind().as_str(), event.subject.id(), event.at, body, now);
    Some(Delivery { seq: Some(event.seq), ..delivery })
}
