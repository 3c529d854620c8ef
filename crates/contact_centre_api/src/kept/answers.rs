use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use aws_lc_rs::digest::{SHA256, digest};
use model::Instant;
use uuid::Uuid;

use crate::protocol::{Answer, Problem, kinds};

/// For how long an answer can be had again.
const KEPT_MS: i64 = 24 * 3_600_000;
/// Bytes of answers that are kept together, and their number. The oldest go first.
const BYTES_MAX: usize = 32 << 20;
const ANSWERS_MAX: usize = 20_000;

/// Answers to requests that may be sent again. Those to the same `Idempotency-Key` of the same key are one.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    kept: Mutex<Kept>,
    /// Callers for whom something is being done that waits for somebody else. They take turns, each with itself alone.
    turns: Mutex<HashMap<Uuid, Turn>>,
}

type Turn = Arc<tokio::sync::Mutex<()>>;

#[derive(Debug, Default)]
struct Kept {
    by_name: HashMap<Name, Place>,
    /// In the order in which they came.
    order: VecDeque<(Name, Instant, usize)>,
    bytes: usize,
}

/// Where an answer is, once there is one.
type Place = Arc<Mutex<Option<Once>>>;

/// A caller, and what it calls its request.
type Name = (Uuid, Box<str>);

#[derive(Clone, Debug)]
struct Once {
    request: [u8; 32],
    answer: Answer,
}

/// An answer, and whether it was given before.
pub(crate) struct Given {
    pub(crate) answer: Answer,
    pub(crate) again: bool,
}

/// What makes two requests the same: what they are about, and their bodies.
pub(crate) fn mark(about: &str, body: &[u8]) -> [u8; 32] {
    digest(&SHA256, &[about.as_bytes(), b"\n", body].concat()).as_ref().try_into().unwrap_or_default()
}

impl Once {
    /// The same answer to the same request.
    fn again(&self, request: [u8; 32]) -> Result<Given, Problem> {
        if self.request != request {
            return Err(Problem::new(&kinds::IDEMPOTENCY_MISMATCH)
                .detail("The same Idempotency-Key came with another request. Use a new one for each request."));
        }
        Ok(Given { answer: self.answer.clone(), again: true })
    }
}

impl Answers {
    /// Does something once: whoever asks again by the same name gets the same answer, also while the first is still at it. What was refused
    /// was not done, and is tried again.
    ///
    /// # Errors
    /// Those of `act`, and 409 if the name was used for another request.
    pub(crate) fn once(
        &self,
        caller: Uuid,
        name: &str,
        request: [u8; 32],
        now: Instant,
        act: impl FnOnce() -> Result<Answer, Problem>,
    ) -> Result<Given, Problem> {
        let name = (caller, Box::from(name));
        let place = self.place(&name, now);
        let mut done = place.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(once) = &*done {
            return once.again(request);
        }
        match act() {
            Ok(answer) => {
                *done = Some(Once { request, answer: answer.clone() });
                self.keep(name, now, answer.size());
                Ok(Given { answer, again: false })
            }
            Err(problem) => {
                let mut kept = self.lock();
                // Whoever waits for this one tries next, in the same place: the map has one of its handles, and this is the other.
                if Arc::strong_count(&place) <= 2 {
                    kept.by_name.remove(&name);
                }
                Err(problem)
            }
        }
    }

    /// [`Self::once`] of what waits for somebody else. One caller has one such thing done at a time.
    ///
    /// # Errors
    /// Those of `act`, and 409 if the name was used for another request.
    pub(crate) async fn once_later(
        &self,
        caller: Uuid,
        name: &str,
        request: [u8; 32],
        now: Instant,
        act: impl Future<Output = Result<Answer, Problem>>,
    ) -> Result<Given, Problem> {
        let turn = self.turn(caller);
        let _turn = turn.lock().await;
        if let Some(given) = self.known(caller, name, request, now) {
            return given;
        }
        let answer = act.await?;
        self.once(caller, name, request, now, || Ok(answer))
    }

    fn turn(&self, caller: Uuid) -> Turn {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        // There are no more than requests that are being answered.
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        turns.entry(caller).or_default().clone()
    }

    /// What was answered before, or that it was to another request.
    fn known(&self, caller: Uuid, name: &str, request: [u8; 32], now: Instant) -> Option<Result<Given, Problem>> {
        let place = {
            let mut kept = self.lock();
            kept.forget(now);
            kept.by_name.get(&(caller, Box::from(name))).cloned()?
        };
        let done = place.lock().unwrap_or_else(PoisonError::into_inner);
        done.as_ref().map(|once| once.again(request))
    }

    /// The place of an answer. Those that ask for the same wait for each other there.
    fn place(&self, name: &Name, now: Instant) -> Place {
        let mut kept = self.lock();
        kept.forget(now);
        kept.by_name.entry(name.clone()).or_default().clone()
    }

    fn keep(&self, name: Name, now: Instant, size: usize) {
        let mut kept = self.lock();
        kept.bytes += size;
        kept.order.push_back((name, now, size));
        kept.forget(now);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn forget(&mut self, now: Instant) {
        let old = |at: Instant| now.as_millis() - at.as_millis() >= KEPT_MS;
        while self
            .order
            .front()
            .is_some_and(|(_, at, _)| old(*at) || self.bytes > BYTES_MAX || self.order.len() > ANSWERS_MAX)
        {
            if let Some((name, _, size)) = self.order.pop_front() {
                self.bytes -= size;
                self.by_name.remove(&name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    const KEY: Uuid = Uuid::from_u128(1);

    fn ask(answers: &Answers, name: &str, body: &str, at: i64) -> Result<bool, &'static str> {
        let act = || Ok(Answer::of(StatusCode::CREATED, "done"));
        let given = answers.once(KEY, name, mark("POST /x", body.as_bytes()), Instant::from_millis(at), act);
        given.map(|given| given.again).map_err(|problem| problem.code())
    }

    #[test]
    fn what_was_done_is_not_done_again_for_a_day() {
        let answers = Answers::default();
        assert_eq!(ask(&answers, "a", "1", 0), Ok(false));
        assert_eq!(ask(&answers, "a", "1", KEPT_MS - 1), Ok(true));
        assert_eq!(ask(&answers, "a", "2", KEPT_MS - 1), Err("idempotency_mismatch"));
        assert_eq!(ask(&answers, "b", "1", KEPT_MS - 1), Ok(false));
        assert_eq!(ask(&answers, "a", "2", KEPT_MS), Ok(false));
    }

    #[test]
    fn what_was_refused_is_tried_again() {
        let answers = Answers::default();
        let refused = answers
            .once(KEY, "a", mark("POST /x", b"1"), Instant::from_millis(0), || Err(Problem::new(&kinds::AGENT_BUSY)));
        assert!(refused.is_err());
        assert_eq!(ask(&answers, "a", "2", 1), Ok(false));
    }

    #[test]
    fn twenty_at_once_are_one() {
        let answers = Answers::default();
        let done = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..20 {
                scope.spawn(|| {
                    let act = || {
                        done.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                        std::thread::yield_now();
                        Ok(Answer::nothing())
                    };
                    assert!(answers.once(KEY, "a", [0; 32], Instant::from_millis(0), act).is_ok());
                });
            }
        });
        assert_eq!(done.into_inner(), 1);
    }

    #[tokio::test]
    async fn what_waits_for_somebody_is_done_once_too() {
        let (answers, done) = (&Answers::default(), &std::sync::atomic::AtomicUsize::new(0));
        let ask = |body: &'static [u8]| {
            let act = async move {
                tokio::task::yield_now().await;
                done.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                Ok(Answer::nothing())
            };
            answers.once_later(KEY, "a", mark("POST /x", body), Instant::from_millis(0), act)
        };
        let refused = async { Err(Problem::new(&kinds::AGENT_BUSY)) };
        let refused = answers.once_later(KEY, "a", [0; 32], Instant::from_millis(0), refused).await;
        assert_eq!(refused.err().map(|problem| problem.code()), Some("agent_busy"));
        let (one, other) = tokio::join!(ask(b"1"), ask(b"1"));
        let again = [one, other].map(|given| given.is_ok_and(|given| given.again));
        assert_eq!(again.iter().filter(|again| **again).count(), 1);
        assert_eq!(ask(b"2").await.err().map(|problem| problem.code()), Some("idempotency_mismatch"));
        assert_eq!(done.load(std::sync::atomic::Ordering::Relaxed), 1);
        assert_eq!(answers.turns.lock().unwrap().len(), 1, "the next one takes it away");
    }

    #[test]
    fn no_more_is_kept_than_there_may_be() {
        let answers = Answers::default();
        for n in 0..=ANSWERS_MAX {
            assert_eq!(ask(&answers, &n.to_string(), "1", 0), Ok(false));
        }
        assert_eq!(answers.lock().by_name.len(), ANSWERS_MAX);
        assert_eq!(ask(&answers, "0", "1", 0), Ok(false), "the oldest is forgotten");
        assert_eq!(ask(&answers, "20000", "1", 0), Ok(true));
    }
}
