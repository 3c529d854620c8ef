//! How many keys hold a gram, at most, and how many are likely to hold several words.

/// Numbers that are kept: grams that share one are counted together, so a count may be too high.
const KEPT: usize = 1 << 18;

#[derive(Debug)]
pub(super) struct Counts {
    of_grams: Box<[u32]>,
    /// All keys that were counted.
    keys: u64,
}

impl Default for Counts {
    fn default() -> Self {
        Self { of_grams: vec![0; KEPT].into_boxed_slice(), keys: 0 }
    }
}

impl Counts {
    /// Counts the grams of a key, each once.
    pub(super) fn add(&mut self, grams: &[u32]) {
        self.keys = self.keys.saturating_add(1);
        for gram in grams {
            let count = &mut self.of_grams[*gram as usize % KEPT];
            *count = count.saturating_add(1);
        }
    }

    /// How many keys can hold all of these.
    pub(super) fn at_most(&self, grams: &[u32]) -> u64 {
        grams.iter().map(|gram| u64::from(self.of_grams[*gram as usize % KEPT])).min().unwrap_or(u64::MAX)
    }

    /// How many keys are likely to hold all of these words, if one has nothing to do with another.
    pub(super) fn likely(&self, words: &[Vec<u32>]) -> u64 {
        let all = self.keys.max(1) as f64;
        let shares = words.iter().map(|word| (self.at_most(word) as f64 / all).min(1.0));
        (shares.product::<f64>() * all).ceil() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_which_each_is_common_are_rare_together() {
        let mut counts = Counts::default();
        for key in 0..1_000 {
            let grams: Vec<u32> = [(1, 2), (2, 5), (3, 10)]
                .into_iter()
                .filter(|(_, each)| key % each == 0)
                .map(|(gram, _)| gram)
                .collect();
            counts.add(&grams);
        }
        assert_eq!([1, 2, 3, 4].map(|gram| counts.at_most(&[gram])), [500, 200, 100, 0]);
        assert_eq!(counts.at_most(&[1, 3]), 100);
        assert_eq!(
            (counts.likely(&[vec![1]]), counts.likely(&[vec![1], vec![2]]), counts.likely(&[vec![1], vec![4]])),
            (500, 100, 0)
        );
    }
}
