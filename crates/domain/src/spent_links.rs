//! Set-up links that are over, in a file beside the keyring: what is put back into the database does not take them back.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use crate::{
    audit::chain::{hex, unhex},
    fingerprint,
};

/// The name of the file in the data directory: a line a link.
const FILE_NAME: &str = "set-up.over";

/// Adds a link, unless the file has it. The file grows with installations alone, which only the operator makes.
pub(crate) fn add(data_dir: &Path, random: &[u8]) -> io::Result<()> {
    // A file that can't be read gets the link, even if it has it.
    if contains(data_dir, random).unwrap_or(false) {
        return Ok(());
    }
    let path = path(data_dir);
    let mut file = fs::OpenOptions::new().append(true).create(true).mode(0o600).open(&path)?;
    // A line that was cut off must not swallow this one. Two processes that both find one leave an empty line, which is ignored.
    let torn = !matches!(fs::read(&path)?.last(), None | Some(b'\n'));
    let begin = if torn { "\n" } else { "" };
    file.write_all(format!("{begin}{}\n", line(random)).as_bytes())?;
    file.sync_all()
}

/// Whether the file has the link. Fails if the file is there and can't be read, or holds a line that is no link: then nobody knows
/// which links are over.
pub(crate) fn contains(data_dir: &Path, random: &[u8]) -> io::Result<bool> {
    let text = match fs::read_to_string(path(data_dir)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let lines = || text.lines().enumerate().filter(|(_, line)| !line.is_empty());
    if let Some((at, _)) = lines().find(|(_, line)| unhex(line).is_none()) {
        let path = path(data_dir);
        return Err(io::Error::other(format!(
            "line {} of {} was cut off; remove that line once every installation has an owner",
            at + 1,
            path.display()
        )));
    }
    let wanted = line(random);
    Ok(lines().any(|(_, line)| line == wanted))
}

/// The file, in the data directory.
pub(crate) fn path(data_dir: &Path) -> PathBuf {
    data_dir.join(FILE_NAME)
}

fn line(random: &[u8]) -> String {
    hex(&fingerprint(random))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_was_added_stays_over_and_no_other_is() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!contains(folder.path(), &[1; 32]).unwrap());
        for link in [[1; 32], [2; 32], [1; 32]] {
            add(folder.path(), &link).unwrap();
        }
        for (link, over) in [([1; 32], true), ([2; 32], true), ([3; 32], false)] {
            assert_eq!(contains(folder.path(), &link).unwrap(), over, "{link:?}");
        }
        assert_eq!(fs::read_to_string(folder.path().join(FILE_NAME)).unwrap().lines().count(), 2);
    }

    #[test]
    fn a_line_that_was_cut_off_swallows_no_other_and_leaves_nothing_known() {
        let folder = tempfile::tempdir().unwrap();
        let whole = |random: u8| format!("{}\n", line(&[random; 32]));
        for torn in ["", "5", &whole(1)[..63], &whole(1)[..64], "\0\0\0"] {
            fs::write(path(folder.path()), format!("{}{torn}", whole(2))).unwrap();
            add(folder.path(), &[3; 32]).unwrap();
            assert!(fs::read_to_string(path(folder.path())).unwrap().ends_with(&format!("\n{}", whole(3))), "{torn:?}");
            let known = torn.is_empty() || torn.len() == 64;
            for random in [1, 2, 3, 4] {
                let over = contains(folder.path(), &[random; 32]);
                assert_eq!(
                    over.ok(),
                    known.then_some(random != 4 && (random != 1 || !torn.is_empty())),
                    "{torn:?} {random}"
                );
            }
        }
        let said = contains(folder.path(), &[2; 32]).unwrap_err().to_string();
        assert!(said.starts_with("line 2 of ") && said.contains("set-up.over"), "{said}");
    }

    #[test]
    fn a_file_that_can_not_be_read_is_not_taken_for_an_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(FILE_NAME)).unwrap();
        assert!(contains(folder.path(), &[1; 32]).is_err());
    }
}
