use std::fmt;

use serde::{Deserialize, Serialize};

/// The name of the limit of recordings, in refusals. No quota of a key may have it.
pub const RECORDING_BYTES_LIMIT: &str = "recording_bytes_per_day";

/// A number is larger than it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 0 to {0}")]
pub struct InvalidNumber(u64);

macro_rules! number {
    ($(#[$about:meta])* $name:ident, $most:tt) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[cfg_attr(feature = "openapi", schema(value_type = u64, minimum = 0, maximum = $most))]
        #[serde(try_from = "u64", into = "u64")]
        pub struct $name(u64);

        impl $name {
            /// The largest.
            pub const MAX: u64 = $most;
        }

        impl TryFrom<u64> for $name {
            type Error = InvalidNumber;

            fn try_from(number: u64) -> Result<Self, InvalidNumber> {
                if number <= Self::MAX { Ok(Self(number)) } else { Err(InvalidNumber(Self::MAX)) }
            }
        }

        impl From<$name> for u64 {
            fn from(number: $name) -> Self {
                number.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

number! {
    /// Outbound calls in any hour: 0 to 1,000,000.
    CallsPerHour, 1_000_000_u64
}

number! {
    /// Streams that are open at once: 0 to 10,000.
    MaxStreams, 10_000_u64
}

number! {
    /// Bytes of recordings in a day: 0 to 2^53-1.
    RecordingBytes, 9_007_199_254_740_991_u64
}
