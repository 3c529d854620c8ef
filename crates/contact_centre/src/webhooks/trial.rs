//! What is seen of receivers while somebody tries them.

use model::DeliveryState;
use uuid::Uuid;

use super::{
    TEST, Webhooks,
    hook::{Faults, Hook},
    plan::told,
    sending::Delivery,
};
use delivery::Answer;
use model::Instant;

/// How receivers answer, as it is seen from here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trial {
    /// Deliveries that were sent and signed rightly, each time that they were.
    pub tries: u32,
    /// The status of one that was not accepted at first; none: there was no answer.
    pub refused: Option<Option<u16>>,
    /// Deliveries that came again though they had been accepted.
    pub again: u32,
    /// The status of one of those that was not accepted then.
    pub again_refused: Option<Option<u16>>,
    /// How long the slowest answer took, in milliseconds.
    pub slowest_ms: u32,
    /// What became of the delivery with a wrong signature.
    pub forged: Forged,
}

/// What became of a delivery with a wrong signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Forged {
    /// It is on its way.
    #[default]
    Waits,
    /// With this status; none: there was no answer.
    Answered(Option<u16>),
}

impl Trial {
    /// How long an answer may take, in milliseconds.
    pub const QUICK_MS: u32 = 3_000;
    /// How often a delivery comes again, and by how much all come later.
    const FAULTS: Faults = Faults { duplicates: 3, delay_ms: 2_000 };

    /// Takes in a try of a delivery that is signed rightly.
    pub(super) fn tried(&mut self, again: bool, answer: &Answer) {
        self.tries = self.tries.saturating_add(1);
        self.again = self.again.saturating_add(u32::from(again));
        let ms = u32::try_from(answer.duration.as_millis()).unwrap_or(u32::MAX);
        self.slowest_ms = self.slowest_ms.max(ms);
        if !answer.is_accepted() {
            let place = if again { &mut self.again_refused } else { &mut self.refused };
            place.get_or_insert(answer.status);
        }
    }

    /// What is known of several receivers.
    fn with(self, other: Self) -> Self {
        let forged = match (self.forged, other.forged) {
            // The worst of them: what is no refusal, then what is still on its way.
            (Forged::Answered(Some(400..=499)), other) => other,
            (one @ Forged::Answered(_), _) => one,
            (Forged::Waits, other @ Forged::Answered(status)) if !matches!(status, Some(400..=499)) => other,
            (Forged::Waits, _) => Forged::Waits,
        };
        Self {
            tries: self.tries.saturating_add(other.tries),
            refused: self.refused.or(other.refused),
            again: self.again.saturating_add(other.again),
            again_refused: self.again_refused.or(other.again_refused),
            slowest_ms: self.slowest_ms.max(other.slowest_ms),
            forged,
        }
    }
}

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
        self.faults = Trial::FAULTS;
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn answer(status: u16, ms: u64) -> Answer {
        Answer { status: Some(status), text: String::new(), duration: Duration::from_millis(ms), retry_after: None }
    }

    #[test]
    fn answers_are_counted_and_the_first_refusal_is_kept() {
        let mut trial = Trial::default();
        trial.tried(false, &answer(204, 5));
        trial.tried(true, &answer(409, 7));
        trial.tried(true, &answer(500, 6));
        let expected = Trial { tries: 3, again: 2, again_refused: Some(Some(409)), slowest_ms: 7, ..Trial::default() };
        assert_eq!(trial, expected);
    }

    #[test]
    fn of_several_receivers_the_worst_counts() {
        let with = |one, other| {
            let of = |forged| Trial { forged, ..Trial::default() };
            of(one).with(of(other)).forged
        };
        let (good, bad) = (Forged::Answered(Some(401)), Forged::Answered(Some(200)));
        assert_eq!([with(good, bad), with(bad, good), with(Forged::Waits, bad)], [bad; 3]);
        assert_eq!([with(good, Forged::Waits), with(Forged::Waits, good)], [Forged::Waits; 2]);
        assert_eq!(with(good, good), good);
    }
}
