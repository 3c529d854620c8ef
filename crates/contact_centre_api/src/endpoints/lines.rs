use bytes::{Buf as _, Bytes, BytesMut};

/// Bytes of a line.
const LINE_MAX: usize = 64 * 1024;

/// Lines of a body that comes in pieces. Each byte is looked at once, however small the pieces are.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// What has come of a line that has not ended.
    rest: BytesMut,
    /// How much of it was looked at.
    searched: usize,
    /// Lines that have ended, blank ones included.
    ended: u64,
}

/// A line with something in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Its number, from 1. Blank lines are counted.
    pub(super) number: u64,
    pub(super) text: Bytes,
}

/// A line is longer than it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLong;

impl Lines {
    /// The lines that end in a piece, without blank ones.
    ///
    /// # Errors
    /// [`TooLong`]; then nothing more can be read.
    pub(super) fn read(&mut self, piece: &[u8]) -> Result<Vec<Line>, TooLong> {
        self.rest.extend_from_slice(piece);
        let mut lines = Vec::new();
        while let Some(end) = self.next_end() {
            let text = self.rest.split_to(end).freeze();
            self.rest.advance(1);
            self.searched = 0;
            self.ended += 1;
            lines.extend(line(self.ended, text)?);
        }
        self.searched = self.rest.len();
        if self.rest.len() > LINE_MAX { Err(TooLong) } else { Ok(lines) }
    }

    /// Where the line ends that has come, if it has.
    fn next_end(&self) -> Option<usize> {
        let new = self.rest.get(self.searched..)?;
        new.iter().position(|byte| *byte == b'\n').map(|at| self.searched + at)
    }

    /// How many lines have ended.
    pub(super) fn ended(&self) -> u64 {
        self.ended
    }

    /// The last line, if it was not ended and is not blank.
    pub(super) fn last(self) -> Option<Line> {
        line(self.ended + 1, self.rest.freeze()).ok().flatten()
    }
}

fn line(number: u64, text: Bytes) -> Result<Option<Line>, TooLong> {
    if text.len() > LINE_MAX {
        return Err(TooLong);
    }
    Ok(Some(Line { number, text }).filter(|line| !line.text.trim_ascii().is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(body: &[u8], piece: usize) -> (Vec<(u64, Vec<u8>)>, u64) {
        let (mut lines, mut found) = (Lines::default(), Vec::new());
        for piece in body.chunks(piece) {
            found.extend(lines.read(piece).unwrap());
        }
        let ended = lines.ended();
        found.extend(lines.last());
        (found.into_iter().map(|line| (line.number, line.text.to_vec())).collect(), ended)
    }

    #[test]
    fn lines_are_the_same_however_they_come() {
        let body = b"a\n\n  \r\nbc\n\nd";
        let expected = (vec![(1, b"a".to_vec()), (4, b"bc".to_vec()), (6, b"d".to_vec())], 5);
        for piece in 1..=body.len() {
            assert_eq!(all(body, piece), expected, "{piece}");
        }
        assert_eq!(all(b"", 1), (Vec::new(), 0));
        assert_eq!(all(b"\n \n ", 2), (Vec::new(), 2));
    }

    #[test]
    fn a_line_is_bounded_whether_it_ends_or_not() {
        let longest = vec![b'x'; LINE_MAX];
        let mut lines = Lines::default();
        assert_eq!(lines.read(&longest), Ok(Vec::new()));
        assert_eq!(lines.read(b"\n").unwrap().len(), 1);
        assert_eq!(lines.read(&longest), Ok(Vec::new()));
        assert_eq!(lines.read(b"x"), Err(TooLong));
        assert_eq!(Lines::default().read(&[&longest[..], b"x\n"].concat()), Err(TooLong));
        assert_eq!(Lines::default().read(&[&vec![b' '; LINE_MAX][..], b" \n"].concat()), Err(TooLong));
    }

    #[test]
    fn no_byte_is_looked_at_twice() {
        let mut lines = Lines::default();
        for read in 1..=LINE_MAX {
            assert_eq!(lines.read(b"x"), Ok(Vec::new()));
            assert_eq!(lines.searched, read);
        }
    }
}
