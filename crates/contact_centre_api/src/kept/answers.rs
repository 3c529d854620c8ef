use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
};

use aws_lc_rs::digest::{SHA256, digest};
use model::Instant;
use uuid::Uuid;

use super::turns::{Turn, Turns};
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
    turns: Turns<Name>,
    callers: Turns<Uuid>,
}

#[derive(Debug, Default)]
struct Kept {
    by_name: HashMap<Name, Once>,
    /// In the order in which they came.
    order: VecDeque<(Name, Instant, usize)>,
    bytes: usize,
}

/// A caller, and what it calls its request.
type Name = (Uuid, Box<str>);

#[derive(Clone, Debug)]
struct Once {
    request: [u8; 32],
    answer: Answer,
}

/// What is to be done now.
pub(crate) enum Begun {
    /// Nothing: it was done before, and this was answered.
    Again(Answer),
    /// It, by nobody else meanwhile.
    First(Mine),
}

/// Something that is being done under a name. As long as this is there, whoever asks for the same waits.
pub(crate) struct Mine {
    name: Name,
    request: [u8; 32],
    now: Instant,
    _turn: Turn,
}

/// What makes two requests the same: what they are about, and their bodies.
pub(crate) fn mark(about: &str, body: &[u8]) -> [u8; 32] {
    digest(&SHA256, &[about.as_bytes(), b"\n", body].concat()).as_ref().try_into().unwrap_or_default()
}

impl Once {
    /// The same answer to the same request.
    fn again(&self, request: [u8; 32]) -> Result<Begun, Problem> {
        if self.request != request {
            return Err(Problem::new(&kinds::IDEMPOTENCY_MISMATCH)
                .detail("The same Idempotency-Key came with another request. Use a new one for each request."));
        }
        Ok(Begun::Again(self.answer.clone()))
    }
}

impl Answers {
    /// Begins something that is done once: whoever asks again by the same name gets the same answer, and waits for it while the first is still
    /// at it. That holds no thread. What is not kept in the end was refused, so it was not done, and is tried again by whoever is next.
    ///
    /// # Errors
    /// 409 if the name was used for another request.
    pub(crate) async fn begin(
        &self,
        caller: Uuid,
        name: &str,
        request: [u8; 32],
        now: Instant,
    ) -> Result<Begun, Problem> {
        let name = (caller, Box::from(name));
        let turn = self.turns.of(name.clone()).await;
        let mut kept = self.lock();
        kept.forget(now);
        match kept.by_name.get(&name) {
            Some(once) => once.again(request),
            None => Ok(Begun::First(Mine { name, request, now, _turn: turn })),
        }
    }

    /// The turn of a caller, who has one thing done at a time that waits for somebody else.
    pub(crate) async fn turn_of(&self, caller: Uuid) -> Turn {
        self.callers.of(caller).await
    }

    /// Keeps the answer to what was done, for whoever asks again.
    pub(crate) fn keep(&self, mine: Mine, answer: &Answer) {
        let mut kept = self.lock();
        let (size, once) = (answer.size(), Once { request: mine.request, answer: answer.clone() });
        kept.bytes += size;
        kept.order.push_back((mine.name.clone(), mine.now, size));
        kept.by_name.insert(mine.name.clone(), once);
        kept.forget(mine.now);
        drop(kept);
        // The turn ends when the answer is there.
        drop(mine);
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
    use std::{
        sync::atomic::{AtomicUsize, Ordering::Relaxed},
        task::Poll,
        time::Duration,
    };

    use http::StatusCode;

    use super::*;

    const KEY: Uuid = Uuid::from_u128(1);

    /// Whether it was answered before.
    async fn ask(answers: &Answers, name: &str, body: &str, at: i64) -> Result<bool, &'static str> {
        let request = mark("POST /x", body.as_bytes());
        let begun = answers.begin(KEY, name, request, Instant::from_millis(at)).await;
        match begun.map_err(|problem| problem.code())? {
            Begun::Again(_) => Ok(true),
            Begun::First(mine) => {
                answers.keep(mine, &Answer::of(StatusCode::CREATED, "done"));
                Ok(false)
            }
        }
    }

    #[tokio::test]
    async fn what_was_done_is_not_done_again_for_a_day() {
        let answers = Answers::default();
        assert_eq!(ask(&answers, "a", "1", 0).await, Ok(false));
        assert_eq!(ask(&answers, "a", "1", KEPT_MS - 1).await, Ok(true));
        assert_eq!(ask(&answers, "a", "2", KEPT_MS - 1).await, Err("idempotency_mismatch"));
        assert_eq!(ask(&answers, "b", "1", KEPT_MS - 1).await, Ok(false));
        assert_eq!(ask(&answers, "a", "2", KEPT_MS).await, Ok(false));
    }

    #[tokio::test]
    async fn what_was_refused_is_tried_again() {
        let answers = Answers::default();
        let begun = answers.begin(KEY, "a", mark("POST /x", b"1"), Instant::from_millis(0)).await;
        assert!(matches!(begun, Ok(Begun::First(_))));
        drop(begun);
        assert_eq!(ask(&answers, "a", "2", 1).await, Ok(false));
    }

    /// On one thread: if one that waits held it, the first would never be done.
    #[tokio::test]
    async fn twenty_at_once_are_one_and_hold_no_thread() {
        let (answers, done) = (&Answers::default(), &AtomicUsize::new(0));
        let ask = || async move {
            match answers.begin(KEY, "a", [0; 32], Instant::from_millis(0)).await {
                Ok(Begun::First(mine)) => {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    done.fetch_add(1, Relaxed);
                    answers.keep(mine, &Answer::nothing());
                    false
                }
                Ok(Begun::Again(_)) => true,
                Err(problem) => panic!("{}", problem.code()),
            }
        };
        let mut asked: Vec<_> = (0..20).map(|_| Box::pin(ask())).collect();
        let mut again = 0;
        // Each is begun before the first is done.
        std::future::poll_fn(|context| {
            asked.retain_mut(|one| match one.as_mut().poll(context) {
                Poll::Ready(known) => {
                    again += usize::from(known);
                    false
                }
                Poll::Pending => true,
            });
            if asked.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        assert_eq!((done.load(Relaxed), again), (1, 19));
    }

    #[tokio::test]
    async fn whoever_gives_up_is_not_waited_for() {
        let answers = Answers::default();
        let first = answers.begin(KEY, "a", [0; 32], Instant::from_millis(0)).await;
        let second = answers.begin(KEY, "a", [0; 32], Instant::from_millis(0));
        assert!(tokio::time::timeout(Duration::from_millis(1), second).await.is_err());
        drop(first);
        assert_eq!(ask(&answers, "a", "1", 0).await, Ok(false));
    }

    #[tokio::test]
    async fn no_more_is_kept_than_there_may_be() {
        let answers = Answers::default();
        for n in 0..=ANSWERS_MAX {
            assert_eq!(ask(&answers, &n.to_string(), "1", 0).await, Ok(false));
        }
        assert_eq!(answers.lock().by_name.len(), ANSWERS_MAX);
        assert_eq!(ask(&answers, "0", "1", 0).await, Ok(false), "the oldest is forgotten");
        assert_eq!(ask(&answers, "20000", "1", 0).await, Ok(true));
    }
}
