use std::{
    collections::BTreeMap,
    mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed},
    },
};

use model::{Instant, KeyId, Refusal, RefusalCode};
use uuid::Uuid;

use crate::{
    Call, Record, RefusedBy, Ticks,
    refusal_budgets::RefusalBudgets,
    shown::{origin_shown, shortened, shown},
};

/// Refusals that wait to be written down: the newest. They are written every second, so this many wait only while the
/// database takes none. Each takes some 300 bytes.
const WAITING: usize = 100_000;
/// Longest method that is kept, in bytes.
const METHOD_MAX: usize = 16;

/// Refused calls with known keys, until they are written down. In the order of their requests' ids, whose first bytes are the
/// time: the first is the oldest.
pub(crate) struct Refusals {
    budgets: RefusalBudgets,
    waiting: Mutex<Waiting>,
    number: AtomicI64,
    kept: AtomicU64,
    left_out: AtomicU64,
    lost: AtomicU64,
    /// Nothing could be written down; that is told once.
    pub(crate) failing: AtomicBool,
}

pub(crate) type Ordered = BTreeMap<(Uuid, i64), Refusal>;

#[derive(Default)]
struct Waiting {
    new: Ordered,
    /// Those that are being written down now.
    writing: Arc<Ordered>,
}

/// Counts of refusals since the start, for metrics and pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RefusalCounters {
    /// Refusals that were kept, and can be explained.
    pub kept: u64,
    /// Refusals that were counted and not kept, since their key had too many.
    pub left_out: u64,
    /// Refusals that were kept and then given up, since the database took none for too long.
    pub lost: u64,
    /// Refusals that wait to be written down.
    pub waiting: u64,
}

impl Refusals {
    pub(crate) fn new() -> Self {
        Self {
            budgets: RefusalBudgets::new(),
            waiting: Mutex::default(),
            number: AtomicI64::new(0),
            kept: AtomicU64::new(0),
            left_out: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            failing: AtomicBool::new(false),
        }
    }

    /// Keeps a refused call, if its key has not had too many.
    pub(crate) fn note(
        &self,
        record: &Record,
        code: RefusalCode,
        call: &Call<'_>,
        now: Instant,
        ticks: &Ticks,
        by: Option<RefusedBy>,
    ) {
        let Some(request) = call.request_id else { return };
        if !self.budgets.admit(record.key_id(), ticks()) {
            self.left_out.fetch_add(1, Relaxed);
            return;
        }
        let number = self.number.fetch_add(1, Relaxed);
        let refusal = refusal(record, code, (request, number), call, now, by);
        self.kept.fetch_add(1, Relaxed);
        let mut waiting = self.waiting();
        waiting.new.insert((request, number), refusal);
        if waiting.new.len() > WAITING && waiting.new.pop_first().is_some() {
            self.lost.fetch_add(1, Relaxed);
        }
    }

    /// The refusals of a key in one request, as far as they wait to be written down.
    pub(crate) fn of_request(&self, request: Uuid, key: KeyId) -> Vec<Refusal> {
        let waiting = self.waiting();
        let all = (request, i64::MIN)..=(request, i64::MAX);
        let found = waiting.writing.range(all.clone()).chain(waiting.new.range(all));
        found.map(|(_, refusal)| refusal).filter(|refusal| refusal.key == key).cloned().collect()
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to write down what waits. Until [`Refusals::wrote`] it is found here.
    pub(crate) fn begin_writing(&self) -> Arc<Ordered> {
        let mut waiting = self.waiting();
        waiting.writing = Arc::new(mem::take(&mut waiting.new));
        Arc::clone(&waiting.writing)
    }

    /// What was being written is written down, but for the refusals from `left` on.
    pub(crate) fn wrote(&self, left: Option<(Uuid, i64)>) {
        let mut waiting = self.waiting();
        let writing = mem::take(&mut waiting.writing);
        let Some(left) = left else { return };
        for (place, refusal) in writing.range(left..) {
            waiting.new.insert(*place, refusal.clone());
        }
        while waiting.new.len() > WAITING && waiting.new.pop_first().is_some() {
            self.lost.fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn counters(&self) -> RefusalCounters {
        let waiting = {
            let waiting = self.waiting();
            waiting.new.len() + waiting.writing.len()
        };
        RefusalCounters {
            kept: self.kept.load(Relaxed),
            left_out: self.left_out.load(Relaxed),
            lost: self.lost.load(Relaxed),
            waiting: waiting as u64,
        }
    }
}

fn refusal(
    record: &Record,
    code: RefusalCode,
    (request, number): (Uuid, i64),
    call: &Call<'_>,
    now: Instant,
    by: Option<RefusedBy>,
) -> Refusal {
    let code = match code {
        RefusalCode::KeyRevoked if !record.is_deleted() => RefusalCode::SecretEnded,
        RefusalCode::KeyExpired if record.has_token_ended(now) => RefusalCode::TokenExpired,
        RefusalCode::InsufficientScope if call.asked.no_route => RefusalCode::NoRoute,
        code => code,
    };
    Refusal {
        request,
        number,
        at: now,
        installation: record.installation(),
        key: record.key_id(),
        secret: record.secret(),
        environment: record.environment(),
        code,
        method: shortened(call.asked.method, METHOD_MAX),
        path: shown(call.asked.path),
        address: call.ip.map(|address| address.to_canonical()),
        origin: origin_shown(call.origin),
        missing_scopes: match code {
            RefusalCode::InsufficientScope => record.scopes().missing(call.scopes),
            _ => Vec::new(),
        },
        ended_at: record.ended_at(code),
        refused_by: by.map(|by| by.label.to_string()),
        retry_after_seconds: by.and_then(|by| by.retry_after_seconds),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn refused(refusals: &Refusals, request: u128) {
        let call = Call { request_id: Some(Uuid::from_u128(request)), ..Call::with("") };
        // Each call has its second, so that no budget is used up.
        let at = Duration::from_secs(u64::try_from(request).unwrap());
        let ticks: Ticks = Arc::new(move || at);
        refusals.note(&Record::decoy(), RefusalCode::KeyDisabled, &call, Instant::from_millis(0), &ticks, None);
    }

    fn found(refusals: &Refusals, request: u128) -> usize {
        refusals.of_request(Uuid::from_u128(request), KeyId(Uuid::nil())).len()
    }

    #[test]
    fn the_newest_wait_and_the_others_are_counted() {
        let refusals = Refusals::new();
        for request in 0..WAITING as u128 + 3 {
            refused(&refusals, request);
        }
        assert_eq!((found(&refusals, 2), found(&refusals, 3), found(&refusals, WAITING as u128 + 2)), (0, 1, 1));
        let counted = RefusalCounters { kept: WAITING as u64 + 3, left_out: 0, lost: 3, waiting: WAITING as u64 };
        assert_eq!(refusals.counters(), counted);
    }

    #[test]
    fn a_refusal_is_found_while_it_is_written_down_and_when_that_failed() {
        let refusals = Refusals::new();
        refused(&refusals, 1);
        refused(&refusals, 2);
        let writing = refusals.begin_writing();
        assert_eq!((writing.len(), found(&refusals, 1)), (2, 1));
        refused(&refusals, 3);
        refusals.wrote(writing.keys().nth(1).copied());
        assert_eq!((found(&refusals, 1), found(&refusals, 2), found(&refusals, 3)), (0, 1, 1));
        refusals.begin_writing();
        refusals.wrote(None);
        assert_eq!(refusals.counters().waiting, 0);
    }

    #[test]
    fn another_key_s_refusal_is_not_found() {
        let refusals = Refusals::new();
        refused(&refusals, 1);
        assert!(refusals.of_request(Uuid::from_u128(1), KeyId(Uuid::from_u128(9))).is_empty());
    }

    #[test]
    fn a_call_that_nobody_can_ask_about_is_not_kept() {
        let refusals = Refusals::new();
        let ticks: Ticks = Arc::new(|| Duration::ZERO);
        refusals.note(
            &Record::decoy(),
            RefusalCode::KeyDisabled,
            &Call::with(""),
            Instant::from_millis(0),
            &ticks,
            None,
        );
        assert_eq!(refusals.counters(), RefusalCounters::default());
    }
}
