//! The head of a WAV file: RIFF, PCM.

/// Bytes before the first sample.
pub(super) const HEAD_BYTES: u64 = 44;

/// What a head says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Format {
    pub(super) channels: u16,
    pub(super) sample_rate_hz: u32,
    pub(super) bits: u16,
}

impl Format {
    pub(super) const fn bytes_a_frame(self) -> u32 {
        self.channels as u32 * (self.bits as u32 / 8)
    }

    /// The head of a file with this many bytes of samples.
    pub(super) fn head(self, samples: u32) -> [u8; 44] {
        let [channels, align, bits] = [self.channels, self.channels * (self.bits / 8), self.bits].map(u16::to_le_bytes);
        let [riff, rate, a_second, samples] =
            [samples.saturating_add(36), self.sample_rate_hz, self.sample_rate_hz * self.bytes_a_frame(), samples]
                .map(u32::to_le_bytes);
        let parts: [&[u8]; 13] = [
            b"RIFF",
            &riff,
            b"WAVE",
            b"fmt ",
            &16_u32.to_le_bytes(),
            &1_u16.to_le_bytes(),
            &channels,
            &rate,
            &a_second,
            &align,
            &bits,
            b"data",
            &samples,
        ];
        let mut head = [0; 44];
        for (place, byte) in head.iter_mut().zip(parts.into_iter().flatten()) {
            *place = *byte;
        }
        head
    }
}
