use model::Instant;

use super::verdict::Verdict;

/// For how long a stream is open before it is cut, so that it has got a place.
const OPEN_MS: i64 = 2_000;
/// For how long a program may stay away.
const BACK_MS: i64 = 60_000;

/// How a program follows a stream that is cut three times: the second time its place is lost, as after a restart.
#[derive(Clone, Debug)]
pub(super) struct Following {
    phase: Phase,
    /// The stream that is judged: the first that is opened.
    what: Option<Box<str>>,
    /// The place that was lost.
    lost: Option<Box<str>>,
    /// Which places were told since.
    told: Told,
    resumes: Verdict,
    resets: Verdict,
}

#[derive(Clone, Debug, Default)]
struct Told {
    any: bool,
    /// Whether the last one is the place that was lost: then nothing has happened since.
    is_lost: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// No stream was opened that is known of. It may have been open before.
    Waiting {
        since: Instant,
    },
    Open {
        since: Instant,
        cut: Cut,
    },
    Away {
        since: Instant,
        cut: Cut,
    },
    Done,
}

/// What is played with a cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    Resume,
    Lose,
    Accept,
}

impl Following {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            phase: Phase::Waiting { since: now },
            what: None,
            lost: None,
            told: Told::default(),
            resumes: Verdict::NotSeen("A stream of the key is cut when it has been open for 2 s. None has come back."),
            resets: Verdict::NotSeen(
                "The second time that a stream comes back it is told stream.reset, and is then cut once more. It has not come back after that.",
            ),
        }
    }

    /// A stream is opened. Says whether its place is lost.
    pub(super) fn opened(&mut self, what: &str, place: Option<&str>, is_state: bool, now: Instant) -> bool {
        if **self.what.get_or_insert_with(|| what.into()) != *what {
            return false;
        }
        let (next, lost) = match self.phase {
            Phase::Waiting { .. } => (Phase::Open { since: now, cut: Cut::Resume }, false),
            Phase::Open { .. } | Phase::Done => return false,
            Phase::Away { cut: Cut::Resume, .. } => {
                if place.is_some() || is_state || !self.told.any {
                    self.resumes.keep();
                } else {
                    self.resumes.breaks(format!(
                        "{what} was cut and opened again without Last-Event-ID: what happened meanwhile is lost."
                    ));
                }
                (Phase::Open { since: now, cut: Cut::Lose }, false)
            }
            Phase::Away { cut: Cut::Lose, .. } => {
                self.lost = place.map(Into::into);
                self.told = Told::default();
                (Phase::Open { since: now, cut: Cut::Accept }, place.is_some())
            }
            Phase::Away { cut: Cut::Accept, .. } => {
                let old = place.is_some() && self.lost.as_deref() == place;
                if old && self.told.any && !self.told.is_lost {
                    self.resets.breaks(format!(
                        "{what} was told stream.reset with a snapshot, and was opened again with the place of before the reset."
                    ));
                } else {
                    self.resets.keep();
                }
                (Phase::Done, false)
            }
        };
        self.phase = next;
        lost
    }

    /// The stream was told a place of the log.
    pub(super) fn told(&mut self, what: &str, place: &str) {
        if self.what.as_deref().is_none_or(|own| own == what) {
            self.told.any = true;
            self.told.is_lost = self.lost.as_deref() == Some(place);
        }
    }

    /// Whether streams are to be cut now.
    pub(super) fn is_to_be_cut(&mut self, now: Instant) -> bool {
        let ms = |since: Instant| now.as_millis() - since.as_millis();
        match self.phase {
            Phase::Waiting { since } | Phase::Open { since, .. } => ms(since) >= OPEN_MS,
            Phase::Away { since, cut } if ms(since) >= BACK_MS => {
                let late = "A stream was cut, and was not opened again within a minute.";
                if cut == Cut::Resume {
                    self.resumes.breaks(late);
                }
                self.resets.breaks(late);
                self.phase = Phase::Done;
                false
            }
            Phase::Away { .. } | Phase::Done => false,
        }
    }

    /// So many streams were cut.
    pub(super) fn cut(&mut self, count: usize, now: Instant) {
        self.phase = match self.phase {
            // None was open.
            Phase::Waiting { .. } if count == 0 => return,
            Phase::Waiting { .. } => {
                // It was opened before the run, and may have been told places.
                self.told.any = true;
                Phase::Away { since: now, cut: Cut::Resume }
            }
            Phase::Open { cut, .. } => Phase::Away { since: now, cut },
            other => other,
        };
    }

    pub(super) fn resumes(&self) -> Verdict {
        self.resumes.clone()
    }

    pub(super) fn resets(&self) -> Verdict {
        self.resets.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALLS: &str = "GET /v1/stream/calls";

    fn at(ms: i64) -> Instant {
        Instant::from_millis(ms)
    }

    /// A program that comes back with these places after each cut, and is told those.
    fn run(back: [Option<&str>; 3], told: [&str; 3], is_state: bool) -> (Verdict, Verdict, bool) {
        let mut following = Following::new(at(0));
        let mut now = 0;
        let mut lost = false;
        assert!(!following.opened(CALLS, None, is_state, at(now)));
        for (place, told) in back.into_iter().zip(told) {
            following.told(CALLS, told);
            assert!(!following.is_to_be_cut(at(now + OPEN_MS - 1)));
            now += OPEN_MS;
            assert!(following.is_to_be_cut(at(now)));
            following.cut(1, at(now));
            now += 500;
            lost |= following.opened(CALLS, place, is_state, at(now));
        }
        (following.resumes(), following.resets(), lost)
    }

    #[test]
    fn whoever_comes_back_with_the_last_place_and_takes_the_new_one_has_done_well() {
        let good = run([Some("k-1"), Some("k-2"), Some("k-9")], ["k-1", "k-2", "k-9"], false);
        assert_eq!(good, (Verdict::Kept, Verdict::Kept, true));
        let quiet = run([Some("k-1"), Some("k-1"), Some("k-1")], ["k-1"; 3], false);
        assert_eq!(quiet, (Verdict::Kept, Verdict::Kept, true), "nothing has happened, so the place is the same");
        let state = run([None; 3], ["k-1"; 3], true);
        assert_eq!(state, (Verdict::Kept, Verdict::Kept, false));
    }

    #[test]
    fn whoever_comes_back_without_a_place_loses_the_points_of_that_alone() {
        let (resumes, resets, lost) = run([None; 3], ["k-1", "k-2", "k-9"], false);
        assert!(matches!(resumes, Verdict::Broken(why) if why.contains("without Last-Event-ID")));
        assert_eq!((resets, lost), (Verdict::Kept, false));
    }

    #[test]
    fn whoever_keeps_a_place_that_was_lost_is_told_so() {
        let (resumes, resets, _) = run([Some("k-1"), Some("k-2"), Some("k-2")], ["k-1", "k-2", "k-9"], false);
        assert_eq!(resumes, Verdict::Kept);
        assert!(matches!(resets, Verdict::Broken(why) if why.contains("before the reset")));
    }

    #[test]
    fn a_stream_that_was_open_before_is_cut_and_one_that_stays_away_is_told() {
        let mut following = Following::new(at(0));
        assert!(following.is_to_be_cut(at(OPEN_MS)));
        following.cut(0, at(OPEN_MS));
        assert!(following.is_to_be_cut(at(OPEN_MS + 1)), "none was open yet");
        following.cut(2, at(OPEN_MS + 1));
        assert!(!following.opened(CALLS, Some("k-1"), false, at(3_000)));
        assert_eq!(following.resumes(), Verdict::Kept);
        assert!(!following.opened("GET /v1/stream/queues", None, true, at(3_001)), "another is not judged");
        following.cut(1, at(6_000));
        assert!(!following.is_to_be_cut(at(6_000 + BACK_MS)));
        assert!(matches!(following.resets(), Verdict::Broken(why) if why.contains("within a minute")));
        assert_eq!(following.resumes(), Verdict::Kept);
    }
}
