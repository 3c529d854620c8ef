use super::verdict::Verdict;
use crate::webhooks::{Forged, Trial};

/// Deliveries that are looked at before anything is said of them all.
const ENOUGH: u32 = 4;

/// How the receivers of a key answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Receiving {
    pub(super) accepts: Verdict,
    pub(super) duplicates: Verdict,
    pub(super) quickly: Verdict,
    pub(super) signatures: Verdict,
}

const NONE: &str = "The key has no webhook, or nothing was delivered to it yet.";

impl Receiving {
    /// What is known by what was seen; nothing was where the key has no receiver.
    pub(super) fn of(trial: Option<&Trial>) -> Self {
        let Some(trial) = trial else {
            let none = || Verdict::NotSeen(NONE);
            return Self { accepts: none(), duplicates: none(), quickly: none(), signatures: none() };
        };
        let enough = trial.tries >= ENOUGH;
        let kept_if = |is: bool| if is { Verdict::Kept } else { Verdict::NotSeen(NONE) };
        let mut of = Self {
            accepts: kept_if(enough),
            duplicates: kept_if(trial.again > 0 && enough),
            quickly: kept_if(enough),
            signatures: Verdict::NotSeen("The delivery with a wrong signature has not been answered yet."),
        };
        if let Some(status) = trial.refused {
            of.accepts.breaks(format!("A delivery that is signed rightly was {}.", answered(status)));
        }
        if let Some(status) = trial.again_refused {
            of.duplicates.breaks(format!(
                "A delivery that had been accepted came again under the same webhook-id, and was {}.",
                answered(status)
            ));
        }
        if trial.slowest_ms > Trial::QUICK_MS {
            of.quickly.breaks(format!("A delivery was answered after {} ms.", trial.slowest_ms));
        }
        if let Forged::Answered(status) = trial.forged {
            match status {
                Some(400..=499) => of.signatures.keep(),
                _ => of.signatures.breaks(format!("A delivery with a wrong signature was {}.", answered(status))),
            }
        }
        of
    }
}

fn answered(status: Option<u16>) -> String {
    status.map_or_else(|| "not answered".to_owned(), |status| format!("answered {status}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Trial {
        Trial { tries: 4, again: 3, slowest_ms: 12, forged: Forged::Answered(Some(401)), ..Trial::default() }
    }

    #[test]
    fn whoever_accepts_what_is_right_and_refuses_what_is_wrong_has_done_well() {
        let of = Receiving::of(Some(&good()));
        assert_eq!([of.accepts, of.duplicates, of.quickly, of.signatures], [const { Verdict::Kept }; 4]);
        assert_eq!(Receiving::of(None).accepts, Verdict::NotSeen(NONE));
        assert_eq!(Receiving::of(Some(&Trial::default())).accepts, Verdict::NotSeen(NONE));
    }

    #[test]
    fn each_fault_is_told_by_itself() {
        let broken = |change: fn(&mut Trial)| {
            let mut trial = good();
            change(&mut trial);
            let of = Receiving::of(Some(&trial));
            let all = [of.accepts, of.duplicates, of.quickly, of.signatures];
            all.map(|verdict| verdict.reason())
        };
        let only = |place: usize, word: &str, reasons: [Option<String>; 4]| {
            for (other, reason) in reasons.iter().enumerate() {
                assert_eq!(reason.is_some(), other == place, "{reasons:?}");
            }
            assert!(reasons[place].as_deref().unwrap().contains(word), "{reasons:?}");
        };
        only(0, "answered 500", broken(|trial| trial.refused = Some(Some(500))));
        only(1, "answered 409", broken(|trial| trial.again_refused = Some(Some(409))));
        only(2, "3001 ms", broken(|trial| trial.slowest_ms = 3_001));
        only(3, "answered 200", broken(|trial| trial.forged = Forged::Answered(Some(200))));
        only(3, "not answered", broken(|trial| trial.forged = Forged::Answered(None)));
    }
}
