use std::{
    fs::OpenOptions,
    io::{self, BufReader, IsTerminal as _, Write as _},
};

use serde::Serialize;

use crate::commands::Failed;

/// What became of a key that was to be revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Revoked {
    /// It was, now.
    Now,
    /// Somebody was faster.
    Before,
}

/// The keys that a run has revoked, and those that it could not.
#[derive(Debug, Default, Serialize)]
pub(super) struct Outcome {
    /// By id.
    pub(super) revoked: Vec<String>,
    pub(super) failed: Vec<NotRevoked>,
}

/// A key that could not be revoked.
#[derive(Debug, Serialize)]
pub(super) struct NotRevoked {
    pub(super) key_id: String,
    pub(super) why: String,
}

/// Asks whoever sits at the terminal, in `question`, whose last line is one of yes or no. Standard input may be the history that is scanned, so the
/// terminal is asked itself then. Nothing is meant by pressing Enter.
pub(super) fn ask(question: &str, reads_input: bool) -> Result<bool, Failed> {
    let answer = if reads_input {
        at_terminal(question)
    } else if io::stdin().is_terminal() {
        let mut error = io::stderr();
        let asked = write!(error, "{question}").and_then(|()| error.flush());
        asked.and_then(|()| answer(&mut io::stdin().lock()))
    } else {
        Err(io::ErrorKind::NotFound.into())
    };
    answer.map_err(|_| {
        Failed::new(
            "there is no terminal to ask at, so nothing was revoked; look at what was found, and then say --yes",
        )
    })
}

fn at_terminal(question: &str) -> io::Result<bool> {
    let mut terminal = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
    write!(terminal, "{question}")?;
    terminal.flush()?;
    answer(&mut BufReader::new(terminal))
}

fn answer(reader: &mut impl io::BufRead) -> io::Result<bool> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    Ok(matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_is_yes() {
        for (line, expected) in
            [("y\n", true), ("YES\n", true), ("\n", false), ("", false), ("n\n", false), ("yes, but\n", false)]
        {
            assert_eq!(answer(&mut line.as_bytes()).unwrap(), expected, "{line:?}");
        }
    }
}
