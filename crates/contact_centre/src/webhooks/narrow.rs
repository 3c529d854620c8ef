//! What is on its way to a receiver whose key may see less than before.

use model::{DeliveryState, Instant};
use serde::Deserialize;

use super::{
    BATCH,
    hook::{Hook, Owner},
    plan::{batch_of, wanted},
    sending::Delivery,
};
use crate::{
    log::{Epoch, Unreadable},
    push::{Audience, Kinds},
    world::World,
};

/// In which stretch of the log the places of a body are.
#[derive(Deserialize)]
struct Stretch {
    epoch: Epoch,
}

impl Hook {
    /// Lets the receiver see what its owner may see now, also of what was to be sent before: what waits and what was given up is
    /// written anew from the log, and goes where the key may no longer know of it. What can't be read there any more is not sent, and
    /// the receiver is told so. Whether anything changed.
    pub(super) fn owned_by(&mut self, owner: Owner, now: Instant) -> bool {
        if owner == self.owner {
            return false;
        }
        self.owner = owner;
        let (audience, world) = (self.audience(), self.world.upgrade());
        let mut lost = None;
        self.deliveries.retain(|_, delivery| {
            // Of what was accepted no body is kept, and words for this receiver alone tell nothing of the log.
            if delivery.is(DeliveryState::Delivered) || delivery.seq.is_none() {
                return true;
            }
            // A receiver ends with its world.
            let Some(world) = &world else { return false };
            // Whoever asks the world has a turn between two of them.
            match world.read(|world| delivery.rewritten(world, &audience, now)) {
                Ok(Some(rewritten)) => *delivery = rewritten,
                Ok(None) => return false,
                Err(why) => {
                    lost = Some(why);
                    return false;
                }
            }
            true
        });
        if let Some(why) = lost {
            self.say_lost(why, now);
        }
        true
    }
}

impl Delivery {
    /// The same with the bytes that this audience may see; none if it may see nothing of it.
    fn rewritten(&self, world: &World, audience: &Audience, now: Instant) -> Result<Option<Self>, Unreadable> {
        // In another stretch the same places are other events.
        if !serde_json::from_slice::<Stretch>(&self.body).is_ok_and(|body| body.epoch == *world.epoch()) {
            return Err(Unreadable::OtherEpoch);
        }
        let mut events = Vec::with_capacity(self.events());
        for seq in self.seqs() {
            let event = world.window().event(seq).ok_or(Unreadable::TooOld)?;
            // Types that were wanted when it was put on its way still are.
            events.extend(wanted(world, event, audience, Kinds::ALL, now));
        }
        if events.is_empty() {
            return Ok(None);
        }
        let content = if &*self.kind == BATCH {
            Some(batch_of(self.event_id, self.subject, world.epoch(), self.timestamp, &events))
        } else {
            events.pop()
        };
        Ok(content.map(|Self { seq, others, body, .. }| Self { seq, others, body, ..self.clone() }))
    }
}
