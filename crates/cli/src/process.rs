//! Closes this process's memory and files to other users.

use std::ffi::OsString;

use rustix::{
    fs::{FileType, Mode, OFlags, fcntl_getfl, fstat, stat},
    io,
    process::{Resource, Rlimit, setrlimit, umask},
};
use zeroize::Zeroizing;

use crate::given::{self, Unfit};

/// The variable with the text of the keyring.
const KEYRING: &str = "KEYDESK_KEYRING";
/// Variables that may hold a secret. Read once, and then taken out of the environment.
const SECRET: [&str; 2] = [KEYRING, "KEYDESK_DATABASE"];

/// From now on nobody else can read what this process writes, there is no dump of its memory, and only root looks into it: neither
/// its memory nor the variables that it was started with.
pub(crate) fn seclude() -> io::Result<()> {
    umask(Mode::from_bits_truncate(0o077));
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    Ok(())
}

/// Whether standard output was closed when the process began, so that whatever is printed is lost. Rust has opened `/dev/null` in
/// its place by now, to read and to write; a shell's `>/dev/null`, which somebody chose, can only be written.
pub(crate) fn prints_to_nobody() -> bool {
    let out = std::io::stdout();
    let is_null = || -> io::Result<bool> {
        let (out, null) = (fstat(&out)?, stat("/dev/null")?);
        Ok(FileType::from_raw_mode(out.st_mode) == FileType::CharacterDevice && out.st_rdev == null.st_rdev)
    };
    let is_read = fcntl_getfl(&out).is_ok_and(|flags| flags & OFlags::ACCMODE == OFlags::RDWR);
    is_read && is_null().unwrap_or_default()
}

/// The text of the keyring, if the environment has it. Programs that this one might start get none of its secrets.
///
/// To be called before any other thread is started, and after all else that reads the environment.
pub(crate) fn take_keyring() -> Result<Option<Zeroizing<String>>, Unfit> {
    let text = std::env::var_os(KEYRING);
    for name in SECRET {
        #[expect(
            unsafe_code,
            reason = "the standard library has no safe way to take a variable out of the environment"
        )]
        // SAFETY: no other thread reads the environment, since there is none yet.
        unsafe {
            std::env::remove_var(name);
        }
    }
    text.map_or(Ok(None), |text| given::keyring(KEYRING, text))
}

/// The flags whose values are addresses of databases.
const DATABASE: &str = "--database";
const LIMITS: &str = "--limits";

/// Whether an argument has, or may have, the password of a database in it. Every user of the machine can read the arguments of
/// a process.
pub(crate) fn password_in_arguments(arguments: &[OsString]) -> bool {
    let mut before = "";
    texts(arguments).any(|argument| {
        let flag = if before.is_empty() { argument.split_once('=') } else { Some((before, argument.as_str())) };
        before = [DATABASE, LIMITS].into_iter().find(|flag| *flag == argument).unwrap_or_default();
        match flag {
            Some((LIMITS, value)) => store::names_password(value),
            Some((DATABASE, value)) => store::has_password(&given::lower_scheme(value)),
            // Not only that of `--database`: one that is misplaced would be repeated in a message.
            _ => is_address_of_postgres(value_of(&argument)) && store::names_password(value_of(&argument)),
        }
    })
}

/// Whether any argument may be the address of a database with a password, for arguments that are not understood: what says so
/// would repeat them.
pub(crate) fn password_in_misuse(arguments: &[OsString]) -> bool {
    texts(arguments).any(|argument| store::names_password(value_of(&argument)))
}

/// Whether any argument has characters that steer a terminal, which a message would repeat.
pub(crate) fn steer(arguments: &[OsString]) -> bool {
    texts(arguments).any(|argument| argument.chars().any(given::is_unseen))
}

fn texts(arguments: &[OsString]) -> impl Iterator<Item = String> {
    arguments.iter().map(|argument| argument.to_string_lossy().into_owned())
}

/// What stands behind `--flag=`, or all of what is no flag.
fn value_of(argument: &str) -> &str {
    match argument.split_once('=') {
        Some((flag, value)) if flag.starts_with("--") => value,
        _ => argument,
    }
}

/// Whether a text has such an address in it, or begins as one and is no sentence.
fn is_address_of_postgres(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["postgres://", "postgresql://"].iter().any(|scheme| text.contains(scheme))
        || (text.starts_with("postgres") && !text.contains(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(arguments: &[&str]) -> Vec<OsString> {
        arguments.iter().map(OsString::from).collect()
    }

    #[test]
    fn a_password_is_found_in_any_argument() {
        for (arguments, expected) in [
            (&["postgres://k:secret@db/keydesk"][..], true),
            (&["--database=postgresql://k:secret@db/keydesk"], true),
            (&["--databse=postgresql://k:secret@db/keydesk"], true),
            (&["PostgreSQL://k:secret@db/keydesk"], true),
            (&["postgres:k:secret@db"], true),
            (&["postgres%3A//k:secret@db"], true),
            (&["postgres://k@db/keydesk?password=secret"], true),
            (&["--database", "postgres://db/keydesk?%70assword=secret"], true),
            (&["--database", "k:secret@db/keydesk"], true),
            (&["--database=k:secret@db/keydesk"], true),
            (&["--database", "mysql://k:secret@db/keydesk"], true),
            (&["postgres://k@db:5432/keydesk"], false),
            (&["--database", "postgres://k@db:5432/keydesk", "--notes", "ring:ada@example.com"], false),
            (&["--allow-origin=https://a:b@example.com"], false),
            (&["--notes", "it is at postgres://k:secret@db/keydesk"], true),
            (&["--notes", "Postgres: ask ada@example.com", "--client-name", "postgres:prod"], false),
            (&["--database", "sqlite:data/keydesk.db"], false),
            (&["--database", "SQLITE:data/a=b.db"], false),
            (&["--database", "POSTGRES://k@db:5432/keydesk"], false),
            (&["--database", "POSTGRES://k:secret@db:5432/keydesk"], true),
            (&["--database=PostgreSQL://db/keydesk?password=secret"], true),
        ] {
            assert_eq!(password_in_arguments(&given(arguments)), expected, "{arguments:?}");
        }
    }

    #[test]
    fn what_is_not_understood_may_be_an_address() {
        for (argument, expected) in [
            ("k:secret@db/keydesk", true),
            ("--databse=k:secret@db/keydesk", true),
            ("mysql://k:secret@db/keydesk", true),
            ("k%3Asecret%40db/keydesk", true),
            ("host=db password=secret", true),
            ("ada@example.com", false),
            ("https://example.com", false),
        ] {
            assert_eq!(password_in_misuse(&given(&[argument])), expected, "{argument}");
        }
    }
}
