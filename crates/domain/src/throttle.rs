use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use model::{AdminError, Instant};

/// Failures that cost nothing: everybody mistypes.
const FREE: u32 = 5;
/// The longest wait, in seconds. Short enough that nobody can lock an owner out for good by guessing.
const LONGEST: u64 = 60;
/// Failures are forgotten after this time without another, in milliseconds: 15 minutes.
const FORGOTTEN_MS: i64 = 15 * 60 * 1000;
/// Accounts and addresses remembered at most.
const REMEMBERED: usize = 10_000;

/// Slows down whoever guesses passwords: an account from one address, one address over many accounts, and an account from
/// many addresses.
#[derive(Default)]
pub(crate) struct Throttle {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    failures: HashMap<Subject, Failures>,
    /// Accounts that have signed in, each with the address. They wait for their own failures only, so that nobody
    /// elsewhere can keep an owner out.
    known: HashSet<(String, IpAddr)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Subject {
    AccountFrom(String, IpAddr),
    Address(IpAddr),
    Account(String),
}

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last: Instant,
}

impl Failures {
    /// When the next attempt is allowed.
    fn until(self, free: u32) -> Instant {
        match self.count.checked_sub(free) {
            None => self.last,
            Some(over) => {
                let seconds = 1_u64.checked_shl(over).map_or(LONGEST, |seconds| seconds.min(LONGEST));
                self.last.plus_millis(seconds as i64 * 1000)
            }
        }
    }
}

/// Many people may share an address; a network of IPv6 is one customer.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & !u128::from(u64::MAX)).into()),
        v4 => v4,
    }
}

fn subjects(account: &str, from: IpAddr) -> [(Subject, u32); 3] {
    [
        (Subject::AccountFrom(account.to_owned(), from), FREE),
        (Subject::Address(from), FREE * 4),
        (Subject::Account(account.to_owned()), FREE * 4),
    ]
}

impl Throttle {
    /// Counts an attempt as failed until [`Throttle::forget`] takes it back, or refuses it. It is counted before the
    /// password is checked, so that many attempts at once count as many.
    pub(crate) fn attempt(&self, account: &str, address: IpAddr, now: Instant) -> Result<(), AdminError> {
        let from = network(address);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State { failures, known } = &mut *state;
        if failures.len() >= REMEMBERED {
            failures.retain(|_, failures| failures.last.plus_millis(FORGOTTEN_MS) > now);
        }
        let known = known.contains(&(account.to_owned(), from));
        let heard =
            subjects(account, from).into_iter().filter(|(who, _)| !(known && matches!(who, Subject::Account(_))));
        let subjects: Vec<(Subject, u32)> = heard.collect();
        let wait = subjects
            .iter()
            .filter_map(|(subject, free)| failures.get(subject).map(|failures| failures.until(*free)))
            .map(|until| until.as_millis() - now.as_millis())
            .max()
            .unwrap_or(0);
        if wait > 0 {
            return Err(AdminError::TooManyAttempts { retry_after_seconds: wait.unsigned_abs().div_ceil(1000) });
        }
        for (subject, _) in subjects {
            let entry = failures.entry(subject).or_insert(Failures { count: 0, last: now });
            let forgotten = entry.last.plus_millis(FORGOTTEN_MS) <= now;
            *entry = Failures { count: if forgotten { 1 } else { entry.count.saturating_add(1) }, last: now };
        }
        Ok(())
    }

    /// The attempt succeeded: the account starts afresh from this address, and the shared counts get their attempt
    /// back.
    pub(crate) fn forget(&self, account: &str, address: IpAddr) {
        let from = network(address);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for (subject, _) in subjects(account, from) {
            if matches!(subject, Subject::AccountFrom(..)) {
                state.failures.remove(&subject);
            } else if let Some(failures) = state.failures.get_mut(&subject) {
                failures.count = failures.count.saturating_sub(1);
            }
        }
        if state.known.len() < REMEMBERED {
            state.known.insert((account.to_owned(), from));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 1));

    fn at(seconds: i64) -> Instant {
        Instant::from_millis(1_000_000 + seconds * 1000)
    }

    fn wait(result: &Result<(), AdminError>) -> u64 {
        match result {
            Err(AdminError::TooManyAttempts { retry_after_seconds }) => *retry_after_seconds,
            _ => 0,
        }
    }

    #[test]
    fn waits_double_up_to_a_minute_and_never_more() {
        let throttle = Throttle::default();
        let mut now = 0;
        let mut waits = Vec::new();
        for _ in 0..14 {
            assert_eq!(throttle.attempt("a", HOME, at(now)), Ok(()));
            let seconds = wait(&throttle.attempt("a", HOME, at(now)));
            waits.push(seconds);
            now += seconds as i64;
        }
        // Two attempts are allowed in each of the first two rounds.
        assert_eq!(waits, [0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60]);
    }

    #[test]
    fn a_correct_password_and_time_clear_failures() {
        let throttle = Throttle::default();
        for _ in 0..5 {
            assert_eq!(throttle.attempt("a", HOME, at(0)), Ok(()));
        }
        throttle.forget("a", HOME);
        assert_eq!(throttle.attempt("a", HOME, at(0)), Ok(()));
        for second in 0..30 {
            let _ = throttle.attempt("b", HOME, at(second));
        }
        assert!(wait(&throttle.attempt("b", HOME, at(30))) > 0);
        assert_eq!(throttle.attempt("b", HOME, at(30 + 15 * 60)), Ok(()));
    }

    #[test]
    fn guesses_from_elsewhere_can_not_keep_an_owner_out() {
        let throttle = Throttle::default();
        assert_eq!(throttle.attempt("owner", HOME, at(0)), Ok(()));
        throttle.forget("owner", HOME);
        let guess = |network: u16, second| {
            throttle.attempt("owner", IpAddr::V6([0x2001, 0xdb8, network, 0, 0, 0, 0, 1].into()), at(second))
        };
        let refused = (0..100).filter(|network| guess(*network, 1).is_err()).count();
        assert_eq!(refused, 80);
        assert_eq!(throttle.attempt("owner", HOME, at(1)), Ok(()));
    }

    #[test]
    fn an_address_that_tries_many_accounts_waits_too() {
        let throttle = Throttle::default();
        let refused = (0..40).filter(|n| throttle.attempt(&format!("account {n}"), HOME, at(0)).is_err()).count();
        assert_eq!(refused, 20);
        let other = "2001:db8::1".parse().unwrap();
        assert_eq!(throttle.attempt("fresh", other, at(0)), Ok(()));
    }
}
