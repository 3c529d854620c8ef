use std::io::{self, ErrorKind, Read};

use zeroize::Zeroizing;

use crate::{
    finder::{AHEAD, Finder},
    places::{Places, Text},
    report::Part,
};

/// So much is read at once, beside what the last block ended with.
pub(crate) const BLOCK: usize = 1 << 20;

/// The piece of a text that is in memory. What comes in it is overwritten by the next one, and wiped at the end.
///
/// Only what begins in a piece and has [`AHEAD`] bytes after it is judged; the rest stays for the next piece. So whatever begins in a text is
/// judged once, and with all that is needed for it.
pub(crate) struct Window(Zeroizing<Vec<u8>>);

impl Window {
    pub(crate) fn new(block: usize) -> Self {
        Self(Zeroizing::new(vec![0; block + AHEAD]))
    }

    /// Reads a text to its end, and notes what is in it. What was found before reading failed is noted, too.
    pub(crate) fn scan(
        &mut self,
        finder: &Finder,
        text: Text<'_>,
        reader: &mut impl Read,
        part: &mut Part,
    ) -> io::Result<()> {
        let bytes = &mut self.0[..];
        let (mut filled, mut total) = (0, 0);
        let (mut places, mut packed) = (None, false);
        loop {
            let read = fill(reader, &mut bytes[filled..])?;
            (filled, total) = (filled + read, total + read as u64);
            let ended = filled < bytes.len();
            let settled = if ended { filled } else { filled - AHEAD };
            let piece = &bytes[..filled];
            let places = places.get_or_insert_with(|| {
                packed = is_packed(piece);
                Places::of(text, piece)
            });
            let mut passed = 0;
            for (at, needle) in finder.candidates(piece).take_while(|(at, _)| *at < settled) {
                if let Some((form, secret)) = finder.recognise(&piece[at..], needle) {
                    places.pass(&piece[passed..at]);
                    passed = at;
                    part.found(form, secret, places.here(finder.is_wide(needle)));
                }
            }
            places.pass(&piece[passed..settled]);
            if ended {
                part.read(total, packed, places.hidden());
                return Ok(());
            }
            bytes.copy_within(settled..filled, 0);
            filled -= settled;
        }
    }
}

/// Reads until there is no more room, or nothing more comes.
fn fill(reader: &mut impl Read, room: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < room.len() {
        match reader.read(&mut room[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Whether a file begins as compressed ones do: gzip, zip and what is made of it, bzip2, xz, zstd, 7z, and git's objects and packs of them.
fn is_packed(bytes: &[u8]) -> bool {
    const BEGINNINGS: [&[u8]; 8] = [
        &[0x1F, 0x8B],
        b"PK\x03\x04",
        b"BZh",
        &[0xFD, b'7', b'z', b'X', b'Z'],
        &[0x28, 0xB5, 0x2F, 0xFD],
        b"7z\xBC\xAF\x27\x1C",
        b"x\x01",
        b"PACK\0\0\0",
    ];
    BEGINNINGS.iter().any(|beginning| bytes.starts_with(beginning))
}

#[cfg(test)]
mod tests {
    use model::{BODY_LEN, Environment, SecretFormat};
    use proptest::prelude::*;

    use super::*;
    use crate::{Place, Report};

    /// Gives what it has in pieces of these sizes, and is interrupted now and then.
    struct Pieces<'a> {
        rest: &'a [u8],
        sizes: Vec<usize>,
        turn: usize,
    }

    impl Read for Pieces<'_> {
        fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
            self.turn += 1;
            if self.turn.is_multiple_of(5) {
                return Err(ErrorKind::Interrupted.into());
            }
            let size = self.sizes.get(self.turn % self.sizes.len().max(1)).copied().unwrap_or(usize::MAX);
            let (now, then) = self.rest.split_at(size.min(room.len()).min(self.rest.len()));
            room[..now.len()].copy_from_slice(now);
            self.rest = then;
            Ok(now.len())
        }
    }

    fn key(number: u8) -> String {
        let format = SecretFormat::new("ccc").unwrap();
        format.write(Environment::Live, &[number; BODY_LEN]).expose().to_owned()
    }

    fn scanned(block: usize, text: &[u8], sizes: &[usize]) -> Report {
        let finder = Finder::new(SecretFormat::new("ccc").unwrap());
        let mut reader = Pieces { rest: text, sizes: sizes.to_vec(), turn: 0 };
        let mut part = Part::default();
        Window::new(block).scan(&finder, Text::File("f"), &mut reader, &mut part).unwrap();
        part.done()
    }

    fn at(line: u64, column: u64) -> Place {
        Place { path: Some("f".to_owned()), line, column, ..Place::default() }
    }

    #[test]
    fn a_key_is_found_at_every_place_around_a_border() {
        const SMALL: usize = 256;
        let key = key(7);
        let mut text = vec![b'.'; 3 * SMALL + 2 * AHEAD];
        let around = |border: usize| border.saturating_sub(key.len() + 2)..border + 2;
        // What was read ends there, and what is judged; the second and third piece, likewise.
        let borders = [SMALL, 2 * SMALL, SMALL + AHEAD, 2 * SMALL + AHEAD, 3 * SMALL + AHEAD];
        for place in borders.into_iter().flat_map(around).chain([0, text.len() - key.len()]) {
            text[place..place + key.len()].copy_from_slice(key.as_bytes());
            let report = scanned(SMALL, &text, &[]);
            let found: Vec<_> = report.findings.iter().map(|found| (found.secret.expose(), found.count)).collect();
            assert_eq!(found, [(key.as_str(), 1)], "{place}");
            assert_eq!(report.findings[0].places, [at(1, place as u64 + 1)]);
            assert_eq!(report.bytes, text.len() as u64);
            text[place..place + key.len()].fill(b'.');
        }
        assert!(scanned(SMALL, &text, &[]).findings.is_empty());
    }

    #[test]
    fn a_text_as_long_as_a_piece_ends_where_it_ends() {
        for length in [AHEAD, AHEAD + 64, AHEAD + 65, 2 * AHEAD] {
            let text = [vec![b'\n'; length - 45], key(3).into_bytes()].concat();
            let report = scanned(64, &text, &[]);
            assert_eq!((report.findings.len(), report.files, report.bytes), (1, 1, length as u64), "{length}");
            assert_eq!(report.findings[0].places, [at(length as u64 - 44, 1)], "{length}");
        }
        let empty = scanned(64, b"", &[]);
        assert_eq!((empty.findings.len(), empty.files, empty.bytes), (0, 1, 0));
    }

    #[test]
    fn compressed_files_are_counted() {
        for packed in [&b"\x1f\x8b\x08\0"[..], b"PK\x03\x04", b"x\x01K\xca", b"PACK\0\0\0\x02"] {
            assert_eq!(scanned(64, packed, &[]).packed, 1, "{packed:?}");
        }
        for plain in [&b"PK"[..], b"x = 1", b"PACKAGE"] {
            assert_eq!(scanned(64, plain, &[]).packed, 0, "{plain:?}");
        }
    }

    #[test]
    fn what_was_found_before_reading_failed_is_told() {
        struct Broken(bool);
        impl Read for Broken {
            fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
                if std::mem::replace(&mut self.0, true) {
                    return Err(io::Error::other("broken"));
                }
                room.fill(b'.');
                room[..45].copy_from_slice(key(5).as_bytes());
                Ok(room.len())
            }
        }
        let finder = Finder::new(SecretFormat::new("ccc").unwrap());
        let mut part = Part::default();
        let scanned = Window::new(64).scan(&finder, Text::File("f"), &mut Broken(false), &mut part);
        let report = part.done();
        assert_eq!((scanned.is_err(), report.findings.len(), report.files), (true, 1, 0));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn however_a_text_is_read_the_same_is_found(
            block in 1usize..400,
            sizes in prop::collection::vec(1usize..5_000, 0..4),
            gaps in prop::collection::vec(0usize..6_000, 1..8),
        ) {
            let (mut text, mut expected) = (Vec::new(), Vec::new());
            for (number, gap) in gaps.iter().enumerate() {
                text.extend(std::iter::repeat_n(b'x', *gap));
                text.push(b'\n');
                expected.push((key(number as u8), at(number as u64 + 2, 1)));
                text.extend_from_slice(key(number as u8).as_bytes());
            }
            let report = scanned(block, &text, &sizes);
            let found: Vec<_> =
                report.findings.iter().map(|one| (one.secret.expose().to_owned(), one.places[0].clone())).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
