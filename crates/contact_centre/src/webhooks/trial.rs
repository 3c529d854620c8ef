//! What is seen of receivers while somebody tries them.

use delivery::Answer;

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
    pub(super) fn with(self, other: Self) -> Self {
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
