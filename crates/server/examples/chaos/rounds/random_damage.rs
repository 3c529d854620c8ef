use std::{fs, path::Path};

use super::Random;

const PAGE: usize = 4_096;

/// Damages a file; says how.
pub(crate) fn damage(file: &Path, random: &mut Random) -> String {
    let mut bytes = fs::read(file).expect("a file");
    let (length, pages) = (bytes.len(), bytes.len() / PAGE);
    let what = match random.below(6) {
        0 => {
            let number = 1 << random.below(8);
            for _ in 0..number {
                bytes[random.below(length)] ^= 1 << random.below(8);
            }
            format!("{number} bits were turned")
        }
        1 => {
            let at = random.below(length);
            let end = length.min(at + 1 + random.below(512));
            bytes[at..end].fill_with(|| random.next().to_le_bytes()[0]);
            format!("noise from {at} to {end}")
        }
        2 => {
            let zeroed: Vec<_> = (0..1 + random.below(3)).map(|_| random.below(pages)).collect();
            zeroed.iter().for_each(|page| bytes[page * PAGE..][..PAGE].fill(0));
            format!("pages {zeroed:?} were zeroed")
        }
        3 => {
            let (one, other) = (random.below(pages), random.below(pages));
            for at in 0..PAGE {
                bytes.swap(one * PAGE + at, other * PAGE + at);
            }
            format!("pages {one} and {other} were swapped")
        }
        4 => {
            let (from, to) = (random.below(pages), random.below(pages));
            bytes.copy_within(from * PAGE..(from + 1) * PAGE, to * PAGE);
            format!("page {from} was written over page {to}")
        }
        _ => {
            bytes.truncate(random.below(length));
            format!("it was cut off at {}", bytes.len())
        }
    };
    fs::write(file, bytes).expect("room");
    what
}
