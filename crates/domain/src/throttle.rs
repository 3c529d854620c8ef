//! Slows down whoever guesses passwords, and keeps nobody out who has the right one.
//!
//! An attempt is counted before its password is checked, and gets its count back when it was right. What is counted depends
//! on where it comes from:
//!
//! - **From a browser that has signed in to the account before** ([`crate::device`]): that browser alone. No number of
//!   guesses from elsewhere makes it wait. A stolen token allows 10 guesses, and then one a minute.
//! - **From anywhere else**: the account and the network together, the network over all accounts, the account over all
//!   networks, and all of these attempts together, since each costs the time of hashing a password. A network is an IPv4
//!   address or an IPv6 /64; an IPv6 /48, which one customer can have whole, is counted too, with a larger allowance. Where
//!   the account has signed in from a network lately, only what comes from there is counted.
//! - **Behind a proxy that nobody named** every attempt has the proxy's address, which says nothing: the account is counted,
//!   and all attempts together.
//!
//! So guesses are bounded: at an account from one network (5, then one a minute), from one network at all accounts (20, then
//! one a minute), from an IPv6 /48 (20 at an account, then one a minute; 80 at all, then one in 10 s), and from any number
//! of networks at an account: 40, then two in 5 s, some 35,000 a day. A password that is accepted survives 50 million
//! guesses (`zxcvbn`, score 3), which take four years.
//!
//! And nobody is kept out for good. An account's own count makes nobody wait longer than 5 s, and has two lanes: networks
//! that have failed 3 times at the account share one, and all others the other. So whoever comes from a network that has not
//! guessed competes with networks that are as new, of which an attacker must bring another for every 3 guesses. What one
//! network does, or one /48 with each of its networks, ends at its own count, and does not fill the account's. Only when
//! more than 10 attempts a second come from unknown places, whoever comes from one competes with them all. With a known
//! browser there is no competition at all.
//!
//! Memory is bounded: [`REMEMBERED`] entries of each kind, of a few bytes each, and an attempt looks up at most seven of
//! them, however many there are. When there are more, those that were not heard of again go first (`quick_cache`), each kind
//! apart from the others: no number of addresses pushes out the count of an account.

use std::{
    hash::{BuildHasher as _, Hash, RandomState},
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use model::AdminError;
use quick_cache::unsync::Cache;

pub(crate) const ID_LEN: usize = 16;

/// Tells browsers apart. Random, and the same for as long as a browser keeps signing in to the account.
pub(crate) type DeviceId = [u8; ID_LEN];

/// Entries of each kind that are remembered at most.
const REMEMBERED: usize = 10_000;
/// Of all kinds, and the accounts that have signed in.
pub(crate) const REMEMBERED_ALTOGETHER: usize = (Kind::ALL + 1) * REMEMBERED;
/// Failures are forgotten after this time without another.
const FORGOTTEN: Duration = Duration::from_secs(15 * 60);
/// A network that has failed this often at an account shares a lane with those that guess.
const GUESSING: u32 = 3;
/// Attempts from unknown places that may come at once, and the time in which another may: hashing their passwords takes a
/// fraction of one core.
const BURST: u32 = 100;
const EACH: Duration = Duration::from_millis(100);

/// Slows down whoever guesses passwords.
pub(crate) struct Throttle {
    /// Entries are found by a hash whose key is random: they are of one size, and nobody can choose which share one.
    hashes: RandomState,
    /// Whether addresses are those of a proxy that nobody named.
    behind_proxy: bool,
    state: Mutex<State>,
}

/// How an attempt is seen.
#[derive(Clone, Copy)]
pub(crate) enum Source {
    /// From a browser that has signed in to the account before.
    Device(DeviceId),
    /// From this address.
    Address(IpAddr),
}

/// The numbers of the throttle, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ThrottleCounters {
    /// Entries in memory.
    pub remembered: u64,
    /// Entries that had to make room for others.
    pub pushed_out: u64,
    /// Attempts that were told to wait.
    pub refused: u64,
}

/// The kinds of entries, each with a room of its own.
#[derive(Clone, Copy)]
enum Kind {
    Device,
    AccountFromNetwork,
    AccountFromSite,
    Network,
    Site,
    Account,
}

/// Attempts that cost nothing, since everybody mistypes, and the longest wait after more: it begins with a second and doubles.
struct Limit {
    free: u32,
    longest: Duration,
}

const fn limit(free: u32, longest_seconds: u64) -> Limit {
    Limit { free, longest: Duration::from_secs(longest_seconds) }
}

impl Kind {
    const ALL: usize = 6;

    const fn limit(self) -> Limit {
        match self {
            Self::Device => limit(10, 60),
            Self::AccountFromNetwork => limit(5, 60),
            Self::AccountFromSite => limit(20, 60),
            Self::Network => limit(20, 60),
            Self::Site => limit(80, 10),
            Self::Account => limit(20, 5),
        }
    }
}

/// One entry that an attempt is counted in.
#[derive(Clone, Copy)]
struct Subject(Kind, u64);

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last: Duration,
}

impl Failures {
    /// How long the next attempt has to wait.
    fn wait(self, limit: &Limit, now: Duration) -> Duration {
        let Some(over) = self.count.checked_sub(limit.free) else { return Duration::ZERO };
        let wait =
            1_u64.checked_shl(over).map_or(limit.longest, |seconds| limit.longest.min(Duration::from_secs(seconds)));
        wait.saturating_sub(now.saturating_sub(self.last))
    }
}

struct State {
    failures: [Cache<u64, Failures>; Kind::ALL],
    /// Accounts that have signed in, each with the network.
    known: Cache<u64, ()>,
    /// When all attempts from unknown places that were let through would be paid for, at one in [`EACH`].
    paid_until: Duration,
    pushed_out: u64,
    refused: u64,
}

impl State {
    fn failures(&self, Subject(kind, subject): Subject) -> Option<Failures> {
        self.failures[kind as usize].get(&subject).copied()
    }

    fn put(&mut self, Subject(kind, subject): Subject, failures: Failures) {
        let entries = &mut self.failures[kind as usize];
        let before = entries.len();
        let is_new = !entries.contains_key(&subject);
        entries.insert(subject, failures);
        let expected = before + usize::from(is_new);
        self.pushed_out += expected.saturating_sub(entries.len()) as u64;
    }

    /// An entry from a clock that was ahead counts as one of now: else it would make wait until that time has come.
    fn no_later_than(&mut self, subject: Subject, now: Duration) {
        if let Some(failures) = self.failures(subject).filter(|failures| failures.last > now) {
            self.put(subject, Failures { last: now, ..failures });
        }
    }

    /// Likewise for all attempts together.
    fn forget_the_future(&mut self, now: Duration) {
        self.paid_until = self.paid_until.min(now + EACH * BURST);
    }

    fn count(&mut self, subject: Subject, now: Duration) {
        let before = self.failures(subject).filter(|before| now.saturating_sub(before.last) < FORGOTTEN);
        let count = before.map_or(0, |before| before.count).saturating_add(1);
        self.put(subject, Failures { count, last: now });
    }

    /// How long whoever comes from an unknown place has to wait for all others who do.
    fn crowd(&self, now: Duration) -> Duration {
        self.paid_until.saturating_sub(now).saturating_sub(EACH * (BURST - 1))
    }
}

/// An attempt that was let through, and what it was counted in.
pub(crate) struct Counted {
    subjects: Vec<Subject>,
    from_unknown_place: bool,
    known: Option<u64>,
}

impl Throttle {
    pub(crate) fn new(behind_proxy: bool) -> Self {
        let state = State {
            failures: std::array::from_fn(|_| Cache::new(REMEMBERED)),
            known: Cache::new(REMEMBERED),
            paid_until: Duration::ZERO,
            pushed_out: 0,
            refused: 0,
        };
        Self { hashes: RandomState::new(), behind_proxy, state: Mutex::new(state) }
    }

    /// Counts an attempt as failed until [`Throttle::succeeded`] takes it back, or refuses it. It is counted before the
    /// password is checked, so that many attempts at once count as many.
    pub(crate) fn attempt(&self, account: &str, source: Source, now: Duration) -> Result<Counted, AdminError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.forget_the_future(now);
        let counted = self.sort(&state, account, source);
        for subject in &counted.subjects {
            state.no_later_than(*subject, now);
        }
        let own = counted.subjects.iter().map(|subject| {
            state.failures(*subject).map_or(Duration::ZERO, |failures| failures.wait(&subject.0.limit(), now))
        });
        let crowd = if counted.from_unknown_place { state.crowd(now) } else { Duration::ZERO };
        let wait = own.max().unwrap_or_default().max(crowd);
        if !wait.is_zero() {
            state.refused += 1;
            // Rounded up, so that whoever waits exactly that long is let in.
            let retry_after_seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            return Err(AdminError::TooManyAttempts { retry_after_seconds });
        }
        for subject in &counted.subjects {
            state.count(*subject, now);
        }
        if counted.from_unknown_place {
            state.paid_until = state.paid_until.max(now) + EACH;
        }
        Ok(counted)
    }

    /// The attempt succeeded: the account starts afresh from there, and shared counts get the attempt back.
    pub(crate) fn succeeded(&self, counted: Counted) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for subject in counted.subjects {
            let Subject(kind, key) = subject;
            if matches!(kind, Kind::Device | Kind::AccountFromNetwork | Kind::AccountFromSite) {
                state.failures[kind as usize].remove(&key);
            } else if let Some(failures) = state.failures(subject) {
                state.put(subject, Failures { count: failures.count.saturating_sub(1), ..failures });
            }
        }
        if counted.from_unknown_place {
            state.paid_until = state.paid_until.saturating_sub(EACH);
        }
        if let Some(known) = counted.known {
            state.known.insert(known, ());
        }
    }

    pub(crate) fn counters(&self) -> ThrottleCounters {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let remembered = state.failures.iter().map(Cache::len).sum::<usize>() + state.known.len();
        ThrottleCounters { remembered: remembered as u64, pushed_out: state.pushed_out, refused: state.refused }
    }

    /// What an attempt is counted in.
    fn sort(&self, state: &State, account: &str, source: Source) -> Counted {
        let address = match source {
            Source::Device(device) => {
                let subjects = vec![Subject(Kind::Device, self.hash(device))];
                return Counted { subjects, from_unknown_place: false, known: None };
            }
            Source::Address(address) => address.to_canonical(),
        };
        if self.behind_proxy {
            let subjects = vec![Subject(Kind::Account, self.hash((account, false)))];
            return Counted { subjects, from_unknown_place: true, known: None };
        }
        let (network, site) = (prefix(address, 64), prefix(address, 48));
        let mut subjects = vec![
            Subject(Kind::AccountFromNetwork, self.hash((account, network))),
            Subject(Kind::Network, self.hash(network)),
        ];
        if address.is_ipv6() {
            subjects.push(Subject(Kind::AccountFromSite, self.hash((account, site))));
            subjects.push(Subject(Kind::Site, self.hash(site)));
        }
        let known = self.hash((account, network));
        let is_known = state.known.get(&known).is_some();
        if !is_known {
            let at_account = |subject: &&Subject| matches!(subject.0, Kind::AccountFromNetwork | Kind::AccountFromSite);
            let guesses = subjects.iter().filter(at_account).filter_map(|subject| state.failures(*subject));
            let guessing = guesses.map(|failures| failures.count).max().unwrap_or(0) >= GUESSING;
            subjects.push(Subject(Kind::Account, self.hash((account, guessing))));
        }
        Counted { subjects, from_unknown_place: !is_known, known: Some(known) }
    }

    fn hash(&self, subject: impl Hash) -> u64 {
        self.hashes.hash_one(subject)
    }
}

/// The first bits of an IPv6 address, or an IPv4 address whole.
pub(crate) fn prefix(address: IpAddr, bits: u32) -> IpAddr {
    match address {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & (u128::MAX << (128 - bits))).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests;
