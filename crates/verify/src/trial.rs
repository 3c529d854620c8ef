//! Report only: a restriction of a key that is tried. Calls that are allowed are also checked against it, and what it would have
//! refused is counted here until it is written down. It refuses nothing.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{
        AtomicBool, AtomicU64,
        Ordering::{AcqRel, Relaxed},
    },
};

use model::{
    CallFacts, Code, Environment, Instant, KeyId, Restriction, ScopeSet, TRIAL_ABOUT_MAX, TRIAL_FINDINGS_MAX, Trial,
    TrialFinding, TrialFindingOf,
};
use store::TrialDelta;

use crate::shown::origin_shown;

/// A trial, with what was counted of it and is not written down yet. Each record of its key has one of its own.
#[derive(Debug)]
pub(crate) struct Tried {
    key: KeyId,
    trial: Trial,
    queued: AtomicBool,
    checked: AtomicU64,
    /// At most [`TRIAL_FINDINGS_MAX`], and one for each code.
    findings: Mutex<Vec<TrialFinding>>,
}

impl Tried {
    pub(crate) fn new(key: KeyId, trial: Trial) -> Arc<Self> {
        Arc::new(Self {
            key,
            trial,
            queued: AtomicBool::new(false),
            checked: AtomicU64::new(0),
            findings: Mutex::default(),
        })
    }

    /// Checks a call that was allowed. What passes allocates nothing.
    pub(crate) fn check(&self, environment: Environment, call: CallFacts<'_>, now: Instant) -> Checked {
        if now >= self.trial.ends_at {
            return Checked { asks: false, no_room: false };
        }
        let Restriction { scopes, allowed_ips, allowed_origins } = &self.trial.restriction;
        let code = model::decide_living(environment, allowed_ips, allowed_origins, scopes, call);
        let no_room = code != Code::Valid && !self.note(finding(code, scopes, call, now));
        // Pairs with the swap in `take`, as for usage: whoever adds after it was taken sees that it is no longer queued.
        self.checked.fetch_add(1, AcqRel);
        Checked { asks: !self.queued.load(Relaxed) && self.requeue(), no_room }
    }

    /// False: there is no room of its own for it.
    fn note(&self, new: TrialFinding) -> bool {
        let mut findings = self.findings();
        let known = findings.iter_mut().find(|known| known.code == new.code && known.of == new.of);
        if let Some(known) = known {
            known.calls = known.calls.saturating_add(new.calls);
            known.first_at = known.first_at.min(new.first_at);
            known.last_at = known.last_at.max(new.last_at);
            return true;
        }
        let room = findings.len() < TRIAL_FINDINGS_MAX || new.of.is_none();
        if room {
            findings.push(new);
        } else {
            drop(findings);
            self.note(TrialFinding { of: None, ..new });
        }
        room
    }

    fn findings(&self) -> MutexGuard<'_, Vec<TrialFinding>> {
        self.findings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Marks it as waiting to be written down. False: it waits already.
    pub(crate) fn requeue(&self) -> bool {
        !self.queued.swap(true, Relaxed)
    }

    /// Takes what was counted so far; the next call asks again for it to be written down.
    pub(crate) fn take(&self) -> TrialDelta {
        self.queued.store(false, Relaxed);
        TrialDelta {
            key: self.key,
            started_at: self.trial.started_at,
            checked: self.checked.swap(0, AcqRel),
            findings: std::mem::take(&mut *self.findings()),
        }
    }

    /// Puts back what could not be written down.
    pub(crate) fn put_back(&self, delta: TrialDelta) {
        self.checked.fetch_add(delta.checked, AcqRel);
        for finding in delta.findings {
            self.note(finding);
        }
    }
}

/// What becomes of a call that was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Checked {
    /// The trial is not queued to be written down yet.
    pub(crate) asks: bool,
    /// There was no room to say what the call had in common with others.
    pub(crate) no_room: bool,
}

fn finding(code: Code, scopes: &ScopeSet, call: CallFacts<'_>, now: Instant) -> TrialFinding {
    let about = match code {
        Code::InsufficientScope => missing(scopes, call),
        Code::OriginNotAllowed => origin_shown(call.origin).unwrap_or_default(),
        _ => String::new(),
    };
    let address = call.ip.map(|address| address.to_canonical());
    TrialFinding { code, of: Some(TrialFindingOf { about, address }), calls: 1, first_at: now, last_at: now }
}

/// The scopes that the call would lack, as many as there is room for.
fn missing(scopes: &ScopeSet, call: CallFacts<'_>) -> String {
    let mut text = String::new();
    for scope in scopes.missing(call.wanted) {
        if text.len() + 1 + scope.as_str().len() > TRIAL_ABOUT_MAX {
            break;
        }
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(scope.as_str());
    }
    text
}

/// Trials with something that is not written down yet: each is here once, so they are no more than records of keys that are tried.
#[derive(Default)]
pub(crate) struct Trials {
    waiting: Mutex<Vec<Arc<Tried>>>,
    no_room: AtomicU64,
}

impl Trials {
    pub(crate) fn check(&self, tried: &Arc<Tried>, environment: Environment, call: CallFacts<'_>, now: Instant) {
        let Checked { asks, no_room } = tried.check(environment, call, now);
        if no_room {
            self.no_room.fetch_add(1, Relaxed);
        }
        if asks {
            self.waiting().push(Arc::clone(tried));
        }
    }

    pub(crate) fn waiting(&self) -> MutexGuard<'_, Vec<Arc<Tried>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls that a trial would have refused and of which only their number is kept.
    pub(crate) fn no_room(&self) -> u64 {
        self.no_room.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use model::{AcceptedEnvironment, CallOrigin, Network, NetworkSet, OriginPattern, OriginSet, Scope};
    use uuid::Uuid;

    use super::*;

    const NOW: Instant = Instant::from_millis(1_000);

    fn scope(text: &str) -> Scope {
        Scope::parse(text).unwrap()
    }

    fn tried() -> Arc<Tried> {
        let restriction = Restriction {
            scopes: [scope("calls:read")].into_iter().collect(),
            allowed_ips: NetworkSet::new([Network::parse("192.0.2.0/24").unwrap()]).unwrap(),
            allowed_origins: OriginSet::new(["https://a.example".parse::<OriginPattern>().unwrap()]).unwrap(),
        };
        let trial = Trial { started_at: Instant::from_millis(0), ends_at: Instant::from_millis(2_000), restriction };
        Tried::new(KeyId(Uuid::nil()), trial)
    }

    fn call<'a>(wanted: &'a [Scope], address: &str, origin: &'a str) -> CallFacts<'a> {
        CallFacts {
            wanted,
            environment: AcceptedEnvironment::Any,
            ip: Some(address.parse().unwrap()),
            origin: CallOrigin::Named(origin),
        }
    }

    /// Code, what it is about, address and calls of each finding.
    fn found(delta: &TrialDelta) -> Vec<(Code, String, u64)> {
        let words =
            |of: &TrialFindingOf| format!("{}|{}", of.about, of.address.map_or(String::new(), |ip| ip.to_string()));
        let row = |of: &TrialFinding| (of.code, of.of.as_ref().map_or("rest".to_owned(), words), of.calls);
        delta.findings.iter().map(row).collect()
    }

    #[test]
    fn calls_are_counted_by_the_first_reason_in_the_order_of_the_real_checks() {
        let tried = tried();
        let (read, write) = ([scope("calls:read")], [scope("calls:make"), scope("calls:read"), scope("data:read")]);
        let check = |call: CallFacts<'_>| tried.check(Environment::Live, call, NOW);
        assert!(check(call(&read, "192.0.2.7", "https://a.example")).asks, "the first asks to be written down");
        assert!(!check(call(&read, "192.0.2.7", "https://a.example")).asks, "once");
        for _ in 0..2 {
            check(call(&write, "198.51.100.4", "https://b.example"));
            check(call(&write, "192.0.2.7", "https://b.example"));
            check(call(&write, "::ffff:192.0.2.7", "https://a.example"));
        }
        check(CallFacts { ip: None, ..call(&[], "192.0.2.7", "https://a.example") });
        let delta = tried.take();
        assert_eq!(delta.checked, 9);
        assert_eq!(
            found(&delta),
            [
                (Code::IpNotAllowed, "|198.51.100.4".to_owned(), 2),
                (Code::OriginNotAllowed, "https://b.example|192.0.2.7".to_owned(), 2),
                (Code::InsufficientScope, "calls:make data:read|192.0.2.7".to_owned(), 2),
                (Code::IpNotAllowed, "|".to_owned(), 1),
            ]
        );
        assert_eq!(tried.take().findings, [], "they are taken once");
        assert!(check(call(&read, "192.0.2.7", "https://a.example")).asks, "again");
    }

    #[test]
    fn nothing_is_checked_once_it_is_over() {
        let tried = tried();
        let over = Instant::from_millis(2_000);
        let checked = tried.check(Environment::Live, call(&[], "198.51.100.4", "https://b.example"), over);
        assert_eq!(checked, Checked { asks: false, no_room: false });
        assert_eq!(tried.take().checked, 0);
    }

    #[test]
    fn a_stranger_fills_no_more_than_there_is_room_for_and_every_call_is_counted() {
        let tried = tried();
        let mut no_room = 0;
        for number in 0..250_u8 {
            let address = format!("198.51.100.{number}");
            let checked = tried.check(Environment::Live, call(&[], &address, "https://a.example"), NOW);
            no_room += u64::from(checked.no_room);
        }
        let long = format!("https://{}.example", "x".repeat(500));
        tried.check(Environment::Live, call(&[], "192.0.2.7", &long), NOW);
        let delta = tried.take();
        assert_eq!(delta.findings.len(), TRIAL_FINDINGS_MAX + 2, "a hundred, and the rest of either code");
        assert_eq!(delta.findings.iter().map(|of| of.calls).sum::<u64>(), 251);
        assert_eq!(no_room, 150);
        tried.put_back(delta.clone());
        assert_eq!(tried.take(), delta, "what could not be written down waits");
    }

    #[test]
    fn texts_of_strangers_are_short() {
        let wanted: Vec<Scope> = (0..100).map(|number| scope(&format!("resource{number}:action"))).collect();
        let tried = tried();
        tried.check(Environment::Live, call(&wanted, "192.0.2.7", "https://a.example"), NOW);
        let delta = tried.take();
        let about = &delta.findings[0].of.as_ref().unwrap().about;
        assert!(about.len() <= TRIAL_ABOUT_MAX && about.starts_with("resource0:action resource1:action"), "{about}");
    }
}
