use serde::Serialize;

use super::average::Average;

/// How good expected waits were, over those who were answered: what each was told on entering the queue against how long they waited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accuracy {
    count: u64,
    wait_ms: i64,
    error_ms: i64,
    distance_ms: i64,
}

/// What is published of it, in milliseconds; null where nobody was answered.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct AccuracyReport {
    /// How many were answered who had been told a wait.
    pub answered_count: u64,
    /// How long they waited.
    pub mean_wait_ms: Option<i64>,
    /// By how much they were told more than they waited, on average; negative if less.
    pub bias_ms: Option<i64>,
    /// By how much they were told more or less, on average.
    pub mean_absolute_error_ms: Option<i64>,
}

impl Accuracy {
    /// Notes one caller.
    pub fn note(&mut self, told_ms: i64, waited_ms: i64) {
        self.count += 1;
        self.wait_ms += waited_ms;
        self.error_ms += told_ms - waited_ms;
        self.distance_ms += (told_ms - waited_ms).abs();
    }

    /// What is published of it.
    pub fn report(&self) -> AccuracyReport {
        let mean = |sum_ms: i64| Average::of(self.count, sum_ms).ms();
        AccuracyReport {
            answered_count: self.count,
            mean_wait_ms: mean(self.wait_ms),
            bias_ms: mean(self.error_ms),
            mean_absolute_error_ms: mean(self.distance_ms),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_cancel_out_in_the_bias_alone() {
        let mut accuracy = Accuracy::default();
        assert_eq!(accuracy.report().bias_ms, None);
        accuracy.note(10_000, 20_000);
        accuracy.note(40_000, 20_000);
        let AccuracyReport { answered_count, mean_wait_ms, bias_ms, mean_absolute_error_ms } = accuracy.report();
        assert_eq!(
            (answered_count, mean_wait_ms, bias_ms, mean_absolute_error_ms),
            (2, Some(20_000), Some(5_000), Some(15_000))
        );
    }
}
