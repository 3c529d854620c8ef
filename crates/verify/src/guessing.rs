//! Failed keys of each address: whoever sends many that don't exist is slowed down.

use std::{
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use model::{InstallationId, Instant};

use crate::{
    guessing_bursts::GuessingBursts,
    guessing_source::{BURST, Source},
};

/// It may send one more after each of these, in milliseconds.
const INTERVAL: u64 = 1_000;
/// What a slowed caller is told: whoever waits that long may send another.
const RETRY_AFTER_SECONDS: u32 = 1;
const _: () = assert!(RETRY_AFTER_SECONDS as u64 * 1_000 >= INTERVAL);

/// A count-min sketch has so many rows.
const ROWS: usize = 4;
/// And so many places in each: with the rows 512 KiB, however many addresses there are.
const PLACES: usize = 16_384;

/// A count-min sketch of GCRA: each place holds when it will be whole again, in milliseconds, and an address has one place in each
/// row. The earliest of its places is never earlier than its own time would be, so nobody gets more than the allowance (but one
/// for each thread that counts the same address in the same instant). It is later only where others are in all of its places: of
/// an address that sends one failed key while N others are slowed, with a chance of `(1 - e^(-N / 16,384))^4`: for a hundred one
/// in 700 million, for a thousand one in 80,000, for ten thousand one in 23. What is at stake then is one answer to a key that
/// does not exist.
struct Sketch {
    places: Box<[AtomicU64]>,
    /// Nobody can foresee which addresses share a place.
    hasher: RandomState,
}

impl Sketch {
    fn new() -> Self {
        Self { places: (0..ROWS * PLACES).map(|_| AtomicU64::new(0)).collect(), hasher: RandomState::new() }
    }

    /// The places of an address.
    fn places(&self, source: Source) -> [&AtomicU64; ROWS] {
        // Four places from one hash, of which each row takes 14 bits.
        let hash = self.hasher.hash_one(source) as usize;
        std::array::from_fn(|row| &self.places[row * PLACES + (hash >> (row * 14)) % PLACES])
    }

    /// When an address will have its whole allowance again, and whether it has none left at this time.
    fn whole_at(places: &[&AtomicU64; ROWS], now: u64) -> (u64, bool) {
        let whole_at = places.iter().map(|place| place.load(Relaxed)).min().unwrap_or(0).max(now);
        (whole_at, whole_at - now > (BURST - 1) * INTERVAL)
    }

    /// Counts a failed key at this time; true: it is beyond the allowance, and takes nothing.
    fn is_beyond(&self, source: Source, now: u64) -> bool {
        let places = self.places(source);
        let (whole_at, is_beyond) = Self::whole_at(&places, now);
        if is_beyond {
            return true;
        }
        // Only as far as this address has come: what others have counted in a place stays theirs.
        places.iter().for_each(|place| {
            place.fetch_max(whole_at + INTERVAL, Relaxed);
        });
        false
    }
}

/// Slows down whoever sends many keys that don't exist.
pub(crate) struct Guessing {
    sketch: Sketch,
    pub(crate) bursts: GuessingBursts,
    slowed: AtomicU64,
}

impl Guessing {
    pub(crate) fn new() -> Self {
        Self { sketch: Sketch::new(), bursts: GuessingBursts::default(), slowed: AtomicU64::new(0) }
    }

    /// Counts a failed key. `Some`: its address has sent too many, and is to wait so many seconds.
    pub(crate) fn failed(
        &self,
        address: IpAddr,
        installation: Option<InstallationId>,
        now: Instant,
        elapsed: Duration,
    ) -> Option<u32> {
        let source = Source::of(address);
        if !self.sketch.is_beyond(source, u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX / 2)) {
            return None;
        }
        self.slowed.fetch_add(1, Relaxed);
        self.bursts.note(source, installation, now, elapsed);
        Some(RETRY_AFTER_SECONDS)
    }

    /// Whether a failed key of this address would be one too many.
    pub(crate) fn is_slowed(&self, address: IpAddr, elapsed: Duration) -> bool {
        let places = self.sketch.places(Source::of(address));
        Sketch::whole_at(&places, u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX / 2)).1
    }

    pub(crate) fn slowed(&self) -> u64 {
        self.slowed.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    /// One place for each address.
    #[derive(Default)]
    struct Exact(HashMap<Source, u64>);

    impl Exact {
        fn is_beyond(&mut self, source: Source, now: u64) -> bool {
            let at = self.0.entry(source).or_default();
            let from = (*at).max(now);
            if from - now > (BURST - 1) * INTERVAL {
                return true;
            }
            *at = from + INTERVAL;
            false
        }
    }

    fn source(number: u32) -> Source {
        Source::of(IpAddr::V4(number.into()))
    }

    #[test]
    fn an_address_has_its_burst_and_then_one_a_second() {
        let sketch = Sketch::new();
        let allowed = |from: u64, to: u64| (from..to).filter(|ms| !sketch.is_beyond(source(7), *ms)).count() as u64;
        assert_eq!(allowed(0, 60_000), BURST + 59);
        assert!(sketch.is_beyond(source(7), 60_000 - 1));
        assert!(
            !sketch.is_beyond(source(7), 60_000 - 1 + u64::from(RETRY_AFTER_SECONDS) * 1_000),
            "who waits is let in"
        );
    }

    #[test]
    fn whether_an_address_is_slowed_is_asked_without_counting() {
        let (guessing, address) = (Guessing::new(), IpAddr::from([198, 51, 100, 4]));
        let at = |ms| Duration::from_millis(ms);
        for _ in 0..BURST {
            assert!(!guessing.is_slowed(address, at(0)));
            assert_eq!(guessing.failed(address, None, Instant::from_millis(0), at(0)), None);
        }
        assert!(guessing.is_slowed(address, at(0)) && guessing.is_slowed(address, at(999)));
        assert!(!guessing.is_slowed(address, at(1_000)));
        assert!(!guessing.is_slowed(IpAddr::from([198, 51, 100, 5]), at(0)));
    }

    #[test]
    fn it_never_allows_more_than_an_exact_model_and_slows_others_no_more_than_it_says() {
        let (sketch, mut exact) = (Sketch::new(), Exact::default());
        // A thousand addresses that guess, in an order that is no order: a linear congruence over a few minutes.
        let (mut state, mut wrong, mut asked) = (12_345_u64, 0_u32, 0_u32);
        for step in 0..400_000_u64 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (number, now) = ((state >> 40) as u32 % 1_000, step / 2);
            let (beyond, exactly) = (sketch.is_beyond(source(number), now), exact.is_beyond(source(number), now));
            assert!(beyond || !exactly, "{number} got more than its allowance at {now}");
            asked += 1;
            wrong += u32::from(beyond && !exactly);
        }
        // Each shares all of its four places with a chance of 1 in 80,000; one that does is refused its share of the calls.
        assert!(wrong <= asked / 200, "{wrong} of {asked}");
        let fresh = (1_000_000..1_020_000).filter(|number| sketch.is_beyond(source(*number), 200_000)).count();
        assert!(fresh <= 5, "{fresh} of 20,000 addresses that sent one failed key");
    }

    #[test]
    fn ten_million_addresses_take_no_more_memory_and_leave_in_time() {
        let sketch = Sketch::new();
        let before = sketch.places.len();
        for number in 0..10_000_000 {
            sketch.is_beyond(source(number), u64::from(number / 1_000));
        }
        assert_eq!((sketch.places.len(), size_of_val(&*sketch.places)), (before, 512 * 1024));
        let later = 10_000 + (BURST + 1) * INTERVAL;
        assert!((0..10_000).all(|number| !sketch.is_beyond(source(number), later)), "the past weighs on nobody");
    }

    #[test]
    fn addresses_are_counted_by_what_one_customer_gets() {
        let of = |text: &str| Source::of(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:198.51.100.4"), of("198.51.100.4"));
        assert_ne!(of("198.51.100.4"), of("198.51.100.5"));
        assert_eq!(
            (of("2001:db8::1").text(), of("198.51.100.4").text()),
            ("2001:db8::/64".into(), "198.51.100.4".into())
        );
    }
}
