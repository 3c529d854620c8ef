use std::{
    io::{self, ErrorKind, Write},
    process::ExitCode,
};

use serde::Serialize;

use super::Failed;
use crate::given::printable;

/// Standard output and error of a command. A reader that closes its end early, as `head` does, is no failure, and no end either:
/// the command goes on, and its own verdict is its exit status.
pub(super) struct Output {
    out: Box<dyn Write>,
    /// What is printed can't be printed again: a reader that does not read it is a failure.
    once: bool,
    /// The reader has gone, so nothing more is printed.
    left: bool,
}

impl Output {
    pub(super) fn standard() -> Self {
        Self::to(io::BufWriter::new(io::stdout()))
    }

    fn to(out: impl Write + 'static) -> Self {
        Self { out: Box::new(out), once: false, left: false }
    }

    /// One sentence on standard error. What it repeats of a database's own words may have line ends, and stays one line.
    pub(super) fn fail(&mut self, sentence: &str) -> ExitCode {
        let _ = self.out.flush();
        let line = sentence.lines().map(str::trim).collect::<Vec<_>>().join(" ");
        let _ = writeln!(io::stderr(), "keydesk: {}", printable(&line));
        ExitCode::FAILURE
    }

    /// Prints what a command has done. `done` says it, for when it can't be printed: a change that was made is never told as
    /// a failure alone.
    pub(super) fn told(
        &mut self,
        done: &str,
        print: impl FnOnce(&mut Self) -> Result<(), Failed>,
    ) -> Result<(), Failed> {
        print(self).map_err(|failed| Failed::new(format!("{done}, but that could not be printed ({})", failed.0)))
    }

    /// Prints what is made, and can be printed this once. `otherwise` says what was made and what to do, for when nobody
    /// gets to read it.
    pub(super) fn once(
        &mut self,
        otherwise: &str,
        print: impl FnOnce(&mut Self) -> Result<(), Failed>,
    ) -> Result<(), Failed> {
        self.once = true;
        let printed = print(self);
        self.once = false;
        printed.map_err(|failed| Failed::new(format!("{otherwise} ({})", failed.0)))
    }

    /// One JSON document.
    pub(super) fn json(&mut self, document: &impl Serialize) -> io::Result<()> {
        let text = serde_json::to_string_pretty(document)?;
        self.line(&text)
    }

    /// Whole lines of text, as they are.
    pub(super) fn text(&mut self, text: &str) -> io::Result<()> {
        self.write(text)
    }

    /// A line of text.
    pub(super) fn line(&mut self, text: &str) -> io::Result<()> {
        self.write(&format!("{text}\n"))
    }

    /// Whether nobody reads any more, so that a command that only prints may end.
    pub(super) fn is_left(&self) -> bool {
        self.left
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        if self.left && !self.once {
            return Ok(());
        }
        match self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe && !self.once => {
                self.left = true;
                Ok(())
            }
            Err(error) => Err(io::Error::new(error.kind(), format!("standard output can't be written: {error}"))),
            Ok(()) => Ok(()),
        }
    }

    /// Names and values, one pair a line.
    pub(super) fn pairs(&mut self, pairs: &[(&str, &str)]) -> io::Result<()> {
        let width = pairs.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
        pairs.iter().try_for_each(|(name, value)| self.line(&format!("{name:<width$}  {value}")))
    }

    /// A sentence about what was printed, if there is one.
    pub(super) fn note(&mut self, sentence: Option<&str>) -> io::Result<()> {
        sentence.map_or(Ok(()), |sentence| self.line(sentence))
    }

    /// Rows under a head, in aligned columns.
    pub(super) fn table<const N: usize>(&mut self, head: [&str; N], rows: &[[String; N]]) -> io::Result<()> {
        let mut widths = head.map(width);
        for row in rows {
            for (column, cell) in widths.iter_mut().zip(row) {
                *column = (*column).max(width(cell));
            }
        }
        self.row(&head.map(str::to_owned), &widths)?;
        rows.iter().try_for_each(|row| self.row(row, &widths))
    }

    fn row(&mut self, cells: &[String], widths: &[usize]) -> io::Result<()> {
        let padded: Vec<_> = cells
            .iter()
            .zip(widths)
            .map(|(cell, column)| format!("{cell}{}", " ".repeat(column - width(cell))))
            .collect();
        self.line(padded.join("  ").trim_end())
    }
}

/// Columns that a text takes in a terminal, approximately: wide scripts and emoji take two, combining marks none.
fn width(text: &str) -> usize {
    text.chars()
        .map(|c| match u32::from(c) {
            0x0300..=0x036F | 0x1AB0..=0x1AFF | 0x20D0..=0x20FF | 0xFE00..=0xFE0F | 0xFE20..=0xFE2F => 0,
            0x1100..=0x115F | 0x2E80..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0xFE30..=0xFE6F => 2,
            0xFF00..=0xFF60 | 0xFFE0..=0xFFE6 | 0x1F300..=0x1FAFF | 0x20000..=0x3FFFD => 2,
            _ => 1,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Refuses every byte.
    struct Refusing(ErrorKind);

    impl Write for Refusing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_has_gone_ends_nothing_and_fails_only_what_is_printed_once() {
        let mut output = Output::to(Refusing(ErrorKind::BrokenPipe));
        assert!(!output.is_left());
        assert!(output.line("a").is_ok() && output.is_left() && output.text("b").is_ok());
        assert!(output.told("it was made", |output| Ok(output.line("it")?)).is_ok());
        let lost = output.once("it was made", |output| Ok(output.line("secret")?)).err().map(|failed| failed.0);
        assert!(lost.is_some_and(|said| said.starts_with("it was made (standard output can't be written: ")));
    }

    #[test]
    fn what_was_done_is_said_where_it_can_not_be_printed() {
        let mut output = Output::to(Refusing(ErrorKind::StorageFull));
        let failed = output.told("the key was deleted", |output| Ok(output.line("deleted")?)).err();
        let said = failed.map(|failed| failed.0).unwrap_or_default();
        let words = "the key was deleted, but that could not be printed (standard output can't be written: ";
        assert!(said.starts_with(words), "{said}");
        assert!(!output.is_left() && output.line("more").is_err());
    }

    #[test]
    fn wide_and_combining_characters_are_counted_as_terminals_show_them() {
        for (text, expected) in [("Acme", 4), ("東京", 4), ("e\u{301}", 1), ("😀", 2), ("Müller", 6)] {
            assert_eq!(width(text), expected, "{text}");
        }
    }
}
