//! Limits under every order in which threads can run that a scheduler comes up with: the very files of the crate, with its locks
//! exchanged for those of `shuttle`, which switches threads at each of them.

#![expect(dead_code, unreachable_pub, reason = "the files are those of the crate, and the test needs a part of them")]

mod sync {
    pub(crate) use shuttle::sync::{Mutex, MutexGuard, atomic::AtomicBool};
}

#[path = "../src/limits"]
mod limits {
    pub(crate) mod decide;
    pub(crate) mod elsewhere;
    pub(crate) mod held;
    pub(crate) mod limit_state;
    pub(crate) mod meters;
    pub(crate) mod quota_state;
    pub(crate) mod spec;
    pub(crate) mod used;
    pub(crate) mod zones;
}

use std::sync::Arc;

use model::{InstallationId, Instant, KeyId, RateState, Scope};
use shuttle::{
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    thread,
};
use uuid::Uuid;

use crate::limits::{
    decide::{Around, Ask, Decision, decide},
    elsewhere::{Answers, Elsewhere, Question},
    meters::{Meters, Owner},
    spec::Spec,
    used::Used,
    zones::Zones,
};

const RUNS: usize = 1_500;
const NOW: Instant = Instant::from_millis(1_795_382_400_000);

fn spec(rates: &str, quotas: &str) -> Arc<Spec> {
    Arc::new(Spec::new(
        &serde_json::from_str(rates).expect("rate limits"),
        &serde_json::from_str(quotas).expect("quotas"),
    ))
}

fn meters(owner: Owner, spec: &Arc<Spec>) -> Meters {
    let meters = Meters::new(InstallationId(Uuid::nil()), owner);
    meters.lock().adopt(1, spec, |_| RateState::default());
    meters
}

/// A call at an instant at which nothing comes back. True: it passes. Whoever must ask the database is given its answer.
fn passes(key: &Arc<Meters>, above: &Arc<Meters>, cost: u64) -> bool {
    let (ticks, zones, settled) = (|| 7, Zones::default(), Arc::default());
    let elsewhere = Elsewhere::None;
    let around = Around { ticks: &ticks, zones: &zones, nodes: 1, elsewhere, settled: &settled };
    loop {
        match decide([Some(key), Some(above), None], Ask { wanted: None, cost, now: NOW, answers: None }, around)
            .decision
        {
            Decision::Passes(_) => return true,
            Decision::Refused(..) => return false,
            Decision::Asks => lease(key),
            Decision::Elsewhere(_) | Decision::Held | Decision::Again => unreachable!("all is decided here"),
        }
    }
}

/// The database of this test: it has the calls of the quota that are not leased yet, in the state itself.
fn lease(meters: &Meters) {
    let mut state = meters.lock();
    let spec = Arc::clone(&state.spec);
    for (spec, quota) in spec.quotas.iter().zip(&mut state.quotas) {
        let Some((least, _)) = quota.wants(7) else { continue };
        let unleased = quota.unused(spec.limit) - quota.left();
        let given = if least <= unleased { least } else { 0 };
        quota.leased(spec.limit - unleased + given, given, spec.limit, 7);
    }
}

fn passing(
    key_limits: (&'static str, &'static str),
    above: (&'static str, &'static str),
    costs: &'static [u64],
) -> impl Fn() -> u64 {
    move || {
        let key = Arc::new(meters(Owner::Key(KeyId(Uuid::nil())), &spec(key_limits.0, key_limits.1)));
        let above = Arc::new(meters(Owner::Installation, &spec(above.0, above.1)));
        let passed = Arc::new(AtomicU64::new(0));
        let callers: Vec<_> = (0..3)
            .map(|_| {
                let (key, above, passed) = (Arc::clone(&key), Arc::clone(&above), Arc::clone(&passed));
                thread::spawn(move || {
                    for cost in costs {
                        if passes(&key, &above, *cost) {
                            passed.fetch_add(*cost, SeqCst);
                        }
                    }
                })
            })
            .collect();
        callers.into_iter().for_each(|caller| caller.join().expect("no panic"));
        passed.load(SeqCst)
    }
}

#[test]
fn as_many_calls_pass_as_the_least_limit_allows_in_every_order() {
    let none = ("[]", "[]");
    let burst = (r#"[{"name":"a","limit":4,"window_seconds":60}]"#, "[]");
    let quota = ("[]", r#"[{"name":"q","limit":5,"period":"day"}]"#);
    let both = (r#"[{"name":"a","limit":6,"window_seconds":60}]"#, r#"[{"name":"q","limit":5,"period":"day"}]"#);
    for (key, above, costs, expected) in [
        (burst, none, &[1, 1, 1][..], 4),
        (none, burst, &[1, 1, 1], 4),
        (quota, none, &[1, 1, 1], 5),
        (both, burst, &[1, 1, 1], 4),
        (quota, burst, &[1, 1, 1], 4),
        // Each caller has a call of 1 for what a call of 2 leaves.
        (quota, none, &[2, 1, 1], 5),
    ] {
        let run = passing(key, above, costs);
        shuttle::check_random(move || assert_eq!(run(), expected, "{key:?} {above:?}"), RUNS);
    }
}

#[test]
fn a_limit_that_changes_under_calls_lets_no_more_pass_than_the_larger_allows() {
    let run = || {
        let small = spec(r#"[{"name":"a","limit":2,"window_seconds":60}]"#, "[]");
        let large = spec(r#"[{"name":"a","limit":4,"window_seconds":60}]"#, "[]");
        let key = Arc::new(meters(Owner::Key(KeyId(Uuid::nil())), &small));
        let above = Arc::new(meters(Owner::Installation, &Arc::default()));
        let editor = {
            let key = Arc::clone(&key);
            thread::spawn(move || {
                for (epoch, spec) in [(3, &large), (2, &small)] {
                    key.lock().adopt(epoch, spec, |_| RateState::default());
                }
            })
        };
        let callers: Vec<_> = (0..2)
            .map(|_| {
                let (key, above) = (Arc::clone(&key), Arc::clone(&above));
                thread::spawn(move || (0..3).filter(|_| passes(&key, &above, 1)).count())
            })
            .collect();
        let passed: usize = callers.into_iter().map(|caller| caller.join().unwrap()).sum();
        editor.join().unwrap();
        let rest = (0..6).filter(|_| passes(&key, &above, 1)).count();
        // What was taken of the smaller one counts for twice as much of the larger.
        assert!((2..=4).contains(&(passed + rest)), "{passed} {rest}");
        // The older change came later, and did not take the place of the newer.
        assert_eq!(key.lock().spec.rates[0].limit, 4);
    };
    shuttle::check_random(run, RUNS);
}

/// Rate limits that are decided elsewhere: there are so many calls, and none comes back.
struct Redis {
    left: Mutex<u64>,
    given_back: AtomicU64,
}

/// A call whose rate limits are decided there. Whatever it was granted and did not need it gives back.
fn passes_with(redis: &Redis, key: &Arc<Meters>, above: &Arc<Meters>, wanted: &[Scope]) -> bool {
    let (ticks, zones, settled) = (|| 7, Zones::default(), Arc::default());
    let around = Around { ticks: &ticks, zones: &zones, nodes: 1, elsewhere: Elsewhere::All, settled: &settled };
    let mut answers: Option<Answers> = None;
    loop {
        let ask = Ask { wanted: Some(wanted), cost: 1, now: NOW, answers: answers.as_ref() };
        let decision = decide([Some(key), Some(above), None], ask, around).decision;
        let passes = matches!(decision, Decision::Passes(_));
        if answers.take().is_some_and(|answers| answers.taken) && !passes {
            redis.given_back.fetch_add(1, SeqCst);
            *redis.left.lock().expect("nobody panics with it") += 1;
        }
        match decision {
            Decision::Passes(_) => return true,
            Decision::Refused(..) => return false,
            Decision::Asks => lease(key),
            Decision::Again => {}
            Decision::Held => thread::yield_now(),
            Decision::Elsewhere(Question { asked, takes, held, elsewhere }) => {
                let mut left = redis.left.lock().expect("nobody panics with it");
                let taken = takes && *left > 0;
                let taken_for = asked.iter().map(|asked| if *left > 0 { 0 } else { asked.rate.tolerance() }).collect();
                *left -= u64::from(taken);
                answers = Some(Answers { asked, taken_for, cost: 1, taken, held, elsewhere });
            }
        }
    }
}

#[test]
fn what_a_quota_refuses_takes_nothing_elsewhere_not_even_for_a_moment() {
    let run = || {
        let rates = r#"[{"name":"a","limit":3,"window_seconds":60}]"#;
        let quotas = r#"[{"name":"q","limit":1,"period":"day","scopes":["calls:make"]}]"#;
        let key = Arc::new(meters(Owner::Key(KeyId(Uuid::nil())), &spec(rates, quotas)));
        let above = Arc::new(meters(Owner::Installation, &Arc::default()));
        let redis = Arc::new(Redis { left: Mutex::new(3), given_back: AtomicU64::new(0) });
        let callers: Vec<_> = ["calls:make", "calls:make", "calls:read", "calls:read"]
            .into_iter()
            .map(|wanted| {
                let (key, above, redis) = (Arc::clone(&key), Arc::clone(&above), Arc::clone(&redis));
                thread::spawn(move || passes_with(&redis, &key, &above, &[wanted.parse().expect("a scope")]))
            })
            .collect();
        let passed: Vec<_> = callers.into_iter().map(|caller| caller.join().unwrap()).collect();
        // One makes a call and two read: there is a call for each of them, whoever comes first.
        assert_eq!((passed[0] ^ passed[1], passed[2], passed[3]), (true, true, true), "{passed:?}");
        assert_eq!((redis.given_back.load(SeqCst), *redis.left.lock().unwrap()), (0, 0));
    };
    shuttle::check_random(run, RUNS);
}

#[test]
fn what_is_refused_elsewhere_gives_a_quota_back_to_whoever_waits_for_it() {
    let run = || {
        let rates = r#"[{"name":"a","limit":1,"window_seconds":60,"scopes":["calls:make"]},
            {"name":"b","limit":9,"window_seconds":60}]"#;
        let quotas = r#"[{"name":"q","limit":1,"period":"day"}]"#;
        let key = Arc::new(meters(Owner::Key(KeyId(Uuid::nil())), &spec(rates, quotas)));
        let above = Arc::new(meters(Owner::Installation, &Arc::default()));
        // Nobody may make a call, and one may read.
        let [none, some] = [0, 9].map(|left| Arc::new(Redis { left: Mutex::new(left), given_back: AtomicU64::new(0) }));
        let callers: Vec<_> = [(&none, "calls:make"), (&none, "calls:make"), (&some, "calls:read")]
            .into_iter()
            .map(|(redis, wanted)| {
                let (key, above, redis) = (Arc::clone(&key), Arc::clone(&above), Arc::clone(redis));
                thread::spawn(move || passes_with(&redis, &key, &above, &[wanted.parse().expect("a scope")]))
            })
            .collect();
        let passed: Vec<_> = callers.into_iter().map(|caller| caller.join().unwrap()).collect();
        assert_eq!(passed, [false, false, true]);
    };
    shuttle::check_random(run, RUNS);
}

#[test]
fn whatever_was_taken_from_is_gone_through_once() {
    let run = || {
        let burst = spec(r#"[{"name":"a","limit":4,"window_seconds":60}]"#, "[]");
        let key = Arc::new(meters(Owner::Key(KeyId(Uuid::nil())), &burst));
        let above = Arc::new(meters(Owner::Installation, &Arc::default()));
        let used = Arc::new(Used::default());
        // By a call that was refused, say.
        used.note(&key);
        let callers = (0..2).map(|_| {
            let (key, above, used) = (Arc::clone(&key), Arc::clone(&above), Arc::clone(&used));
            thread::spawn(move || {
                assert!(passes(&key, &above, 1));
                used.note(&key);
            })
        });
        let sweeper = {
            let used = Arc::clone(&used);
            thread::spawn(move || (0..2).for_each(|_| used.forget_idle(7)))
        };
        callers.chain([sweeper]).collect::<Vec<_>>().into_iter().for_each(|thread| thread.join().unwrap());
        let mut seen = 0;
        used.each(|meters| seen += u32::from(Arc::ptr_eq(meters, &key)));
        assert_eq!(seen, 1);
        used.forget_idle(u64::MAX);
        assert_eq!(used.len(), 0, "all is given back");
    };
    shuttle::check_random(run, RUNS);
}
