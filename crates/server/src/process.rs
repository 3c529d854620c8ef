//! What this process gives up before it does anything: its memory and its files are nobody else's.

use rustix::{
    fs::Mode,
    io,
    process::{Resource, Rlimit, setrlimit, umask},
};
use zeroize::Zeroizing;

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

/// The text of the keyring, if the environment has it. Programs that this one might start get none of its secrets.
///
/// To be called before any other thread is started, and after all else that reads the environment.
pub(crate) fn take_keyring() -> Option<Zeroizing<String>> {
    let text = std::env::var(KEYRING).ok().filter(|text| !text.is_empty());
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
    text.map(Zeroizing::new)
}

/// Whether whoever started this process had it ignore that its terminal is closed. Elsewhere than on Linux nobody knows.
pub(crate) fn ignores_hang_up() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // A bit for each signal, the lowest for the first one, which it is.
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

/// Whether an argument has the password of a database in it. Every user of the machine can read the arguments of a process.
pub(crate) fn password_in_arguments(arguments: impl Iterator<Item = std::ffi::OsString>) -> bool {
    // Not only that of `--database`: one that is misplaced would be repeated in a message.
    let mut arguments = arguments.map(|argument| argument.to_string_lossy().into_owned());
    arguments.any(|argument| {
        let scheme = argument.split_once("://").map_or("", |(scheme, _)| scheme);
        scheme.to_ascii_lowercase().contains("postgres") && store::has_password(&argument)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_found_in_any_argument() {
        for (argument, expected) in [
            ("postgres://k:secret@db/keydesk", true),
            ("--database=postgresql://k:secret@db/keydesk", true),
            ("PostgreSQL://k:secret@db/keydesk", true),
            ("postgres://k@db/keydesk?password=secret", true),
            ("postgres://k@db:5432/keydesk", false),
            ("--allow-origin=https://a:b@example.com", false),
            ("sqlite:data/keydesk.db", false),
        ] {
            assert_eq!(password_in_arguments([argument.into()].into_iter()), expected, "{argument}");
        }
    }
}
