use serde::ser::SerializeMap;

/// A sum and of how many: what an average is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Average {
    /// How many.
    pub count: u64,
    /// What they are together, in milliseconds.
    pub sum_ms: i64,
}

impl Average {
    /// Of so many, which are this together.
    pub const fn of(count: u64, sum_ms: i64) -> Self {
        Self { count, sum_ms }
    }

    /// The average, to the nearest millisecond; none where there is nothing.
    pub fn ms(self) -> Option<i64> {
        let count = i64::try_from(self.count).ok().filter(|count| *count > 0)?;
        let half = if self.sum_ms < 0 { -(count / 2) } else { count / 2 };
        Some((self.sum_ms + half) / count)
    }

    /// Writes it as three fields: the average, how many, and the sum.
    pub(super) fn write<M: SerializeMap>(self, map: &mut M, name: &str) -> Result<(), M::Error> {
        map.serialize_entry(&format!("{name}_ms"), &self.ms())?;
        map.serialize_entry(&format!("{name}_count"), &self.count)?;
        map.serialize_entry(&format!("{name}_sum_ms"), &self.sum_ms)
    }
}

/// A part of a whole; none where the whole is nothing.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub(super) fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_average_is_rounded_and_never_made_of_nothing() {
        assert_eq!(Average::of(0, 0).ms(), None);
        assert_eq!(Average::of(3, 63_000).ms(), Some(21_000));
        assert_eq!(Average::of(3, 10).ms(), Some(3));
        assert_eq!(Average::of(3, 11).ms(), Some(4));
        assert_eq!(Average::of(2, 1).ms(), Some(1));
        assert_eq!(ratio(0, 0), None);
        assert_eq!(ratio(1, 4), Some(0.25));
    }
}
