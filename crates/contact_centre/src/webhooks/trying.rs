//! How receivers are tried.

use model::{DeliveryState, Instant};
use uuid::Uuid;

use super::{
    TEST, Webhooks,
    hook::{Faults, Hook},
    plan::told,
    sending::Delivery,
    trial::Trial,
};

/// How often a delivery comes again, and by how much all come later.
const FAULTS: Faults = Faults { duplicates: 3, delay_ms: 2_000 };

impl Webhooks {
    /// Tries the receivers of a key that are not being tried yet: deliveries come late and again, and one has a wrong signature. What is
    /// known of all of them; none where there are none.
    pub fn try_out(&self, key: Uuid) -> Option<Trial> {
        let now = self.now();
        let mut hooks = self.lock();
        let mut known: Option<Trial> = None;
        let mut begun = false;
        for hook in hooks.by_id.values_mut().filter(|hook| hook.owner.key_id == key && hook.enabled) {
            if hook.trial.is_none() {
                begun = true;
                hook.begin_trial(now);
            }
            let own = hook.trial.unwrap_or_default();
            known = Some(known.map_or(own, |known| known.with(own)));
        }
        hooks.changed |= begun;
        drop(hooks);
        if begun {
            self.0.signals.hint();
        }
        known
    }

    /// Ends the trial of a key's receivers.
    pub fn leave(&self, key: Uuid) {
        for hook in self.lock().by_id.values_mut().filter(|hook| hook.owner.key_id == key) {
            if hook.trial.take().is_some() {
                hook.faults = Faults::default();
                hook.deliveries.retain(|_, delivery| !delivery.forged);
            }
        }
    }
}

impl Hook {
    fn begin_trial(&mut self, now: Instant) {
        self.trial = Some(Trial::default());
        self.faults = FAULTS;
        let mut word = |forged: bool| {
            let id = self.word_id(now);
            let body = told(id, Some(&self.epoch), TEST, now, serde_json::Map::new());
            self.put(Delivery { forged, ..Delivery::due(id, TEST, id, now, body, now) });
        };
        word(false);
        word(true);
    }

    /// A delivery with a wrong signature that is due. It goes by itself.
    pub(super) fn forged(&self, now: Instant) -> Option<(i64, &Delivery)> {
        let due = |one: &Delivery| one.forged && one.is(DeliveryState::Pending) && one.next_at <= now;
        self.deliveries.iter().find(|(_, one)| due(one)).map(|(place, one)| (*place, one))
    }
}
