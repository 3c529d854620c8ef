//! Recordings as files: any part of one is what the whole has there.

use std::io::Cursor;

use contact_centre::{
    id::RecordingId,
    objects::{Pause, Recording, RecordingStatus},
    recording::{
        CHUNK_BYTES, Content, DURATION_MAX_MS, Digests, InvalidSound, PAUSES_MAX, Requested, Sound, content, etag,
        requested,
    },
};
use proptest::prelude::*;
use uuid::Uuid;

use crate::script::{at, call_id};

fn sound(id: u128, duration_ms: u64, pauses: &[(u64, u64)]) -> Sound {
    Sound::new(Uuid::from_u128(id), duration_ms, pauses.iter().map(|&(from, to)| from..to)).unwrap()
}

fn whole(sound: &Sound) -> Vec<u8> {
    sound.chunks(0..sound.size_bytes()).flatten().collect()
}

proptest! {
    #[test]
    fn every_range_is_the_slice(
        id in any::<u128>(),
        duration_ms in 0..4_000_u64,
        cuts in prop::collection::vec(0..4_000_u64, 0..6),
        ranges in prop::collection::vec((0..130_000_u64, 0..130_000_u64), 20),
    ) {
        let mut cuts = cuts;
        cuts.sort_unstable();
        let pauses: Vec<_> = cuts.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
        let sound = sound(id, duration_ms, &pauses);
        let whole = whole(&sound);
        prop_assert_eq!(whole.len() as u64, sound.size_bytes());
        for (one, other) in ranges {
            let (start, end) = (one.min(other), one.max(other));
            let within = |at: u64| usize::try_from(at.min(sound.size_bytes())).unwrap();
            let part: Vec<u8> = sound.chunks(start..end).flatten().collect();
            prop_assert_eq!(part, &whole[within(start)..within(end)]);
        }
    }

    #[test]
    fn every_range_that_a_header_names_is_the_slice(first in 0..3_000_u64, last in 0..3_000_u64) {
        let sound = sound(7, 60, &[]);
        let (whole, size) = (whole(&sound), sound.size_bytes());
        let header = format!("bytes={first}-{last}");
        let part = match requested(Some(&header), None, None, &etag(&sound), size) {
            Requested::Part(part) => part,
            Requested::Unsatisfiable => {
                prop_assert!(first >= size && first <= last);
                return Ok(());
            }
            other => {
                prop_assert!(last < first && other == Requested::Whole);
                return Ok(());
            }
        };
        let bytes: Vec<u8> = sound.chunks(part).flatten().collect();
        let end = usize::try_from((last + 1).min(size)).unwrap();
        prop_assert_eq!(bytes, &whole[usize::try_from(first).unwrap()..end]);
    }
}

#[test]
fn a_program_that_knows_wav_reads_it() {
    let sound = sound(42, 20_000, &[(5_000, 9_000)]);
    let mut reader = hound::WavReader::new(Cursor::new(whole(&sound))).unwrap();
    let spec = reader.spec();
    assert_eq!((spec.channels, spec.sample_rate, spec.bits_per_sample), (2, 8_000, 16));
    assert_eq!(reader.duration(), 160_000);
    let samples: Vec<i16> = reader.samples().map(Result::unwrap).collect();
    let loud = |from_ms: usize, to_ms: usize, channel: usize| {
        samples[from_ms * 16..to_ms * 16].iter().skip(channel).step_by(2).any(|sample| sample.unsigned_abs() > 1_000)
    };
    // The pause is digital silence; around it both speak.
    assert!(samples[5_000 * 16..9_000 * 16].iter().all(|sample| *sample == 0));
    assert!(loud(0, 5_000, 0) || loud(0, 5_000, 1));
    assert!(loud(9_000, 20_000, 0) || loud(9_000, 20_000, 1));
    let speaks = |channel| loud(0, 20_000, channel);
    assert!(speaks(0) && speaks(1), "both sides are heard within 20 s");
}

#[test]
fn a_recording_always_has_the_same_bytes() {
    let digests = Digests::default();
    let first = sound(42, 4_000, &[]);
    assert_eq!(digests.known(&first), None);
    let digest = digests.of(&first);
    assert_eq!(digests.known(&first), Some(digest));
    // Of this release and of every other, on every machine.
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "8fb4c6a39373dcea4c2c2498433f918217e1dcc89ab0a18f595b26ac0727e57d");
    assert_eq!(etag(&first), etag(&sound(42, 4_000, &[])));
    for other in [sound(43, 4_000, &[]), sound(42, 4_001, &[]), sound(42, 4_000, &[(0, 400)])] {
        assert_ne!(etag(&first), etag(&other));
        assert_ne!(digest, digests.of(&other));
    }
    // What comes before a pause is what it was without one.
    let paused = whole(&sound(42, 4_000, &[(3_000, 3_200)]));
    assert_eq!(paused[44..44 + 96_000], whole(&first)[44..44 + 96_000]);
}

#[test]
fn it_is_made_in_pieces_and_has_bounds() {
    let day = sound(1, DURATION_MAX_MS, &[]);
    assert_eq!(day.size_bytes(), 44 + 86_400 * 32_000);
    // The last bytes of a day cost no more than the first.
    let last: Vec<_> = day.chunks(day.size_bytes() - 100_000..u64::MAX).collect();
    assert_eq!(last.iter().map(Vec::len).collect::<Vec<_>>(), [CHUNK_BYTES, 100_000 - CHUNK_BYTES]);
    assert_eq!(day.read(day.size_bytes(), &mut [0; 8]), 0);
    assert_eq!(day.read(u64::MAX, &mut [0; 8]), 0);
    assert_eq!(Sound::new(Uuid::nil(), DURATION_MAX_MS + 1, []), Err(InvalidSound::TooLong));
    let many = (0..=PAUSES_MAX as u64).map(|at| at..at);
    assert_eq!(Sound::new(Uuid::nil(), 1, many), Err(InvalidSound::Pauses));
}

#[test]
fn a_recording_is_as_long_as_its_call_and_silent_where_it_was_paused() {
    let (started_at, ended_at) = (at("2026-03-02T09:00:18Z"), at("2026-03-02T09:00:48.007Z"));
    let pause = |from: &str, to: Option<&str>| Pause { from: at(from), to: to.map(at), reason: "payment".into() };
    let mut recording = Recording {
        id: RecordingId(Uuid::from_u128(42)),
        call_id: call_id(1),
        root_id: call_id(1),
        agent_id: None,
        status: RecordingStatus::Available,
        started_at,
        ended_at: Some(ended_at),
        pauses: vec![pause("2026-03-02T09:00:20Z", Some("2026-03-02T09:00:25Z")), pause("2026-03-02T09:00:48Z", None)],
        retain_until: None,
        seq: 1,
        subject_seq: 1,
        updated_at: ended_at,
    };
    let Content::Ready(sound) = content(&recording) else { panic!("{recording:?} can be downloaded") };
    assert_eq!((sound.duration_ms(), sound.id()), (30_007, recording.id.0));
    assert_eq!(sound.pauses().cloned().collect::<Vec<_>>(), [2_000..7_000, 30_000..30_007]);
    for (status, expected) in [
        (RecordingStatus::Recording, Content::NotReady),
        (RecordingStatus::Processing, Content::NotReady),
        (RecordingStatus::Deleted, Content::Deleted),
    ] {
        recording.status = status;
        assert_eq!(content(&recording), expected);
    }
}
