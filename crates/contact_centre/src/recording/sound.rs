use std::{mem, ops::Range};

use uuid::Uuid;

use super::{
    spans::{PAUSES_MAX, Pauses},
    speech::{Party, SYLLABLE_FRAMES, Syllable, mixed},
    wav::{Format, HEAD_BYTES},
};

/// Frames in a second.
pub const SAMPLE_RATE_HZ: u32 = 8_000;
/// The agent is left, the customer right.
pub const CHANNELS: u16 = 2;
/// The longest recording, in milliseconds: a day. A WAV file holds not much more.
pub const DURATION_MAX_MS: u64 = 24 * 60 * 60 * 1_000;
/// How many bytes [`Sound::chunks`] makes at once.
pub const CHUNK_BYTES: usize = 64 * 1_024;

const FORMAT: Format = Format { channels: CHANNELS, sample_rate_hz: SAMPLE_RATE_HZ, bits: 16 };
const FRAME_BYTES: u64 = FORMAT.bytes_a_frame() as u64;
const FRAMES_A_MS: u64 = SAMPLE_RATE_HZ as u64 / 1_000;

/// A recording as a WAV file, of which any part can be made at any time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sound {
    id: Uuid,
    seed: u64,
    duration_ms: u64,
    pauses: Pauses,
}

/// There is no recording that long, or with such pauses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSound {
    /// It lasts longer than [`DURATION_MAX_MS`].
    #[error("a recording lasts at most 24 hours")]
    TooLong,
    /// Pauses are too many, out of order, or end before they begin.
    #[error("a recording has at most {PAUSES_MAX} pauses, in order, of which none ends before it begins")]
    Pauses,
}

/// What is heard for some frames.
enum Run {
    Silence,
    Voices { agent: Syllable, customer: Syllable },
}

impl Sound {
    /// The recording with this id, which lasts so many milliseconds, with pauses in milliseconds from its beginning.
    ///
    /// # Errors
    ///
    /// It is too long, or its pauses are no pauses.
    pub fn new(id: Uuid, duration_ms: u64, pauses: impl IntoIterator<Item = Range<u64>>) -> Result<Self, InvalidSound> {
        if duration_ms > DURATION_MAX_MS {
            return Err(InvalidSound::TooLong);
        }
        let pauses = Pauses::new(pauses).ok_or(InvalidSound::Pauses)?;
        let (high, low) = id.as_u64_pair();
        Ok(Self { id, seed: mixed(high, low), duration_ms, pauses })
    }

    /// Whose it is.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// How long it lasts, in milliseconds.
    pub fn duration_ms(&self) -> u64 {
        self.duration_ms
    }

    /// When it is silent, in milliseconds from its beginning.
    pub fn pauses(&self) -> impl Iterator<Item = &Range<u64>> {
        self.pauses.iter()
    }

    /// How long the file is, in bytes.
    pub fn size_bytes(&self) -> u64 {
        HEAD_BYTES + self.duration_ms * FRAMES_A_MS * FRAME_BYTES
    }

    /// Writes the file's bytes from `offset` on into `out`, and says how many: fewer than asked for only at its end.
    pub fn read(&self, offset: u64, out: &mut [u8]) -> usize {
        let left = self.size_bytes().saturating_sub(offset);
        let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(out.len());
        let (mut rest, _) = out.split_at_mut(wanted);
        let mut at = offset;
        if at < HEAD_BYTES {
            let samples = u32::try_from(self.size_bytes() - HEAD_BYTES).unwrap_or(u32::MAX);
            at += put(&mut rest, &FORMAT.head(samples), at);
        }
        while !rest.is_empty() {
            let (frame, within) = ((at - HEAD_BYTES) / FRAME_BYTES, (at - HEAD_BYTES) % FRAME_BYTES);
            let (run, until) = self.run(frame);
            let whole = usize::try_from((until - frame).saturating_mul(FRAME_BYTES))
                .unwrap_or(usize::MAX)
                .min(rest.len() / 4 * 4);
            if within != 0 || whole == 0 {
                at += put(&mut rest, &run.frame(frame), within);
                continue;
            }
            let (now, later) = mem::take(&mut rest).split_at_mut(whole);
            run.write(frame, now);
            at += whole as u64;
            rest = later;
        }
        wanted
    }

    /// The bytes of a range of the file, in pieces of at most [`CHUNK_BYTES`]. What is behind its end is left out.
    pub fn chunks(&self, range: Range<u64>) -> impl Iterator<Item = Vec<u8>> + '_ {
        let end = range.end.min(self.size_bytes());
        (range.start..end).step_by(CHUNK_BYTES).map(move |offset| {
            let mut chunk = vec![0; usize::try_from(end - offset).unwrap_or(CHUNK_BYTES).min(CHUNK_BYTES)];
            self.read(offset, &mut chunk);
            chunk
        })
    }

    /// What is heard at a frame, and the frame at which that ends.
    fn run(&self, frame: u64) -> (Run, u64) {
        let (silent, changes_ms) = self.pauses.at(frame / FRAMES_A_MS);
        let changes = changes_ms.saturating_mul(FRAMES_A_MS);
        if silent {
            return (Run::Silence, changes);
        }
        let index = frame / SYLLABLE_FRAMES;
        let of = |party| Syllable::of(self.seed, party, index);
        let run = Run::Voices { agent: of(Party::Agent), customer: of(Party::Customer) };
        (run, changes.min((index + 1) * SYLLABLE_FRAMES))
    }
}

impl Run {
    /// The bytes of one frame.
    fn frame(&self, frame: u64) -> [u8; 4] {
        match self {
            Self::Silence => [0; 4],
            Self::Voices { agent, customer } => {
                let at = frame % SYLLABLE_FRAMES;
                let ([a, b], [c, d]) = (agent.sample(at).to_le_bytes(), customer.sample(at).to_le_bytes());
                [a, b, c, d]
            }
        }
    }

    /// The bytes of whole frames from this one on.
    fn write(&self, frame: u64, out: &mut [u8]) {
        match self {
            Self::Silence => out.fill(0),
            Self::Voices { .. } => {
                for (frame, bytes) in (frame..).zip(out.chunks_exact_mut(4)) {
                    bytes.copy_from_slice(&self.frame(frame));
                }
            }
        }
    }
}

/// Moves the bytes from `from` on to the front of `rest`, as many as fit, and says how many.
fn put(rest: &mut &mut [u8], bytes: &[u8], from: u64) -> u64 {
    let bytes = usize::try_from(from).ok().and_then(|from| bytes.get(from..)).unwrap_or_default();
    let fit = bytes.len().min(rest.len());
    let (now, later) = mem::take(rest).split_at_mut(fit);
    for (place, byte) in now.iter_mut().zip(bytes) {
        *place = *byte;
    }
    *rest = later;
    fit as u64
}
