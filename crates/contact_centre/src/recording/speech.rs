//! What a call sounds like: two voices that take turns, made of syllables. Nobody says a word.

/// A syllable is 160 ms; a turn is 16 of them, some 2.5 s.
pub(super) const SYLLABLE_FRAMES: u64 = 1_280;
const SYLLABLES_A_TURN: u64 = 16;

/// Which side a voice is on. The agent is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Party {
    Agent,
    Customer,
}

/// One syllable of one voice; silent ones have no loudness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Syllable {
    loudness: i64,
    /// By how much the phase of the voice moves with each frame, of 2^16 for a whole turn.
    step: u32,
    /// How loud its second and third harmonics are, of 256: what makes one vowel of it or another.
    second: i64,
    third: i64,
}

impl Syllable {
    /// The syllable that a voice has at an index of syllables, in the recording with this seed.
    pub(super) fn of(seed: u64, party: Party, index: u64) -> Self {
        // The agent greets. Of later turns three of eight are the agent's and four the customer's; in one both are silent.
        let turn = if index < SYLLABLES_A_TURN { 0 } else { mixed(seed, index / SYLLABLES_A_TURN) % 8 };
        let speaks = match party {
            Party::Agent => turn < 3,
            Party::Customer => (3..7).contains(&turn),
        };
        let side = if party == Party::Agent { 0x5eed_0a6e } else { 0x5eed_c057 };
        let voice = mixed(seed, side);
        let chance = mixed(voice, index);
        // Words end: some syllables are gaps.
        let loudness = if speaks && !chance.is_multiple_of(5) { 4_000 + part(chance, 8, 6_000) } else { 0 };
        // Voices lie between 90 and 230 Hz, and each moves by 50 Hz.
        let hertz = 110 + part(voice, 16, 90) + part(chance, 24, 50) - 20;
        Self {
            loudness,
            step: u32::try_from(hertz * 65_536 / 8_000).unwrap_or_default(),
            second: part(chance, 32, 200),
            third: part(chance, 40, 140),
        }
    }

    /// The sample at a frame of the syllable, below [`SYLLABLE_FRAMES`].
    pub(super) fn sample(self, frame: u64) -> i16 {
        if self.loudness == 0 {
            return 0;
        }
        let frame = frame % SYLLABLE_FRAMES;
        let phase = self.step.wrapping_mul(u32::try_from(frame).unwrap_or_default());
        let wave =
            256 * wave(phase) + self.second * wave(phase.wrapping_mul(2)) + self.third * wave(phase.wrapping_mul(3));
        // It swells and fades, so that nothing clicks where one syllable ends and the next begins.
        let at = i64::try_from(frame).unwrap_or_default();
        let length = i64::try_from(SYLLABLE_FRAMES).unwrap_or(1);
        let swell = 4 * at * (length - at) / length;
        let loud = self.loudness * swell / length;
        let sample = wave / 256 * loud / 32_768;
        i16::try_from(sample.clamp(-32_768, 32_767)).unwrap_or_default()
    }
}

/// A wave between -32,768 and 32,768 that is nearly a sine: two parabolas.
fn wave(phase: u32) -> i64 {
    let half = i64::from(phase & 0x7fff);
    let arch = half * (32_768 - half) / 8_192;
    if phase & 0x8000 == 0 { arch } else { -arch }
}

/// A number below `below` from the bits of another that begin at `shift`.
fn part(of: u64, shift: u32, below: u64) -> i64 {
    i64::try_from((of >> shift) % 65_536 * below / 65_536).unwrap_or_default()
}

/// A number that looks like chance, of two others (the finalizer of SplitMix64).
pub(super) fn mixed(seed: u64, index: u64) -> u64 {
    let mut x = seed ^ index.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_voices_speak_and_rarely_at_once() {
        let (mut agent, mut customer, mut both) = (0, 0, 0);
        for index in 0..10_000 {
            let speaks = |party| Syllable::of(7, party, index).loudness > 0;
            let (left, right) = (speaks(Party::Agent), speaks(Party::Customer));
            agent += u32::from(left);
            customer += u32::from(right);
            both += u32::from(left && right);
        }
        assert!((2_000..4_500).contains(&agent), "{agent}");
        assert!((2_500..5_500).contains(&customer), "{customer}");
        assert_eq!(both, 0);
    }

    #[test]
    fn a_syllable_swells_from_silence_and_never_clips() {
        for index in 0..500 {
            let syllable = Syllable::of(42, Party::Customer, index);
            let loudest = (0..SYLLABLE_FRAMES).map(|frame| syllable.sample(frame).unsigned_abs()).max().unwrap();
            assert_eq!(syllable.sample(0), 0);
            assert!(syllable.sample(SYLLABLE_FRAMES - 1).unsigned_abs() < 200, "{syllable:?}");
            assert!(loudest < 32_000, "{loudest}");
            assert_eq!(loudest > 1_000, syllable.loudness > 0, "{syllable:?} {loudest}");
        }
    }
}
