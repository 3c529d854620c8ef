use std::cell::RefCell;

use model::{BODY_LEN, Instant};
use rand::{Rng, SeedableRng, TryRng, rngs::SmallRng, rngs::SysRng};
use uuid::Uuid;

/// Where randomness comes from. A parameter, so that tests are exact.
pub trait Entropy: Send + Sync {
    /// Fills `bytes` with random values.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        if let Err(error) = SysRng.try_fill_bytes(bytes) {
            // A key that could be guessed is worse than a process that stops.
            tracing::error!(%error, "the operating system gives no randomness");
            std::process::abort();
        }
    }
}

/// The body of a new secret: numbers below 62, each equally likely.
pub(crate) fn body(entropy: &dyn Entropy) -> [u8; BODY_LEN] {
    let mut body = [0; BODY_LEN];
    let mut filled = 0;
    while filled < BODY_LEN {
        let mut bytes = zeroize::Zeroizing::new([0; 64]);
        entropy.fill(&mut bytes[..]);
        // Six bits give 0..=63; 62 and 63 are thrown away, because folding them in would favour two characters.
        for digit in bytes.iter().map(|byte| byte & 63).filter(|digit| *digit < 62).take(BODY_LEN - filled) {
            body[filled] = digit;
            filled += 1;
        }
    }
    body
}

/// A new id that sorts by time.
pub(crate) fn id(entropy: &dyn Entropy, now: Instant) -> Uuid {
    let mut random = [0; 10];
    entropy.fill(&mut random);
    uuid_at(now, &random)
}

thread_local! {
    static REQUESTS: RefCell<SmallRng> = RefCell::new(SmallRng::from_seed({
        let mut seed = <SmallRng as SeedableRng>::Seed::default();
        SystemEntropy.fill(&mut seed);
        seed
    }));
}

/// An id for a request: unique, not secret, and without a system call.
pub(crate) fn request_id(now: Instant) -> Uuid {
    let mut random = [0; 10];
    REQUESTS.with_borrow_mut(|rng| rng.fill_bytes(&mut random));
    uuid_at(now, &random)
}

fn uuid_at(now: Instant, random: &[u8; 10]) -> Uuid {
    let millis = u64::try_from(now.as_millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, random).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives 0, 1, 2, .. so that numbers that must be thrown away occur.
    struct Counting(std::sync::atomic::AtomicU8);

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            for byte in bytes {
                *byte = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            }
        }
    }

    #[test]
    fn every_digit_of_a_body_is_below_62() {
        let entropy = Counting(60.into());
        let body = body(&entropy);
        assert_eq!(body[..4], [60, 61, 0, 1]);
        assert!(body.iter().all(|digit| *digit < 62));
    }

    #[test]
    fn request_ids_differ_and_carry_the_time() {
        let now = Instant::from_millis(1_795_382_400_000);
        let (a, b) = (request_id(now), request_id(now));
        assert_ne!(a, b);
        assert_eq!((a.get_version_num(), a.as_u128() >> 80), (7, 1_795_382_400_000));
    }
}
