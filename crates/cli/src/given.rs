//! What a setting is given as, in a variable, a flag or the file, by one rule for all: an empty text counts as not given, and
//! one with characters in it that nobody sees is refused. Such a text is not meant: a file with Windows line ends writes it, and a
//! data directory of that name would be another one.

use std::{
    collections::BTreeSet,
    ffi::{OsStr, OsString},
    fmt::Write as _,
    path::PathBuf,
};

use domain::Keyring;
use zeroize::Zeroizing;

use clap::{
    ArgMatches,
    builder::{OsStringValueParser, TypedValueParser},
    parser::ValueSource,
};

/// The settings that variables gave, and not flags.
#[derive(Default)]
pub(crate) struct FromVariables(BTreeSet<String>);

impl FromVariables {
    /// Of a command and those below it.
    pub(crate) fn of(mut matches: &ArgMatches) -> Self {
        let mut found = BTreeSet::new();
        loop {
            let given = |id: &&str| matches.value_source(id) == Some(ValueSource::EnvVariable);
            found.extend(matches.ids().map(clap::Id::as_str).filter(given).map(str::to_owned));
            match matches.subcommand() {
                Some((_, below)) => matches = below,
                None => return Self(found),
            }
        }
    }

    /// What the operator calls a setting where it was given with the command: `KEYDESK_DATA_DIR` or `--data-dir`.
    fn name(&self, setting: &str) -> String {
        if self.0.contains(setting) {
            format!("KEYDESK_{}", setting.to_uppercase())
        } else {
            format!("--{}", setting.replace('_', "-"))
        }
    }

    /// A text or a path: what was given with the command, else what the file says.
    pub(crate) fn text<T: AsRef<OsStr>>(
        &self,
        setting: &str,
        command: Option<T>,
        file: Option<T>,
    ) -> Result<Option<T>, Unfit> {
        let given = |text: &T| !text.as_ref().is_empty();
        let (name, text) = match (command.filter(given), file.filter(given)) {
            (Some(text), _) => (self.name(setting), text),
            (None, Some(text)) => (in_file(setting), text),
            (None, None) => return Ok(None),
        };
        check(name, &text.as_ref().to_string_lossy())?;
        Ok(Some(text))
    }

    /// One of a few words, in any case.
    pub(crate) fn choice<T: Copy>(
        &self,
        setting: &str,
        command: Option<String>,
        file: Option<String>,
        choices: &[(&'static str, T)],
    ) -> Result<Option<T>, Unfit> {
        let named =
            command.as_ref().filter(|text| !text.is_empty()).map_or_else(|| in_file(setting), |_| self.name(setting));
        let Some(text) = self.text(setting, command, file)? else { return Ok(None) };
        match choices.iter().find(|(word, _)| text.eq_ignore_ascii_case(word)) {
            Some((_, choice)) => Ok(Some(*choice)),
            None => {
                let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
                Err(Unfit { name: named, what: format!("must be one of {}", words.join(", ")) })
            }
        }
    }

    /// Texts with commas between them, and blanks around them if anybody likes.
    pub(crate) fn list(&self, setting: &str, command: Vec<String>, file: Vec<String>) -> Result<Vec<String>, Unfit> {
        let trimmed = |texts: Vec<String>| -> Vec<String> {
            let texts = texts.iter().map(|text| text.trim_matches(' '));
            texts.filter(|text| !text.is_empty()).map(str::to_owned).collect()
        };
        let (name, list) = match trimmed(command) {
            list if list.is_empty() => (in_file(setting), trimmed(file)),
            list => (self.name(setting), list),
        };
        list.iter().try_for_each(|text| check(name.clone(), text))?;
        Ok(list)
    }
}

/// Reads a path, which may be empty, and so not given.
pub(crate) fn path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

/// What addresses of databases begin with.
const SCHEMES: [&str; 3] = ["sqlite:", "postgres://", "postgresql://"];

/// The address of a database with its scheme in small letters: its case means nothing.
pub(crate) fn lower_scheme(address: &str) -> String {
    let lower = SCHEMES.iter().find_map(|scheme| {
        let (head, rest) = address.split_at_checked(scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then(|| format!("{scheme}{rest}"))
    });
    lower.unwrap_or_else(|| address.to_owned())
}

/// The text of a keyring that a variable holds, which no message repeats.
pub(crate) fn keyring(variable: &str, text: OsString) -> Result<Option<Zeroizing<String>>, Unfit> {
    let unfit = |what: String| Unfit { name: variable.to_owned(), what };
    let text = match text.into_string() {
        Ok(text) => Zeroizing::new(text),
        Err(text) => {
            let _bytes = Zeroizing::new(text.into_encoded_bytes());
            return Err(unfit("is not UTF-8 text; save its text as UTF-8".to_owned()));
        }
    };
    if text.is_empty() {
        return Ok(None);
    }
    if let Some(c) = text.chars().find(|c| is_unseen(*c) && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(unfit(format!("has the invisible character {} in it; remove it", code(c))));
    }
    Keyring::parse(&text).map_err(|error| unfit(format!("can't be used: {error}")))?;
    Ok(Some(text))
}

fn in_file(setting: &str) -> String {
    format!("{setting} in the file that --config names")
}

/// What is wrong with a setting's text, which is never repeated: it may be the database's address.
#[derive(Debug, thiserror::Error)]
#[error("{name} {what}.")]
pub(crate) struct Unfit {
    name: String,
    what: String,
}

fn check(name: String, text: &str) -> Result<(), Unfit> {
    match unseen(text) {
        Some(what) => Err(Unfit { name, what: format!("{what}; remove it") }),
        None => Ok(()),
    }
}

/// Whether nobody sees a character, or it changes how its neighbours are shown. Variation selectors are left out: what they choose
/// is seen.
pub(crate) fn is_unseen(c: char) -> bool {
    model::is_invisible(c) && !matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// Which character in a text nobody sees, and where.
fn unseen(text: &str) -> Option<String> {
    let ends = [("begins", text.chars().next()), ("ends", text.chars().next_back())];
    for (verb, c) in ends {
        match c {
            Some('\r') => {
                return Some(format!("{verb} with a carriage return, as a file with Windows line ends has them"));
            }
            Some('\n') => return Some(format!("{verb} with a line end")),
            Some(c) if c.is_whitespace() && !is_unseen(c) => return Some(format!("{verb} with a blank")),
            Some(c) if is_unseen(c) => return Some(format!("{verb} with the invisible character {}", code(c))),
            _ => {}
        }
    }
    text.chars().find(|c| is_unseen(*c)).map(|c| format!("has the invisible character {} in it", code(c)))
}

fn code(c: char) -> String {
    format!("U+{:04X}", u32::from(c))
}

/// A text for a terminal: what would steer that, or is not seen, is written as its number. Line ends stay.
pub(crate) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unseen(c) && c != '\n' {
            let _ = write!(shown, "\\u{{{:x}}}", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_named_and_not_repeated() {
        for (text, expected) in [
            (
                "data\r",
                "KEYDESK_DATA_DIR ends with a carriage return, as a file with Windows line ends has them; remove it.",
            ),
            ("data\n", "KEYDESK_DATA_DIR ends with a line end; remove it."),
            ("data ", "KEYDESK_DATA_DIR ends with a blank; remove it."),
            ("\u{a0}data", "KEYDESK_DATA_DIR begins with a blank; remove it."),
            ("\tdata", "KEYDESK_DATA_DIR begins with the invisible character U+0009; remove it."),
            ("\u{feff}data", "KEYDESK_DATA_DIR begins with the invisible character U+FEFF; remove it."),
            ("data\u{202e}", "KEYDESK_DATA_DIR ends with the invisible character U+202E; remove it."),
            ("da\u{ad}ta", "KEYDESK_DATA_DIR has the invisible character U+00AD in it; remove it."),
            ("da\u{e0041}ta", "KEYDESK_DATA_DIR has the invisible character U+E0041 in it; remove it."),
            ("da\u{1b}[2Jta", "KEYDESK_DATA_DIR has the invisible character U+001B in it; remove it."),
        ] {
            let variables = FromVariables(BTreeSet::from(["data_dir".to_owned()]));
            assert_eq!(variables.text("data_dir", Some(text), None).unwrap_err().to_string(), expected);
            let flag = FromVariables::default().text("data_dir", Some(text), None).unwrap_err().to_string();
            assert!(flag.starts_with("--data-dir "), "{flag}");
            let file = FromVariables::default().text("data_dir", Some(""), Some(text)).unwrap_err().to_string();
            assert!(file.starts_with("data_dir in the file that --config names "), "{file}");
        }
        for good in ["data", "my data", "Ünicode", "東京"] {
            assert_eq!(FromVariables::default().text("data_dir", Some(good), None).unwrap(), Some(good));
        }
    }

    #[test]
    fn empty_is_not_given_and_words_are_taken_in_any_case() {
        let choices = [("text", 1), ("json", 2)];
        let choice = |command: Option<&str>, file: Option<&str>| {
            let chosen = FromVariables::default().choice(
                "log_format",
                command.map(str::to_owned),
                file.map(str::to_owned),
                &choices,
            );
            chosen.map_err(|error| error.to_string())
        };
        assert_eq!(choice(Some(""), Some("")), Ok(None));
        assert_eq!(choice(Some("JSON"), Some("text")), Ok(Some(2)));
        assert_eq!(choice(Some(""), Some("Text")), Ok(Some(1)));
        assert_eq!(choice(Some("xml"), None), Err("--log-format must be one of text, json.".to_owned()));
        let file = choice(None, Some("xml")).unwrap_err();
        assert_eq!(file, "log_format in the file that --config names must be one of text, json.");
        let list = |command: &[&str], file: &[&str]| {
            let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
            FromVariables::default()
                .list("trusted_proxies", owned(command), owned(file))
                .map_err(|error| error.to_string())
        };
        assert_eq!(list(&["10.0.0.0/8", " ::1 ", ""], &["b"]), Ok(vec!["10.0.0.0/8".to_owned(), "::1".to_owned()]));
        assert_eq!(list(&[" "], &["b"]), Ok(vec!["b".to_owned()]));
        assert!(list(&["10.0.0.1\r"], &[]).is_err_and(|error| error.starts_with("--trusted-proxies ends with")));
    }

    #[test]
    fn nothing_that_is_printed_steers_a_terminal() {
        assert_eq!(printable("a\r\u{1b}[2J\nb"), "a\\u{d}\\u{1b}[2J\nb");
        assert_eq!(printable("data\u{202e}bd\u{2066}"), "data\\u{202e}bd\\u{2066}");
    }

    #[test]
    fn the_case_of_a_scheme_means_nothing() {
        for (given, expected) in [
            ("SQLITE:Data/K.db", "sqlite:Data/K.db"),
            ("PostgreSQL://K@Db/N", "postgresql://K@Db/N"),
            ("POSTGRES://k@db/n", "postgres://k@db/n"),
            ("mysql://K", "mysql://K"),
            ("é", "é"),
        ] {
            assert_eq!(lower_scheme(given), expected);
        }
    }

    #[test]
    fn a_keyring_that_can_not_be_read_is_refused_by_the_name_of_its_variable() {
        let read = |text: &str| keyring("KEYDESK_KEYRING", text.into()).map_err(|error| error.to_string());
        assert_eq!(read(""), Ok(None));
        for (text, expected) in [
            ("\r", "KEYDESK_KEYRING can't be used: the keyring needs a pepper and a master key."),
            ("\u{feff}pepper p1 x", "KEYDESK_KEYRING has the invisible character U+FEFF in it; remove it."),
            ("pepper p1 hunter2", "KEYDESK_KEYRING can't be used: line 1 of the keyring is not"),
        ] {
            let refused = read(text).unwrap_err();
            assert!(refused.starts_with(expected) && !refused.contains("hunter2"), "{refused}");
        }
        let bytes = std::os::unix::ffi::OsStringExt::from_vec(vec![0xff, 0xfe, b'p']);
        let refused = keyring("KEYDESK_KEYRING", bytes).unwrap_err().to_string();
        assert_eq!(refused, "KEYDESK_KEYRING is not UTF-8 text; save its text as UTF-8.");
    }
}
