//! Distributions. Logarithms and the like come from `libm`, so that every machine gives the same bits.

use uuid::Uuid;

use crate::seed::{Seed, mix};

/// Values for one purpose of one thing, in order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draws {
    base: u64,
    n: u64,
}

impl Draws {
    pub(crate) fn of(seed: Seed, purpose: &str, id: Uuid) -> Self {
        Self { base: seed.of(purpose, id), n: 0 }
    }

    pub(crate) fn numbered(seed: Seed, purpose: &str, n: u64) -> Self {
        Self { base: seed.number(purpose, n), n: 0 }
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.n += 1;
        mix(self.base ^ mix(self.n))
    }

    /// In `[0, 1)`, with 53 bits.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    pub(crate) fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Whether something of this probability happens.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.uniform() < probability
    }

    /// One of `n`, from 0; 0 if there are none.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        let n = n as u64;
        // The high half of a product is as even as 64 bits allow.
        let picked = (u128::from(self.bits()) * u128::from(n)) >> 64;
        usize::try_from(picked).unwrap_or_default()
    }

    /// In `[from, to)` milliseconds.
    pub(crate) fn between_ms(&mut self, from: i64, to: i64) -> i64 {
        let width = usize::try_from(to - from).unwrap_or_default();
        from + i64::try_from(self.below(width)).unwrap_or_default()
    }

    /// Lognormal with this mean; `sigma` is that of the logarithm. At least a millisecond.
    pub(crate) fn lognormal_ms(&mut self, mean_ms: i64, sigma: f64) -> i64 {
        // Box and Muller: two even values make a normal one.
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.uniform()));
        let normal = radius * libm::cos(std::f64::consts::TAU * self.uniform());
        let mu = libm::log(as_f64(mean_ms)) - sigma * sigma / 2.0;
        as_ms(libm::exp(mu + sigma * normal))
    }

    /// Exponential with this mean. At least a millisecond.
    pub(crate) fn exponential_ms(&mut self, mean_ms: i64) -> i64 {
        as_ms(-as_f64(mean_ms) * libm::log(1.0 - self.uniform()))
    }

    /// Poisson with this mean, by multiplication (Knuth); at most a thousand.
    pub(crate) fn poisson(&mut self, mean: f64) -> usize {
        let limit = libm::exp(-mean.clamp(0.0, 500.0));
        let mut product = self.uniform();
        let mut n = 0;
        while product > limit && n < 1000 {
            product *= self.uniform();
            n += 1;
        }
        n
    }
}

#[expect(clippy::cast_precision_loss, reason = "means are far below 2^53")]
fn as_f64(ms: i64) -> f64 {
    ms as f64
}

/// At most a day: a lognormal value has no bound.
#[expect(clippy::cast_possible_truncation, reason = "clamped")]
fn as_ms(ms: f64) -> i64 {
    ms.clamp(1.0, 86_400_000.0) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(of: impl Fn(&mut Draws) -> i64) -> i64 {
        let n = 20_000;
        (0..n).map(|n| of(&mut Draws::numbered(Seed(1), "test", n))).sum::<i64>() / i64::try_from(n).unwrap()
    }

    #[test]
    fn means_are_what_was_asked_for() {
        let near =
            |value: i64, wanted: i64| assert!((value - wanted).abs() * 20 < wanted, "{value} is not near {wanted}");
        near(mean(|draws| draws.lognormal_ms(200_000, 0.7)), 200_000);
        near(mean(|draws| draws.exponential_ms(300_000)), 300_000);
        near(mean(|draws| draws.between_ms(1000, 3000)), 2000);
        near(mean(|draws| i64::try_from(draws.poisson(4.0) * 1000).unwrap()), 4000);
    }
}
