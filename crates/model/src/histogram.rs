use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// The first bound, in microseconds, as a power of two; and how often it is doubled.
const FIRST: u32 = 2;
const DOUBLINGS: u32 = 22;

/// Bounds: two for each doubling, from 4 microseconds to 17 seconds.
const BOUNDS: usize = 2 * DOUBLINGS as usize + 1;

/// Counts durations in buckets that grow with them, so that a quantile read from it is wrong by half of it at most. Recording one
/// is arithmetic and two additions that no lock guards.
#[derive(Debug)]
pub struct Histogram {
    /// The one behind the bounds has all that is longer.
    buckets: [AtomicU64; BOUNDS + 1],
    micros: AtomicU64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { buckets: [const { AtomicU64::new(0) }; BOUNDS + 1], micros: AtomicU64::new(0) }
    }
}

impl Histogram {
    /// Counts one.
    pub fn record(&self, spent: Duration) {
        let micros = u64::try_from(spent.as_micros()).unwrap_or(u64::MAX);
        self.buckets[bucket(micros)].fetch_add(1, Relaxed);
        self.micros.fetch_add(micros, Relaxed);
    }

    /// What was counted so far.
    pub fn counts(&self) -> HistogramCounts {
        let mut counts = HistogramCounts::default();
        counts.add(self);
        counts
    }
}

/// What a histogram, or several of the same thing, have counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistogramCounts {
    buckets: [u64; BOUNDS + 1],
    micros: u64,
}

impl Default for HistogramCounts {
    fn default() -> Self {
        Self { buckets: [0; BOUNDS + 1], micros: 0 }
    }
}

impl HistogramCounts {
    /// Adds what another has counted.
    pub fn add(&mut self, other: &Histogram) {
        for (sum, count) in self.buckets.iter_mut().zip(&other.buckets) {
            *sum += count.load(Relaxed);
        }
        self.micros = self.micros.saturating_add(other.micros.load(Relaxed));
    }

    /// How many were counted.
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// All of them together, in seconds.
    pub fn sum(&self) -> f64 {
        Duration::from_micros(self.micros).as_secs_f64()
    }

    /// Each bound in seconds, with how many were no longer.
    pub fn up_to(&self) -> impl Iterator<Item = (f64, u64)> {
        let mut so_far = 0;
        (0..BOUNDS).map(move |index| {
            so_far += self.buckets[index];
            (Duration::from_micros(bound(index)).as_secs_f64(), so_far)
        })
    }
}

/// In microseconds: 4, 6, 8, 12, 16 and so on.
fn bound(index: usize) -> u64 {
    let of_doubling = if index.is_multiple_of(2) { 1 << FIRST } else { 3 << (FIRST - 1) };
    of_doubling << (index / 2)
}

/// The first whose bound is no smaller.
fn bucket(micros: u64) -> usize {
    let below = micros.saturating_sub(1);
    let Some(doubling) = below.checked_ilog2().and_then(|log| log.checked_sub(FIRST)) else { return 0 };
    let half = below >> (doubling + FIRST - 1) & 1;
    (2 * doubling as usize + half as usize + 1).min(BOUNDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_counted_up_to_the_first_bound_that_is_no_smaller() {
        let bounds: Vec<_> = (0..BOUNDS).map(bound).collect();
        assert_eq!(bounds[..5], [4, 6, 8, 12, 16]);
        assert_eq!(bounds.last(), Some(&(4 << DOUBLINGS)));
        let around = bounds.iter().flat_map(|bound| [bound - 1, *bound, bound + 1]);
        for micros in around.chain([0, 1, 2, 3, u64::MAX]) {
            let expected = bounds.iter().position(|bound| micros <= *bound).unwrap_or(BOUNDS);
            assert_eq!(bucket(micros), expected, "{micros}");
        }
    }

    #[test]
    fn several_are_added_up() {
        let histograms = [Histogram::default(), Histogram::default()];
        for (histogram, micros) in histograms.iter().cycle().zip([3, 5, 6, 20_000_000]) {
            histogram.record(Duration::from_micros(micros));
        }
        let mut counts = histograms[0].counts();
        counts.add(&histograms[1]);
        assert_eq!((counts.count(), counts.sum()), (4, 20.000_014));
        let up_to: Vec<_> = counts.up_to().collect();
        assert_eq!(up_to[..2], [(4e-6, 1), (6e-6, 3)]);
        assert_eq!(up_to.last().map(|(_, count)| *count), Some(3));
    }
}
