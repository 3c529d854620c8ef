//! When a recording is silent.

use std::ops::Range;

/// The most pauses of one recording. Each costs memory and time.
pub const PAUSES_MAX: usize = 100;

/// Pauses in the order of time, in milliseconds from the beginning of the recording.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pauses(Vec<Range<u64>>);

impl Pauses {
    /// `None`: there are too many, they are not in order, or one ends before it begins.
    pub(super) fn new(pauses: impl IntoIterator<Item = Range<u64>>) -> Option<Self> {
        let pauses: Vec<_> = pauses.into_iter().take(PAUSES_MAX + 1).collect();
        let ordered = pauses.is_sorted_by(|one, next| one.end <= next.start);
        let forwards = pauses.iter().all(|pause| pause.start <= pause.end);
        (pauses.len() <= PAUSES_MAX && ordered && forwards).then_some(Self(pauses))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Range<u64>> {
        self.0.iter()
    }

    /// Whether it is silent at this millisecond, and the millisecond at which that may change.
    pub(super) fn at(&self, ms: u64) -> (bool, u64) {
        let next = self.0.partition_point(|pause| pause.end <= ms);
        match self.0.get(next) {
            Some(pause) if pause.start <= ms => (true, pause.end),
            Some(pause) => (false, pause.start),
            None => (false, u64::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_in_order_and_bounded() {
        assert!(Pauses::new([0..10, 10..20, 30..30]).is_some());
        assert_eq!(Pauses::new([10..20, 0..10]), None);
        assert_eq!(Pauses::new([0..10, 9..20]), None);
        #[expect(clippy::reversed_empty_ranges, reason = "it is what is refused")]
        let reversed = Pauses::new([20..10, 30..40]);
        assert_eq!(reversed, None);
        assert!(Pauses::new((0..PAUSES_MAX as u64).map(|at| at..at)).is_some());
        assert_eq!(Pauses::new((0..=PAUSES_MAX as u64).map(|at| at..at)), None);
    }

    #[test]
    fn each_millisecond_is_in_a_pause_or_not() {
        let pauses = Pauses::new([5..10, 20..20, 30..40]).unwrap();
        let seen: Vec<_> = [0, 5, 9, 10, 20, 30, 39, 40].iter().map(|&ms| pauses.at(ms)).collect();
        let far = u64::MAX;
        assert_eq!(
            seen,
            [(false, 5), (true, 10), (true, 10), (false, 20), (false, 30), (true, 40), (true, 40), (false, far)]
        );
    }
}
