//! Where every value that looks random comes from: a pure function of the seed, of what it is for, and of a number. So the
//! same seed and clock give the same day byte for byte, in whatever order things are asked, and also after a restart.

use model::Instant;
use uuid::Uuid;

use crate::id::{CallId, RecordingId};

/// The seed of a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Seed(pub u64);

/// The increment of SplitMix64 (Steele, Lea, Flood 2014), whose mixing this is.
const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// SplitMix64's finalizer: every bit of the input moves half of the bits of the output.
pub(crate) const fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(GAMMA);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// The two halves of an id.
pub(crate) const fn halves(id: Uuid) -> (u64, u64) {
    id.as_u64_pair()
}

impl Seed {
    /// A value for a purpose and a number.
    pub(crate) const fn number(self, purpose: &str, n: u64) -> u64 {
        let mut value = mix(self.0);
        let bytes = purpose.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            value = mix(value ^ bytes[at] as u64);
            at += 1;
        }
        mix(value ^ mix(n))
    }

    /// A value for a purpose and the thing that an id names.
    pub(crate) const fn of(self, purpose: &str, id: Uuid) -> u64 {
        let (high, low) = halves(id);
        self.number(purpose, mix(high) ^ low)
    }

    /// An id that sorts by time.
    pub(crate) fn id(self, at: Instant, purpose: &str, n: u64) -> Uuid {
        uuid_at(at, self.number(purpose, n))
    }

    /// An id of the `n`th of many that begin together. They sort by their numbers.
    pub(crate) fn nth_id(self, at: Instant, purpose: &str, n: u64) -> Uuid {
        self.id(at.plus_millis(i64::try_from(n).unwrap_or_default()), purpose, n)
    }
}

/// The id of a leg's recording.
pub(crate) fn recording_id(call_id: CallId) -> RecordingId {
    let (high, low) = halves(call_id.0);
    // The first 48 bits are the instant.
    let at = Instant::from_millis(i64::try_from(high >> 16).unwrap_or_default());
    RecordingId(uuid_at(at, mix(mix(high) ^ low)))
}

/// A version 7 UUID of an instant and 64 bits.
pub(crate) fn uuid_at(at: Instant, bits: u64) -> Uuid {
    let mut random = [0; 10];
    for (to, from) in random.iter_mut().zip(bits.to_be_bytes().into_iter().chain(mix(bits).to_be_bytes())) {
        *to = from;
    }
    let millis = u64::try_from(at.as_millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

/// The smallest id of an instant.
pub(crate) fn first_at(at: Instant) -> Uuid {
    let millis = u64::try_from(at.as_millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_depends_on_seed_purpose_and_number_alone() {
        let seed = Seed(7);
        assert_eq!(seed.number("talk", 1), Seed(7).number("talk", 1));
        assert_ne!(seed.number("talk", 1), seed.number("talk", 2));
        assert_ne!(seed.number("talk", 1), seed.number("wrap", 1));
        assert_ne!(seed.number("talk", 1), Seed(8).number("talk", 1));
    }

    #[test]
    fn ids_are_of_version_7_and_sort_by_time() {
        let seed = Seed(7);
        let (early, late) = (Instant::from_millis(1_795_382_400_000), Instant::from_millis(1_795_382_400_001));
        let id = seed.id(early, "call", 9);
        assert_eq!((id.get_version_num(), id.get_variant()), (7, uuid::Variant::RFC4122));
        assert!(id < seed.id(late, "call", 1));
        assert_ne!(recording_id(CallId(id)).0, id);
    }
}
