use model::Instant;
use serde::Serialize;

use super::{
    Asks, Check, Play, Request, Score, Scored, State, Table, Use, calls::Calls, changes::Changes, figures::Figures,
    following::Following, receiving::Receiving, verdict::Verdict, waits::Waits,
};
use crate::{webhooks::Trial, words::words};

/// How long a run goes on at most.
const RUN_MS: i64 = 600_000;
/// Requests that are answered 429, and for how many seconds.
const TOO_MANY: (u32, u64) = (2, 2);
/// Downloads of recordings that are answered 409, and for how many seconds.
const NOT_READY: (u32, u64) = (1, 2);
/// Faults that are remembered as played.
const PLAYED_MAX: usize = 30;

words! {
    /// What goes wrong in a run.
    Fault {
        /// A request is answered 429.
        TooMany = "too_many_requests",
        /// `POST /v1/calls` is answered 429.
        CallRefused = "call_refused",
        /// Streams are cut.
        StreamsCut = "streams_cut",
        /// A stream begins with a reset.
        PlaceLost = "stream_reset",
        /// `changed_since` is answered 410.
        ChangesLost = "changes_lost",
        /// A recording is answered 409.
        NotReady = "recording_not_ready",
        /// A wrap is written late.
        LateWrap = "late_wrap",
        /// Deliveries come late, twice, and one with a wrong signature.
        Webhooks = "webhooks",
    }
}

/// A fault, and when it was played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Played {
    /// What went wrong.
    pub fault: Fault,
    /// When, by the machine's clock.
    pub at: Instant,
}

/// What is to be done now, by whoever can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Cut the streams of the key, and tell how many there were ([`Run::cut`]).
    Cut,
    /// Have a wrap be written late, and tell when it was ([`Run::revised`]).
    LateWrap,
}

/// One run: what is played to a key, and what it does then.
#[derive(Clone, Debug)]
pub struct Run {
    uses: Vec<Use>,
    started_at: Instant,
    ended_at: Option<Instant>,
    played: Vec<Played>,
    waits: Waits,
    calls: Calls,
    following: Following,
    changes: Changes,
    figures: Figures,
    recordings: Waits,
    receiving: Receiving,
    /// Whether a wrap was written late.
    is_revised: bool,
}

impl Run {
    /// A run that begins now, of an integration that uses these.
    pub fn new(uses: &[Use], now: Instant) -> Self {
        // Calls are refused by themselves. Whoever reads nothing may send no other request.
        let reads = uses.iter().any(|one| matches!(one, Use::Changes | Use::Recordings | Use::Metrics));
        let too_many = if reads { TOO_MANY.0 } else { 0 };
        Self {
            uses: Use::ALL.iter().copied().filter(|one| uses.contains(one)).collect(),
            started_at: now,
            ended_at: None,
            played: Vec::new(),
            waits: Waits::new(too_many, TOO_MANY.1),
            calls: Calls::new(TOO_MANY.1),
            following: Following::new(now),
            changes: Changes::new(),
            figures: Figures::new(),
            recordings: Waits::new(NOT_READY.0, NOT_READY.1),
            receiving: Receiving::of(None),
            is_revised: false,
        }
    }

    /// What the integration uses.
    pub fn uses(&self) -> &[Use] {
        &self.uses
    }

    /// When it began.
    pub fn started_at(&self) -> Instant {
        self.started_at
    }

    /// When it ended; none while it goes on.
    pub fn ended_at(&self) -> Option<Instant> {
        self.ended_at
    }

    /// When it ends at the latest.
    pub fn ends_at(&self) -> Instant {
        self.started_at.plus_millis(RUN_MS)
    }

    /// What has gone wrong so far, the first first.
    pub fn played(&self) -> &[Played] {
        &self.played
    }

    fn has(&self, one: Use) -> bool {
        self.uses.contains(&one)
    }

    fn plays(&mut self, fault: Fault, now: Instant) {
        if self.played.len() < PLAYED_MAX {
            self.played.push(Played { fault, at: now });
        }
    }

    /// The key asks for something. Says what becomes of it.
    pub fn asked(&mut self, request: &Request<'_>, now: Instant) -> Play {
        self.pass(now);
        if self.ended_at.is_some() {
            return Play::Pass;
        }
        let what = request.what;
        if let Asks::Call(name) = request.asks {
            // Calls that are made at the same time are told apart by their names.
            self.waits.came(&call(name), now);
            let refused = if self.has(Use::Calls) { self.calls.asked(name, now) } else { None };
            if let Some(seconds) = refused {
                self.waits.told(&call(name), seconds, now);
                self.plays(Fault::CallRefused, now);
                return Play::TooMany(seconds);
            }
            return Play::Pass;
        }
        if matches!(request.asks, Asks::Stream { .. }) {
            self.waits.came(what, now);
        } else if let Some(seconds) = self.waits.asked(what, now) {
            self.plays(Fault::TooMany, now);
            return Play::TooMany(seconds);
        }
        match request.asks {
            Asks::Stream { place, is_state } => {
                let is_lost = self.resumed(what, place, is_state, now);
                return if is_lost { Play::PlaceLost } else { Play::Pass };
            }
            Asks::Read(reading) if reading.of == Table::Figures => self.figures.asked(what, &reading),
            Asks::Read(reading) if self.has(Use::Changes) => {
                let play = self.changes.asked(what, &reading);
                if play == Play::ChangesLost {
                    self.plays(Fault::ChangesLost, now);
                }
                return play;
            }
            Asks::Content if self.has(Use::Recordings) => {
                if let Some(seconds) = self.recordings.asked(what, now) {
                    self.plays(Fault::NotReady, now);
                    return Play::NotReady(seconds);
                }
            }
            _ => {}
        }
        Play::Pass
    }

    /// What the key asked for was answered: it was told to wait so many seconds, or that there is another page.
    pub fn answered(&mut self, request: &Request<'_>, wait: Option<u64>, next_cursor: Option<&str>, now: Instant) {
        if self.ended_at.is_some() {
            return;
        }
        if let Some(seconds) = wait {
            match request.asks {
                Asks::Call(name) => self.waits.told(&call(name), seconds, now),
                Asks::Content => self.recordings.told(request.what, seconds, now),
                _ => self.waits.told(request.what, seconds, now),
            }
        }
        if let (Asks::Read(reading), Some(next)) = (request.asks, next_cursor) {
            self.changes.paged_on(request.what, &reading, next);
        }
    }

    /// The key goes on from a place within a connection, as over a WebSocket. Says whether its place is lost.
    pub fn resumed(&mut self, what: &str, place: Option<&str>, is_state: bool, now: Instant) -> bool {
        if self.ended_at.is_some() || !self.has(Use::Stream) {
            return false;
        }
        let lost = self.following.opened(what, place, is_state, now);
        if lost {
            self.changes.excuse();
            self.plays(Fault::PlaceLost, now);
        }
        lost
    }

    /// A stream of the key was told a place of the log.
    pub fn told(&mut self, what: &str, place: &str) {
        self.following.told(what, place);
    }

    /// What is to be done now.
    pub fn due(&mut self, now: Instant) -> Option<Act> {
        self.pass(now);
        if self.ended_at.is_some() {
            return None;
        }
        if self.has(Use::Stream) && self.following.is_to_be_cut(now) {
            return Some(Act::Cut);
        }
        let noticed = if self.has(Use::Metrics) {
            self.figures.has_read()
        } else {
            self.has(Use::Changes) && self.changes.has_read()
        };
        (noticed && !self.is_revised).then_some(Act::LateWrap)
    }

    /// So many streams were cut.
    pub fn cut(&mut self, count: usize, now: Instant) {
        self.following.cut(count, now);
        if count > 0 {
            self.plays(Fault::StreamsCut, now);
        }
    }

    /// A wrap was written late.
    pub fn revised(&mut self, now: Instant) {
        self.is_revised = true;
        self.figures.revised();
        self.plays(Fault::LateWrap, now);
    }

    /// What is known of the receivers of the key.
    pub fn received(&mut self, trial: Option<&Trial>, now: Instant) {
        if self.ended_at.is_some() || !self.has(Use::Webhook) {
            return;
        }
        self.receiving = Receiving::of(trial);
        if trial.is_some() && !self.played.iter().any(|played| played.fault == Fault::Webhooks) {
            self.plays(Fault::Webhooks, now);
        }
    }

    /// Time has passed. A run ends when nothing more is waited for.
    pub fn pass(&mut self, now: Instant) {
        if self.ended_at.is_some() {
            return;
        }
        self.calls.pass(now);
        let waits = self.score().checks.iter().any(|check| check.state == State::NotSeen);
        if !waits || now >= self.ends_at() {
            self.ended_at = Some(now);
        }
    }

    /// The points so far.
    pub fn score(&self) -> Score {
        let mut score = Score::default();
        for name in Check::ALL.iter().copied().filter(|check| check.applies(&self.uses)) {
            let verdict = self.verdict(name);
            let points = if verdict == Verdict::Kept { Check::POINTS } else { 0 };
            score.points += points;
            score.of += Check::POINTS;
            let (state, reason) = (verdict.state(), verdict.reason());
            score.checks.push(Scored {
                name,
                case: name.case(),
                text: name.text(),
                points,
                of: Check::POINTS,
                state,
                reason,
            });
        }
        score
    }

    fn verdict(&self, check: Check) -> Verdict {
        match check {
            Check::WaitsAfter429 => {
                self.waits.verdict("The next two requests are answered 429. They have not come.", NOT_AGAIN)
            }
            Check::ResumesStreams => self.following.resumes(),
            Check::AcceptsResets => self.following.resets(),
            Check::RepeatsCallsByName => self.calls.verdict(),
            Check::ReadsChanges => self.changes.changes(),
            Check::ReadsAnewAfter410 => self.changes.anew(),
            Check::FollowsPages => self.changes.follows(),
            Check::RereadsRevisedOnly => self.figures.verdict(),
            Check::WaitsForRecordings => self.recordings.verdict(
                "The next download of a recording is answered 409. None has come.",
                "A recording was answered 409, and has not been asked for again yet.",
            ),
            Check::AcceptsWebhooks => self.receiving.accepts.clone(),
            Check::AcceptsDuplicates => self.receiving.duplicates.clone(),
            Check::AnswersQuickly => self.receiving.quickly.clone(),
            Check::VerifiesSignatures => self.receiving.signatures.clone(),
        }
    }
}

const NOT_AGAIN: &str = "No request that was refused with Retry-After has been sent again yet, or one was not.";

/// By what a call that is to be made is known.
fn call(name: Option<&str>) -> String {
    format!("POST /v1/calls {}", name.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::Reading;

    fn at(ms: i64) -> Instant {
        Instant::from_millis(ms)
    }

    fn other(what: &str) -> Request<'_> {
        Request { what, asks: Asks::Other }
    }

    fn names(run: &Run, state: State) -> Vec<&'static str> {
        run.score().checks.iter().filter(|check| check.state == state).map(|check| check.name.as_str()).collect()
    }

    #[test]
    fn a_run_ends_when_nothing_more_is_waited_for() {
        let mut run = Run::new(&[Use::Recordings], at(0));
        assert_eq!(names(&run, State::NotSeen), ["waits_after_429", "waits_for_recordings"]);
        assert_eq!(run.asked(&other("GET /v1/recordings"), at(0)), Play::TooMany(2));
        assert_eq!(run.asked(&other("GET /v1/recordings"), at(2_000)), Play::TooMany(2));
        assert_eq!(run.asked(&other("GET /v1/recordings"), at(4_000)), Play::Pass);
        let content = Request { what: "GET /v1/recordings/1/content", asks: Asks::Content };
        assert_eq!(run.asked(&content, at(4_000)), Play::NotReady(2));
        assert_eq!(run.ended_at(), None);
        assert_eq!(run.asked(&content, at(6_000)), Play::Pass);
        run.pass(at(6_001));
        assert_eq!((run.ended_at(), run.score().points, run.score().of), (Some(at(6_001)), 20, 20));
        assert_eq!(run.asked(&content, at(6_002)), Play::Pass, "nothing goes wrong after the end");
        let played: Vec<_> = run.played().iter().map(|played| played.fault.as_str()).collect();
        assert_eq!(played, ["too_many_requests", "too_many_requests", "recording_not_ready"]);
    }

    #[test]
    fn a_run_in_which_nothing_comes_ends_after_ten_minutes_without_points() {
        let mut run = Run::new(&[Use::Stream, Use::Webhook], at(0));
        assert_eq!(run.due(at(RUN_MS - 1)), Some(Act::Cut));
        run.cut(0, at(RUN_MS - 1));
        assert_eq!(run.due(at(RUN_MS)), None);
        let score = run.score();
        assert_eq!((run.ended_at(), score.points, score.of), (Some(at(RUN_MS)), 0, 60));
        assert!(score.checks.iter().all(|check| check.reason.is_some()));
        assert!(run.played().is_empty());
    }

    #[test]
    fn a_late_wrap_comes_once_somebody_would_notice() {
        let mut run = Run::new(&[Use::Metrics], at(0));
        assert_eq!(run.due(at(1)), None);
        let reading = Reading {
            of: Table::Figures,
            query: "",
            is_since: false,
            cursor: None,
            is_whole: true,
            is_place: false,
            is_narrow: false,
        };
        let read = Request { what: "GET /v1/metrics/queues", asks: Asks::Read(reading) };
        for ms in [0, 2_000, 4_000] {
            run.asked(&read, at(ms));
        }
        assert_eq!(run.due(at(4_001)), Some(Act::LateWrap));
        run.revised(at(4_002));
        assert_eq!(run.due(at(4_003)), None);
        run.asked(&Request { asks: Asks::Read(Reading { is_since: true, ..reading }), ..read }, at(5_000));
        assert_eq!(run.score().points, 20);
    }

    #[test]
    fn calls_at_the_same_time_are_told_apart() {
        let mut run = Run::new(&[Use::Calls], at(0));
        let dial = |name| Request { what: "POST /v1/calls", asks: Asks::Call(Some(name)) };
        assert_eq!(run.asked(&dial("a"), at(0)), Play::TooMany(2));
        assert_eq!(run.asked(&dial("b"), at(1)), Play::Pass);
        assert_eq!(run.asked(&dial("a"), at(2_000)), Play::Pass);
        run.pass(at(2_001));
        assert_eq!((run.score().points, run.score().of, run.ended_at()), (20, 20, Some(at(2_001))));
    }
}
