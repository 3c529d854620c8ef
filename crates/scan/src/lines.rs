use memchr::{memchr_iter, memrchr};

/// Where in a text somebody is who has passed some of it.
#[derive(Debug)]
pub(crate) struct Lines {
    /// From 1.
    line: u64,
    /// Characters of the line that were passed.
    passed: u64,
}

impl Default for Lines {
    fn default() -> Self {
        Self { line: 1, passed: 0 }
    }
}

impl Lines {
    pub(crate) fn pass(&mut self, bytes: &[u8]) {
        match memrchr(b'\n', bytes) {
            Some(last) => {
                self.line += memchr_iter(b'\n', bytes).count() as u64;
                self.passed = characters(&bytes[last + 1..]);
            }
            None => self.passed += characters(bytes),
        }
    }

    /// The line and the column, both from 1.
    pub(crate) fn here(&self) -> (u64, u64) {
        (self.line, self.passed + 1)
    }
}

/// Characters of UTF-8: all bytes but those that go on with one. Where a text is something else, it is a number of bytes, more or less.
pub(crate) fn characters(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| (**byte & 0xC0) != 0x80).count() as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_and_columns_are_those_of_an_editor() {
        let mut lines = Lines::default();
        assert_eq!(lines.here(), (1, 1));
        for (more, here) in
            [("", (1, 1)), ("ab", (1, 3)), ("ü", (1, 4)), ("\r\n", (2, 1)), ("\n\n漢字", (4, 3)), ("x\n", (5, 1))]
        {
            lines.pass(more.as_bytes());
            assert_eq!(lines.here(), here, "{more:?}");
        }
    }

    proptest! {
        #[test]
        fn however_a_text_is_cut_the_place_is_the_same(text in "[a\nü漢]{0,60}", cuts in prop::collection::vec(0usize..200, 0..4)) {
            let mut whole = Lines::default();
            whole.pass(text.as_bytes());
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.push(text.len());
            cuts.sort_unstable();
            let (mut lines, mut from) = (Lines::default(), 0);
            for cut in cuts {
                lines.pass(&text.as_bytes()[from..cut]);
                from = cut;
            }
            let last = text.rsplit('\n').next().unwrap_or_default();
            let expected = (text.matches('\n').count() as u64 + 1, last.chars().count() as u64 + 1);
            prop_assert_eq!((lines.here(), whole.here()), (expected, expected));
        }
    }
}
