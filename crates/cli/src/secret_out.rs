//! Where `keydesk apply` hands new secrets over: to files of their owner alone, and to the standard input of commands.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use domain::MadeSecret;

/// How long a command may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is asked whether it has ended.
const LOOKS: Duration = Duration::from_millis(20);

/// Where a secret goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SecretTo {
    /// A file that is not there yet.
    File(PathBuf),
    /// A program with its arguments, which reads it from its standard input.
    Command(Vec<String>),
}

/// A file that was made for a secret. Dropped before it is kept, it is removed: the secret is one of a key that never was.
#[derive(Debug)]
pub(crate) struct Put(Option<PathBuf>);

impl Put {
    /// The secret works from now on.
    pub(crate) fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Put {
    fn drop(&mut self) {
        if let Some(file) = self.0.take() {
            let _ = fs::remove_file(file);
        }
    }
}

impl SecretTo {
    /// In words. Arguments of a command are not told: one may be a password.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::File(path) => format!("the file {}", path.display()),
            Self::Command(words) => format!("the command {}", words.first().map_or("", String::as_str)),
        }
    }

    /// Refuses, before anything is made, a place that could not be written to, or that others could change.
    pub(crate) fn check(&self) -> Result<(), String> {
        let Self::File(path) = self else { return Ok(()) };
        let shown = path.display();
        if fs::symlink_metadata(path).is_ok() {
            return Err(format!("{shown} is there already; a new secret overwrites nothing"));
        }
        let folder = folder(path);
        let found = fs::metadata(folder).map_err(|error| format!("{} can't be used: {error}", folder.display()))?;
        let own = rustix::process::geteuid().as_raw();
        if !found.is_dir() {
            return Err(format!("{} is no folder", folder.display()));
        }
        if found.uid() != own && found.uid() != 0 {
            return Err(format!("the folder {} is another user's", folder.display()));
        }
        if found.mode() & 0o022 != 0 {
            return Err(format!("others can write to the folder {}", folder.display()));
        }
        Ok(())
    }

    /// Hands a secret over. Waits until it has arrived.
    pub(crate) fn put(&self, file: &str, made: &MadeSecret<'_>) -> Result<Put, String> {
        match self {
            Self::File(path) => {
                // Looked at once more: time has passed.
                self.check()?;
                let put = write(path, made.secret.expose());
                put.map_err(|error| format!("{} can't be written: {error}", path.display()))
            }
            Self::Command(words) => {
                let (program, arguments) = words.split_first().ok_or("no command is named")?;
                let mut command = Command::new(program);
                command.args(arguments);
                for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("KEYDESK_"))
                {
                    command.env_remove(name);
                }
                command.env("KEYDESK_APPLY_FILE", file).env("KEYDESK_APPLY_KIND", made.kind.as_str());
                command.env("KEYDESK_APPLY_NAME", made.name).env("KEYDESK_APPLY_ID", &made.id);
                run(command, made.secret.expose()).map_err(|why| format!("the command {program} {why}"))?;
                Ok(Put(None))
            }
        }
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn write(path: &Path, secret: &str) -> io::Result<Put> {
    // Never one that is there, nor what a link leads to.
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    let put = Put(Some(path.to_owned()));
    file.write_all(secret.as_bytes())?;
    file.sync_all()?;
    File::open(folder(path))?.sync_all()?;
    Ok(put)
}

/// Runs a command with a text on its standard input. What it prints goes nowhere: it may print the secret.
fn run(mut command: Command, text: &str) -> Result<(), String> {
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|error| format!("can't be started: {error}"))?;
    // A secret fits into any pipe, so this waits for nobody. At its end the pipe is closed.
    let written =
        child.stdin.take().map_or(Err(io::ErrorKind::BrokenPipe.into()), |mut stdin| stdin.write_all(text.as_bytes()));
    let until = Instant::now() + PATIENCE;
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if Instant::now() < until => thread::sleep(LOOKS),
            Ok(None) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("did not end within {} s, and was stopped", PATIENCE.as_secs()));
            }
            Err(error) => return Err(format!("can't be waited for: {error}")),
        }
    };
    match (written, status.success()) {
        (Ok(()), true) => Ok(()),
        (_, false) => Err(format!("failed ({status})")),
        (Err(_), true) => Err("did not read the secret from its standard input".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use model::{ClaimKind, PlainSecret};

    use super::*;

    fn put(to: &SecretTo) -> Result<Put, String> {
        let secret = PlainSecret::new("s3cret".to_owned());
        to.put("crm", &MadeSecret { kind: ClaimKind::Key, name: "acme", id: "7".to_owned(), secret: &secret })
    }

    fn shell(script: &str, argument: &Path) -> SecretTo {
        let words = ["sh", "-c", script, "sh", &argument.display().to_string()];
        SecretTo::Command(words.iter().map(|word| (*word).to_owned()).collect())
    }

    #[test]
    fn a_file_is_made_for_its_owner_alone_and_goes_again_unless_it_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("acme");
        let to = SecretTo::File(path.clone());
        assert_eq!(to.check(), Ok(()));
        let made = put(&to).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "s3cret");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(to.check().unwrap_err().contains("is there already") && put(&to).is_err());
        drop(made);
        assert!(!path.exists(), "nobody had it");
        put(&to).unwrap().keep();
        assert!(path.exists());
    }

    #[test]
    fn nothing_is_written_where_others_write_or_a_link_leads_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let (open, target) = (folder.path().join("open"), folder.path().join("target"));
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(put(&SecretTo::File(open.join("acme"))).unwrap_err().contains("others can write"));
        let link = folder.path().join("link");
        symlink(&target, &link).unwrap();
        assert!(put(&SecretTo::File(link)).unwrap_err().contains("is there already"));
        assert!(!target.exists());
        assert!(SecretTo::File(folder.path().join("none/acme")).check().unwrap_err().contains("can't be used"));
    }

    #[test]
    fn a_command_gets_the_secret_from_its_standard_input_and_by_no_other_way() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let script = "cat > \"$1\"; env | grep ^KEYDESK_ | sort >> \"$1\"; echo loud; echo loud >&2";
        let to = shell(script, &out);
        assert_eq!(to.words(), "the command sh");
        put(&to).unwrap().keep();
        assert_eq!(
            fs::read_to_string(&out).unwrap(),
            "s3cretKEYDESK_APPLY_FILE=crm\nKEYDESK_APPLY_ID=7\nKEYDESK_APPLY_KIND=key\nKEYDESK_APPLY_NAME=acme\n"
        );
    }

    #[test]
    fn a_command_that_fails_is_said_to_have_failed() {
        let folder = tempfile::tempdir().unwrap();
        for (script, words) in
            [("cat > /dev/null; exit 3", "failed (exit status: 3)"), ("exit 4", "failed (exit status: 4)")]
        {
            let refused = put(&shell(script, folder.path())).unwrap_err();
            assert!(refused.starts_with("the command sh ") && refused.contains(words), "{refused}");
        }
        let missing = SecretTo::Command(vec!["/does/not/exist".to_owned()]);
        assert!(put(&missing).unwrap_err().contains("can't be started"));
    }
}
