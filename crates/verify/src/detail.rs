//! What is counted of the calls with a secret besides how many were allowed. Made with its first call, so that keys that nobody
//! uses take no room for it.

use std::{
    net::IpAddr,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{
            AtomicBool, AtomicU8, AtomicU32, AtomicU64,
            Ordering::{AcqRel, Acquire, Relaxed, Release},
        },
    },
};

use model::{Code, Scope, ScopeSet};

/// Addresses that are counted without a lock. Most keys are called from one or two.
const PLACES: usize = 3;
/// Scopes of a key that are counted without a lock. Presets have seven at most.
const SCOPES: usize = 16;
/// Addresses and scopes beside those that wait to be written down. Who calls from more, or asks for more, is counted in the totals
/// alone, and [`Detail::dropped`] says so.
const OTHERS: usize = 32;

/// The counts of one record.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Detail {
    first: Place,
    /// How many of the places are taken. They are given away once and never again, so whoever finds its address counts there.
    taken: AtomicU8,
    /// From which place the last allowed call came, counted from 1; 0: from none of them.
    last: AtomicU8,
    /// Refused calls or a new address are not written down yet.
    urgent: AtomicBool,
    /// Allowed calls, for each of the first scopes of the key.
    scopes: [AtomicU32; SCOPES],
    /// By [`Code::index`].
    refused: [AtomicU32; Code::ALL.len() - 1],
    /// Allowed calls of a minute that is over, and that minute: in the upper and the lower half. 0: none.
    past: AtomicU64,
    rest: [Place; PLACES - 1],
    others: Mutex<Option<Box<Others>>>,
}

/// The calls from one address.
#[derive(Debug, Default)]
#[repr(C)]
struct Place {
    high: AtomicU64,
    low: AtomicU64,
    allowed: AtomicU32,
    /// Refused calls in the lower 28 bits, and why the last one was refused above.
    refused: AtomicU32,
}

/// What finds no place without a lock.
#[derive(Debug, Default)]
struct Others {
    /// Calls by scope and code.
    scopes: Vec<(Scope, Code, u32)>,
    addresses: Vec<Seen>,
    /// The address of the last allowed call, if it has no place.
    last: Option<IpAddr>,
    /// Calls of which scope or address was not kept.
    dropped: u64,
}

/// The calls from one address since they were last taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) address: IpAddr,
    pub(crate) allowed: u32,
    pub(crate) refused: u32,
    pub(crate) last_refusal: Option<Code>,
}

const REFUSED_BITS: u32 = 28;
const REFUSED_MASK: u32 = (1 << REFUSED_BITS) - 1;

impl Place {
    fn holds(&self, (high, low): (u64, u64)) -> bool {
        self.low.load(Relaxed) == low && self.high.load(Relaxed) == high
    }

    fn count(&self, code: Code) {
        if code == Code::Valid {
            self.allowed.fetch_add(1, Relaxed);
            return;
        }
        let why = (code.index() as u32) << REFUSED_BITS;
        let _ = self
            .refused
            .fetch_update(Relaxed, Relaxed, |refused| Some(((refused & REFUSED_MASK) + 1).min(REFUSED_MASK) | why));
    }

    fn take(&self) -> Seen {
        let refused = self.refused.swap(0, Relaxed);
        let last_refusal =
            Code::ALL.get((refused >> REFUSED_BITS) as usize).copied().filter(|_| refused & REFUSED_MASK > 0);
        Seen {
            address: whole((self.high.load(Relaxed), self.low.load(Relaxed))),
            allowed: self.allowed.swap(0, Relaxed),
            refused: refused & REFUSED_MASK,
            last_refusal,
        }
    }
}

/// An address in two halves. No address is 0: nobody calls from the unspecified one.
fn halves(address: IpAddr) -> (u64, u64) {
    let bits = match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped(),
        IpAddr::V6(v6) => v6,
    }
    .to_bits();
    ((bits >> 64) as u64, bits as u64)
}

fn whole((high, low): (u64, u64)) -> IpAddr {
    IpAddr::V6(((u128::from(high) << 64) | u128::from(low)).into()).to_canonical()
}

impl Default for Detail {
    fn default() -> Self {
        Self {
            first: Place::default(),
            taken: AtomicU8::new(0),
            last: AtomicU8::new(0),
            urgent: AtomicBool::new(true),
            scopes: Default::default(),
            refused: Default::default(),
            past: AtomicU64::new(0),
            rest: Default::default(),
            others: Mutex::default(),
        }
    }
}

// What a call touches first is in one line: the usual address, and the counts of eight scopes.
const _: () = assert!(size_of::<Place>() == 24 && std::mem::offset_of!(Detail, scopes) == 28);

impl Detail {
    /// Of the record that is decided on when no key is found: it has a place that no address has, so that looking through them
    /// takes as long.
    pub(crate) fn decoy() -> Self {
        let decoy = Self::default();
        decoy.first.high.store(1, Relaxed);
        decoy.taken.store(1, Relaxed);
        decoy
    }

    fn places(&self) -> impl Iterator<Item = &Place> {
        let taken = usize::from(self.taken.load(Acquire));
        std::iter::once(&self.first).chain(&self.rest).take(taken)
    }

    fn others(&self) -> MutexGuard<'_, Option<Box<Others>>> {
        self.others.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a refused call.
    pub(crate) fn count_refused(&self, code: Code) {
        if let Some(refused) = self.refused.get(code.index()) {
            refused.fetch_add(1, AcqRel);
        }
        // Read first: most often it is set.
        if !self.urgent.load(Relaxed) {
            self.urgent.store(true, Relaxed);
        }
    }

    /// Counts a call from an address.
    pub(crate) fn count_address(&self, address: IpAddr, code: Code) {
        let halves = halves(address);
        for (number, place) in (1..).zip(self.places()) {
            if place.holds(halves) {
                place.count(code);
                if code == Code::Valid && self.last.load(Relaxed) != number {
                    self.last.store(number, Relaxed);
                }
                return;
            }
        }
        self.count_new_address(address, halves, code);
    }

    #[cold]
    fn count_new_address(&self, address: IpAddr, halves: (u64, u64), code: Code) {
        let mut others = self.others();
        let taken = self.taken.load(Acquire);
        let free = match taken {
            0 => Some(&self.first),
            _ => self.rest.get(usize::from(taken) - 1),
        };
        let known = (1..).zip(self.places()).find(|(_, place)| place.holds(halves));
        let (number, place) = match (known, free) {
            (Some((number, place)), _) => (number, Some(place)),
            (None, Some(free)) => {
                free.high.store(halves.0, Relaxed);
                free.low.store(halves.1, Relaxed);
                self.taken.store(taken + 1, Release);
                self.urgent.store(true, Relaxed);
                (taken + 1, Some(free))
            }
            (None, None) => (0, None),
        };
        if code == Code::Valid {
            self.last.store(number, Relaxed);
        }
        match place {
            Some(place) => place.count(code),
            None => others.get_or_insert_default().count_address(address, code, &self.urgent),
        }
    }

    /// As much as [`Detail::count_address`] of a known address does, of a call with no key.
    pub(crate) fn count_nobody(&self, address: IpAddr, code: Code) {
        let halves = halves(address);
        let found = self.places().find(|place| place.holds(halves));
        found.unwrap_or(&self.first).count(code);
    }

    /// Counts a call by the scopes that it wanted. Of those that never get so far as to have their scopes asked nothing is counted.
    pub(crate) fn count_scopes(&self, held: &ScopeSet, wanted: &[Scope], code: Code) {
        if code <= Code::Expired {
            return;
        }
        for (number, scope) in wanted.iter().enumerate() {
            // Named twice it is still one call.
            if wanted.iter().take(number).any(|other| other == scope) {
                continue;
            }
            let place = if code == Code::Valid { held.iter().position(|held| held == scope) } else { None };
            match place.and_then(|place| self.scopes.get(place)) {
                Some(count) => _ = count.fetch_add(1, Relaxed),
                None => self.others().get_or_insert_default().count_scope(scope, code),
            }
        }
    }

    /// Keeps the allowed calls of a minute that is over. False: those of another minute are still there.
    pub(crate) fn keep_past(&self, minute: u32, calls: u32) -> bool {
        let past = (u64::from(minute) << 32) | u64::from(calls);
        self.past.compare_exchange(0, past, AcqRel, Relaxed).is_ok()
    }

    /// Takes them: the minute and its calls.
    pub(crate) fn take_past(&self) -> Option<(u32, u32)> {
        let past = self.past.swap(0, AcqRel);
        (past > 0).then_some(((past >> 32) as u32, past as u32))
    }

    /// Takes the refused calls.
    pub(crate) fn take_refused(&self) -> impl Iterator<Item = (Code, u32)> {
        let counts = Code::ALL.into_iter().zip(&self.refused);
        counts
            .filter(|(_, count)| count.load(Relaxed) > 0)
            .map(|(code, count)| (code, count.swap(0, AcqRel)))
            .filter(|(_, calls)| *calls > 0)
    }

    /// Takes the calls by scope.
    pub(crate) fn take_scopes(&self, held: &ScopeSet) -> Vec<(Scope, Code, u32)> {
        let mut taken = self.others().as_mut().map(|others| std::mem::take(&mut others.scopes)).unwrap_or_default();
        for (scope, count) in held.iter().zip(&self.scopes).filter(|(_, count)| count.load(Relaxed) > 0) {
            let calls = count.swap(0, Relaxed);
            if calls > 0 {
                taken.push((scope.clone(), Code::Valid, calls));
            }
        }
        taken
    }

    /// Takes the calls by address.
    pub(crate) fn take_addresses(&self) -> Vec<Seen> {
        let mut taken: Vec<Seen> = self.places().map(Place::take).collect();
        if let Some(others) = &mut *self.others() {
            taken.append(&mut others.addresses);
        }
        taken.retain(|seen| seen.allowed > 0 || seen.refused > 0);
        taken
    }

    /// The address of the last allowed call.
    pub(crate) fn last_address(&self) -> Option<IpAddr> {
        match usize::from(self.last.load(Relaxed)).checked_sub(1) {
            Some(place) => {
                let place = self.places().nth(place)?;
                Some(whole((place.high.load(Relaxed), place.low.load(Relaxed))))
            }
            None => self.others().as_ref().and_then(|others| others.last),
        }
    }

    /// Whether something should be written down at once.
    pub(crate) fn is_urgent(&self) -> bool {
        self.urgent.load(Relaxed)
    }

    /// It is about to be written down.
    pub(crate) fn calm(&self) {
        self.urgent.store(false, Relaxed);
    }

    /// Whether refused calls or calls of a minute that is over wait.
    pub(crate) fn has_calls(&self) -> bool {
        self.past.load(Relaxed) > 0 || self.refused.iter().any(|count| count.load(Relaxed) > 0)
    }

    /// Takes the number of calls of which scope or address was not kept.
    pub(crate) fn take_dropped(&self) -> u64 {
        self.others().as_mut().map_or(0, |others| std::mem::take(&mut others.dropped))
    }
}

impl Others {
    fn count_scope(&mut self, scope: &Scope, code: Code) {
        if let Some((.., calls)) = self.scopes.iter_mut().find(|(other, of, _)| *of == code && other == scope) {
            *calls += 1;
        } else if self.scopes.len() < OTHERS {
            self.scopes.push((scope.clone(), code, 1));
        } else {
            self.dropped += 1;
        }
    }

    fn count_address(&mut self, address: IpAddr, code: Code, urgent: &AtomicBool) {
        if code == Code::Valid {
            self.last = Some(address);
        }
        let known = self.addresses.iter().position(|seen| seen.address == address);
        let place = known.or_else(|| {
            (self.addresses.len() < OTHERS).then(|| {
                urgent.store(true, Relaxed);
                self.addresses.push(Seen { address, allowed: 0, refused: 0, last_refusal: None });
                self.addresses.len() - 1
            })
        });
        match place.and_then(|place| self.addresses.get_mut(place)) {
            Some(seen) if code == Code::Valid => seen.allowed += 1,
            Some(seen) => {
                seen.refused += 1;
                seen.last_refusal = Some(code);
            }
            None => self.dropped += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn scope(text: &str) -> Scope {
        Scope::parse(text).unwrap()
    }

    #[test]
    fn calls_are_counted_by_address_also_by_more_than_have_a_place() {
        let detail = Detail::default();
        assert_eq!(detail.last_address(), None);
        for number in 0..40_u8 {
            for _ in 0..=number {
                detail.count_address(IpAddr::from([203, 0, 113, number]), Code::Valid);
            }
        }
        assert_eq!(detail.last_address(), Some(ip("203.0.113.39")));
        detail.count_address(ip("2001:db8::1"), Code::Expired);
        detail.count_address(ip("203.0.113.1"), Code::IpNotAllowed);
        assert_eq!(detail.last_address(), Some(ip("203.0.113.39")), "a refused call is no use");
        detail.count_address(ip("203.0.113.1"), Code::Valid);
        assert_eq!(detail.last_address(), Some(ip("203.0.113.1")));
        let taken = detail.take_addresses();
        assert_eq!(taken.len(), PLACES + OTHERS);
        let of = |address: &str| taken.iter().find(|seen| seen.address == ip(address)).copied();
        let seen = Seen { address: ip("203.0.113.1"), allowed: 3, refused: 1, last_refusal: Some(Code::IpNotAllowed) };
        assert_eq!(of("203.0.113.1"), Some(seen));
        assert_eq!(of("203.0.113.30").map(|seen| seen.allowed), Some(31));
        // 35 to 39 call 36 to 40 times, and an IPv6 address once.
        assert_eq!(detail.take_dropped(), 36 + 37 + 38 + 39 + 40 + 1);
        assert_eq!(detail.take_addresses(), []);
        detail.count_address(ip("203.0.113.1"), Code::Valid);
        assert_eq!(detail.take_addresses().len(), 1, "the place stays, the count begins anew");
    }

    #[test]
    fn what_is_new_or_refused_is_urgent_until_it_is_written_down() {
        let detail = Detail::default();
        assert!(detail.is_urgent(), "its first call");
        detail.count_address(ip("192.0.2.1"), Code::Valid);
        detail.calm();
        detail.count_address(ip("192.0.2.1"), Code::Valid);
        assert!(!detail.is_urgent());
        detail.count_address(ip("192.0.2.2"), Code::Valid);
        assert!(detail.is_urgent());
        detail.calm();
        detail.count_refused(Code::Disabled);
        assert!(detail.is_urgent());
    }

    #[test]
    fn a_call_counts_once_for_each_scope_that_it_wanted() {
        let many: Vec<Scope> = (10..30).map(|number| scope(&format!("a:s{number}"))).collect();
        let held: ScopeSet = many.iter().cloned().chain([scope("b:*")]).collect();
        let detail = Detail::default();
        detail.count_scopes(&held, &[scope("a:s10"), scope("a:s29"), scope("a:s10")], Code::Valid);
        detail.count_scopes(&held, &[scope("b:any")], Code::Valid);
        detail.count_scopes(&held, &[scope("a:s10"), scope("c:no")], Code::InsufficientScope);
        detail.count_scopes(&held, &[scope("a:s10")], Code::Revoked);
        let mut taken = detail.take_scopes(&held);
        taken.sort_by(|one, other| (one.0.as_str(), one.1).cmp(&(other.0.as_str(), other.1)));
        let counted: Vec<_> = taken.iter().map(|(scope, code, calls)| (scope.as_str(), *code, *calls)).collect();
        assert_eq!(
            counted,
            [
                ("a:s10", Code::InsufficientScope, 1),
                ("a:s10", Code::Valid, 1),
                ("a:s29", Code::Valid, 1),
                ("b:any", Code::Valid, 1),
                ("c:no", Code::InsufficientScope, 1),
            ]
        );
        assert_eq!(detail.take_scopes(&held), []);
        for number in 0..100 {
            detail.count_scopes(&held, &[scope(&format!("x:n{number}"))], Code::InsufficientScope);
        }
        assert_eq!(detail.take_scopes(&held).len(), OTHERS, "a stranger fills no more");
        assert_eq!(detail.take_dropped(), 100 - OTHERS as u64);
    }

    #[test]
    fn many_threads_lose_no_call_from_a_new_address() {
        let detail = Detail::default();
        std::thread::scope(|scope| {
            for thread in 0..4_u8 {
                let detail = &detail;
                scope.spawn(move || {
                    for number in 0..8_000_u32 {
                        detail.count_address(
                            IpAddr::from([10, 0, 0, ((number + u32::from(thread)) % 8) as u8]),
                            Code::Valid,
                        );
                    }
                });
            }
        });
        let taken = detail.take_addresses();
        assert_eq!(taken.len(), 8, "no address has two places");
        assert!(taken.iter().all(|seen| seen.allowed == 4_000), "{taken:?}");
    }
}
