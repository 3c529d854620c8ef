//! Limits beside a model that is slow and obviously right: it remembers each call that passed, and counts.
//!
//! Schedules are random: calls of several costs, pauses, and steps of the clock that people set, forwards and back. Rate limits are
//! measured by the clock that nobody sets, and quotas by the calendar of the other.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use domain::{Clock, Keydesk, NewKey, OpenOptions};
use model::{Code, Instant, Period, Quotas, RateLimits, SettingsPatch, TimeZone};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::json;
use store::testing::TestDatabase;
use tokio::runtime::Runtime;
use verify::Call;

use crate::test_keydesk::call;

/// A clock that people set beside one that nobody does.
struct TwoClocks {
    wall: AtomicI64,
    elapsed: AtomicU64,
}

impl Clock for TwoClocks {
    fn now(&self) -> Instant {
        Instant::from_millis(self.wall.load(SeqCst))
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.elapsed.load(SeqCst))
    }

    fn of_database(&self, _said: Instant) -> Instant {
        self.now()
    }
}

#[derive(Clone, Debug)]
enum Step {
    /// A call of this cost.
    Call(u64),
    /// So many milliseconds pass.
    Pass(i64),
    /// Somebody sets the clock by so many.
    Set(i64),
    /// What was leased and not needed for long is given back, as a running node does now and then.
    GiveBack,
    /// The first quota is another one from now on.
    Limit(u64),
}

fn step() -> impl Strategy<Value = Step> {
    const HOUR: i64 = 3_600_000;
    prop_oneof![
        12 => (0_u64..5).prop_map(Step::Call),
        4 => (1_i64..3_000).prop_map(Step::Pass),
        1 => (1_i64..2 * HOUR).prop_map(Step::Pass),
        1 => (-30 * HOUR..30 * HOUR).prop_map(Step::Set),
        1 => (-5_000_i64..5_000).prop_map(Step::Set),
        1 => Just(Step::GiveBack),
        1 => (0_u64..12).prop_map(Step::Limit),
    ]
}

#[derive(Clone, Debug)]
struct Rate {
    limit: u64,
    window: u64,
    burst: u64,
}

#[derive(Clone, Debug)]
struct Quota {
    limit: u64,
    period: Period,
    zone: &'static str,
}

fn rate() -> impl Strategy<Value = Rate> {
    (1_u64..9, 1_u64..20, 0_u64..9).prop_map(|(limit, window, less)| Rate {
        limit,
        window,
        burst: limit.saturating_sub(less).max(1),
    })
}

fn quota() -> impl Strategy<Value = Quota> {
    let periods = prop::sample::select(vec![Period::Hour, Period::Day, Period::Month]);
    let zones = prop::sample::select(vec!["UTC", "Europe/Zurich", "Australia/Lord_Howe"]);
    (0_u64..20, periods, zones).prop_map(|(limit, period, zone)| Quota { limit, period, zone })
}

/// A call that passed: when, by both clocks, and what it cost.
type Passed = (u64, Instant, u64);

/// Why a call waits: for so many seconds, or for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Wait {
    Seconds(u64),
    ForEver,
}

/// How a call is answered: who refuses it, if anybody, and what is left of each limit.
#[derive(PartialEq, Eq)]
struct Answer {
    refused: Option<(Code, String, Option<u64>)>,
    left: Vec<u64>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?}", self.refused, self.left)
    }
}

/// The slow model.
struct Model {
    rates: Vec<Rate>,
    quotas: Vec<Quota>,
    passed: Vec<Passed>,
}

impl Model {
    /// Whether a rate lets a call pass at this millisecond: there is no window, however long, with more than the burst and what comes
    /// back in it.
    fn fits(&self, rate: &Rate, cost: u64, tick: u64) -> bool {
        let interval = rate.window * 1_000_000_000 / rate.limit;
        let mut in_window = cost;
        cost <= rate.burst
            && self.passed.iter().rev().all(|(at, _, cost)| {
                in_window += cost;
                in_window <= rate.burst || (in_window - rate.burst) * interval <= (tick - at) * 1_000_000
            })
    }

    fn rate_wait(&self, rate: &Rate, cost: u64, tick: u64) -> Option<Wait> {
        if cost > rate.burst {
            return Some(Wait::ForEver);
        }
        let seconds = (0..).find(|seconds| self.fits(rate, cost, tick + seconds * 1_000))?;
        (seconds > 0).then_some(Wait::Seconds(seconds))
    }

    fn taken(&self, quota: &Quota, now: Instant) -> u64 {
        let period = quota.zone.parse::<TimeZone>().unwrap().period(quota.period, now);
        self.passed.iter().filter(|(_, at, _)| period.contains(*at)).map(|(.., cost)| cost).sum()
    }

    fn quota_wait(&self, quota: &Quota, cost: u64, now: Instant) -> Option<Wait> {
        if cost > quota.limit {
            return Some(Wait::ForEver);
        }
        let end = quota.zone.parse::<TimeZone>().unwrap().period(quota.period, now).end;
        let seconds = u64::try_from(end.as_millis() - now.as_millis()).unwrap().div_ceil(1_000);
        (cost > 0 && self.taken(quota, now) + cost > quota.limit).then_some(Wait::Seconds(seconds))
    }

    fn answer(&mut self, cost: u64, tick: u64, now: Instant) -> Answer {
        let mut longest: Option<(Wait, Code, String)> = None;
        let rates = self
            .rates
            .iter()
            .enumerate()
            .map(|(place, rate)| (self.rate_wait(rate, cost, tick), Code::RateLimited, format!("r{place}")));
        let quotas = self
            .quotas
            .iter()
            .enumerate()
            .map(|(place, quota)| (self.quota_wait(quota, cost, now), Code::QuotaExceeded, format!("q{place}")));
        for (wait, code, name) in rates.chain(quotas) {
            if let Some(wait) = wait
                && longest.as_ref().is_none_or(|(longest, ..)| wait > *longest)
            {
                longest = Some((wait, code, name));
            }
        }
        if longest.is_none() && cost > 0 {
            self.passed.push((tick, now, cost));
        }
        let of_rate = |rate: &Rate| (0..=rate.burst).rev().find(|cost| self.fits(rate, *cost, tick)).unwrap_or(0);
        let of_quota = |quota: &Quota| quota.limit.saturating_sub(self.taken(quota, now));
        let left = self.rates.iter().map(of_rate).chain(self.quotas.iter().map(of_quota)).collect();
        let refused = longest.map(|(wait, code, name)| {
            (code, name, if let Wait::Seconds(seconds) = wait { Some(seconds) } else { None })
        });
        Answer { refused, left }
    }
}

/// Keydesk, as the model sees it.
struct Real {
    keydesk: Keydesk,
    clock: Arc<TwoClocks>,
    operator: domain::Caller,
    _database: TestDatabase,
}

impl Real {
    async fn open() -> Self {
        let database = TestDatabase::sqlite().await;
        // A month before the clocks of Zurich and of Lord Howe change.
        let start: Instant = "2027-03-01T00:00:00Z".parse().unwrap();
        let clock = Arc::new(TwoClocks { wall: AtomicI64::new(start.as_millis()), elapsed: AtomicU64::new(1) });
        let mut options = OpenOptions::founding(database.address(), database.dir());
        options.clock = Arc::clone(&clock) as Arc<dyn Clock>;
        let keydesk = Keydesk::open(options).await.unwrap();
        let installation = keydesk.installation("default").await.unwrap().unwrap().id;
        Self { keydesk, clock, operator: domain::Caller::operator(installation), _database: database }
    }

    fn settings(rates: &[Rate], quotas: &[Quota]) -> SettingsPatch {
        let rate = |(place, Rate { limit, window, burst }): (usize, &Rate)| json!({"name": format!("r{place}"), "limit": limit, "window_seconds": window, "burst": burst});
        let quota = |(place, Quota { limit, period, zone }): (usize, &Quota)| json!({"name": format!("q{place}"), "limit": limit, "period": period, "time_zone": zone});
        let rates: RateLimits = serde_json::from_value(rates.iter().enumerate().map(rate).collect()).unwrap();
        let quotas: Quotas = serde_json::from_value(quotas.iter().enumerate().map(quota).collect()).unwrap();
        SettingsPatch { rate_limits: Some(rates), quotas: Some(quotas), ..SettingsPatch::name("Acme") }
    }

    async fn answer(&self, key: &str, cost: u64) -> Answer {
        let verdict = self.keydesk.verifier().verify(Call { cost, ..call(key) }, self.keydesk.now()).await.unwrap();
        let refused = verdict.refused_by.map(|by| (verdict.code, by.label.to_string(), by.retry_after_seconds));
        assert_eq!(refused.is_none(), verdict.allowed(), "{verdict:?}");
        Answer { refused, left: verdict.limits.iter().map(|limit| limit.remaining).collect() }
    }

    /// Each call of the schedule is answered as the model answers it.
    async fn follows(&self, mut model: Model, steps: &[Step]) -> Result<(), TestCaseError> {
        let new = NewKey::of(Self::settings(&model.rates, &model.quotas));
        let issued = self.keydesk.issue(&self.operator, new).await.unwrap();
        let key = issued.secret.expose();
        for (number, step) in steps.iter().enumerate() {
            let (tick, now) = (self.clock.elapsed.load(SeqCst), self.keydesk.now());
            match *step {
                Step::Call(cost) => {
                    let expected = model.answer(cost, tick, now);
                    let answer = self.answer(key, cost).await;
                    prop_assert_eq!(
                        answer,
                        expected,
                        "step {} of {:?} {:?} at {}",
                        number,
                        model.rates,
                        model.quotas,
                        now
                    );
                }
                Step::Pass(ms) => {
                    self.clock.elapsed.fetch_add(ms.unsigned_abs(), SeqCst);
                    self.clock.wall.fetch_add(ms, SeqCst);
                }
                Step::Set(ms) => {
                    self.clock.wall.fetch_add(ms, SeqCst);
                }
                Step::GiveBack => self.keydesk.verifier().give_quotas_back(false).await,
                Step::Limit(limit) => {
                    let Some(first) = model.quotas.first_mut() else { continue };
                    first.limit = limit;
                    let SettingsPatch { quotas, .. } = Self::settings(&[], &model.quotas);
                    let patch = SettingsPatch { quotas, ..SettingsPatch::default() };
                    self.keydesk.update(&self.operator, issued.key.id, patch, None).await.unwrap();
                }
            }
        }
        Ok(())
    }
}

#[test]
fn every_call_of_a_random_schedule_is_answered_as_the_slow_model_answers_it() {
    let runtime = Runtime::new().unwrap();
    // Whatever ends with the test ends inside of it.
    let _inside = runtime.enter();
    let real = runtime.block_on(Real::open());
    let schedules = (
        prop::collection::vec(rate(), 0..3),
        prop::collection::vec(quota(), 0..3),
        prop::collection::vec(step(), 1..120),
    );
    let mut runner = TestRunner::new(Config { cases: 96, failure_persistence: None, ..Config::default() });
    let followed = runner.run(&schedules, |(rates, quotas, steps)| {
        runtime.block_on(real.follows(Model { rates, quotas, passed: Vec::new() }, &steps))
    });
    followed.unwrap_or_else(|failure| panic!("{failure}"));
}
