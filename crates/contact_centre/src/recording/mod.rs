//! Recordings of calls as real WAV files, of which nothing is stored: each sample is a function of the recording's id and the
//! sample's index, so a range costs what it has bytes, and the same recording always has the same bytes.
//!
//! Invariants:
//! - arithmetic is on integers alone, so that every machine makes the same bytes;
//! - a pause is silence on both channels, so that an offset in the file is an offset in the call;
//! - a file is as long as the connected time, to the millisecond: a millisecond is 8 frames.

mod content;
mod digest;
mod representation;
mod sound;
mod spans;
mod speech;
mod wav;

pub use content::{Content, content};
pub use digest::{DIGESTS_KEPT, Digests};
pub use representation::{Requested, content_range, etag, repr_digest, requested, unsatisfied_range};
pub use sound::{CHANNELS, CHUNK_BYTES, DURATION_MAX_MS, InvalidSound, SAMPLE_RATE_HZ, Sound};
pub use spans::PAUSES_MAX;
