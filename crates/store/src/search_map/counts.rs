//! How many keys hold a gram, at most.

/// Numbers that are kept: grams that share one are counted together, so a count may be too high.
const KEPT: usize = 1 << 18;

#[derive(Debug)]
pub(super) struct Counts(Box<[u32]>);

impl Default for Counts {
    fn default() -> Self {
        Self(vec![0; KEPT].into_boxed_slice())
    }
}

impl Counts {
    /// Counts the grams of a key, each once.
    pub(super) fn add(&mut self, grams: &[u32]) {
        for gram in grams {
            let count = &mut self.0[*gram as usize % KEPT];
            *count = count.saturating_add(1);
        }
    }

    /// How many keys can hold all of these.
    pub(super) fn at_most(&self, grams: &[u32]) -> u64 {
        grams.iter().map(|gram| u64::from(self.0[*gram as usize % KEPT])).min().unwrap_or(u64::MAX)
    }
}
