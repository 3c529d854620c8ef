//! How many rows are written in one change: as many as fit into 50 ms, so that nobody waits for long.

use std::time::Duration;

/// Most rows of one change.
const MOST: usize = 500;
/// Fewest that are tried.
const FEWEST: usize = 10;
/// How long one may take.
const WITHIN: Duration = Duration::from_millis(50);

pub(super) struct Pace {
    rows: usize,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self { rows: 100 }
    }

    /// Rows of the next change.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// A change of so many took so long.
    pub(super) fn took(&mut self, rows: usize, took: Duration) {
        if took > WITHIN {
            self.rows = (self.rows / 2).max(FEWEST);
        } else if took * 2 < WITHIN && rows >= self.rows {
            self.rows = (self.rows + self.rows / 2).min(MOST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_has_at_most_500_rows_and_fewer_where_they_take_long() {
        let mut pace = Pace::new();
        for _ in 0..20 {
            pace.took(pace.rows(), Duration::from_millis(1));
        }
        assert_eq!(pace.rows(), MOST);
        pace.took(MOST, Duration::from_millis(30));
        assert_eq!(pace.rows(), MOST, "between the two it stays");
        pace.took(MOST, Duration::from_millis(51));
        assert_eq!(pace.rows(), MOST / 2);
        pace.took(3, Duration::from_millis(1));
        assert_eq!(pace.rows(), MOST / 2, "of few rows nothing is known about many");
        for _ in 0..20 {
            pace.took(pace.rows(), Duration::from_secs(1));
        }
        assert_eq!(pace.rows(), FEWEST);
    }
}
