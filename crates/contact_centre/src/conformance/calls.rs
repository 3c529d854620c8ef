use model::Instant;

use super::verdict::Verdict;

/// For how long a call that was refused may stay away.
const REPEATED_MS: i64 = 60_000;

/// Whether calls are made so that a lost answer makes no second one.
#[derive(Clone, Debug)]
pub(super) struct Calls {
    verdict: Verdict,
    seconds: u64,
    refused: Option<Refused>,
}

#[derive(Clone, Debug)]
struct Refused {
    name: Box<str>,
    at: Instant,
    /// Whether other calls were made meanwhile.
    others: bool,
}

impl Calls {
    /// The first call that has a name is refused for so many seconds.
    pub(super) fn new(seconds: u64) -> Self {
        let verdict = Verdict::NotSeen("The first POST /v1/calls is answered 429. None has come.");
        Self { verdict, seconds, refused: None }
    }

    /// A call is to be made. Says for how long it is refused, if it is.
    pub(super) fn asked(&mut self, name: Option<&str>, now: Instant) -> Option<u64> {
        let Some(name) = name else {
            self.verdict.breaks(
                "A POST /v1/calls came without Idempotency-Key: if its answer is lost, sending it again makes a second call.",
            );
            return None;
        };
        match &mut self.refused {
            None => {
                self.refused = Some(Refused { name: name.into(), at: now, others: false });
                if matches!(self.verdict, Verdict::NotSeen(_)) {
                    self.verdict =
                        Verdict::NotSeen("A POST /v1/calls was answered 429, and has not been sent again yet.");
                }
                Some(self.seconds)
            }
            Some(refused) if *refused.name == *name => {
                self.verdict.keep();
                None
            }
            Some(refused) => {
                refused.others = true;
                None
            }
        }
    }

    pub(super) fn pass(&mut self, now: Instant) {
        let Some(refused) = &self.refused else { return };
        let late = now.as_millis() - refused.at.as_millis() >= REPEATED_MS;
        if late && matches!(self.verdict, Verdict::NotSeen(_)) {
            self.verdict.breaks(if refused.others {
                "A POST /v1/calls that was answered 429 was not sent again under its Idempotency-Key within a minute; others were sent."
            } else {
                "A POST /v1/calls that was answered 429 was not sent again within a minute."
            });
        }
    }

    pub(super) fn verdict(&self) -> Verdict {
        self.verdict.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Instant {
        Instant::from_millis(ms)
    }

    #[test]
    fn a_call_that_was_refused_is_sent_again_under_its_name() {
        let mut calls = Calls::new(2);
        assert_eq!(calls.asked(Some("a"), at(0)), Some(2));
        assert_eq!(calls.asked(Some("b"), at(1)), None, "others may come between");
        assert!(matches!(calls.verdict(), Verdict::NotSeen(why) if why.contains("not been sent again")));
        assert_eq!(calls.asked(Some("a"), at(2_000)), None);
        calls.pass(at(REPEATED_MS));
        assert_eq!(calls.verdict(), Verdict::Kept);
    }

    #[test]
    fn a_call_without_a_name_or_under_another_is_told() {
        let mut calls = Calls::new(2);
        calls.asked(None, at(0));
        assert!(matches!(calls.verdict(), Verdict::Broken(why) if why.contains("without Idempotency-Key")));
        for (other, word) in [(true, "others were sent"), (false, "within a minute.")] {
            let mut calls = Calls::new(2);
            calls.asked(Some("a"), at(0));
            if other {
                calls.asked(Some("b"), at(2_000));
            }
            calls.pass(at(REPEATED_MS));
            assert!(matches!(calls.verdict(), Verdict::Broken(why) if why.contains(word)));
        }
    }
}
