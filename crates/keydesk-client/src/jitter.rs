//! Randomness that need not be secret: for how long somebody waits.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

/// A number from 0 to 1, another one each time.
pub(crate) fn fraction() -> f64 {
    // The standard library seeds it from the system's generator. A double has 53 bits.
    let bits = RandomState::new().build_hasher().finish() >> 11;
    bits as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_fraction_and_varies() {
        let all: Vec<_> = (0..100).map(|_| fraction()).collect();
        assert!(all.iter().all(|one| (0.0..1.0).contains(one)), "{all:?}");
        assert!(all.windows(2).any(|pair| pair[0] != pair[1]));
    }
}
