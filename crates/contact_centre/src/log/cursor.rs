use std::{fmt, str::FromStr};

use model::Instant;
use serde::{Deserialize, Serialize};

use crate::seed::Seed;

/// The name of a stretch of the log in which no event was lost. A reader who comes back with another has to begin anew.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(Box<str>);

impl Epoch {
    /// Characters of a name.
    const MAX: usize = 16;

    /// The epoch that begins at an instant of the machine's clock. Two worlds of one seed have different ones, since they begin at
    /// different instants.
    pub fn beginning(seed: Seed, at: Instant) -> Self {
        let mark = seed.number("epoch", at.as_millis().unsigned_abs());
        Self(format!("k{:010x}", mark >> 24).into())
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A place in the log, as a stream's `id` and `Last-Event-ID` have it: `<epoch>-<seq>`. The next event is the one after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The epoch in which it was given.
    pub epoch: Epoch,
    /// The last event that was seen.
    pub seq: u64,
}

/// The text is no place in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a place in the log such as k3-918273")]
pub struct InvalidCursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.seq)
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let (epoch, seq) = text.split_once('-').ok_or(InvalidCursor)?;
        let named = (2..=Epoch::MAX).contains(&epoch.len())
            && epoch.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase());
        // `parse` would take a sign, and leading zeros would make two texts of one place.
        let counted = seq.bytes().all(|byte| byte.is_ascii_digit()) && (seq == "0" || !seq.starts_with('0'));
        if !named || !counted {
            return Err(InvalidCursor);
        }
        Ok(Self { epoch: Epoch(epoch.into()), seq: seq.parse().map_err(|_| InvalidCursor)? })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_place_is_refused() {
        for bad in [
            "",
            "k3",
            "k3-",
            "-1",
            "k3-+1",
            "k3-01",
            "K3-1",
            "k3-1-2",
            "k3-18446744073709551616",
            "kkkkkkkkkkkkkkkkk-1",
        ] {
            assert_eq!(bad.parse::<Cursor>(), Err(InvalidCursor), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_printed_place_reads_back(seed: u64, at in 0..4_000_000_000_000_i64, seq: u64) {
            let cursor = Cursor { epoch: Epoch::beginning(Seed(seed), Instant::from_millis(at)), seq };
            prop_assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }

        #[test]
        fn no_text_panics(text in ".{0,40}") {
            let _ = text.parse::<Cursor>();
        }
    }
}
