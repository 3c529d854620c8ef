//! Set-up links that are over, in a file beside the keyring: what is put back into the database does not take them back.

use std::{
    fmt::Write as _,
    fs,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use crate::fingerprint;

/// The name of the file in the data directory: a line a link.
const FILE_NAME: &str = "set-up.over";

/// Adds a link, unless the file has it. The file grows with installations alone, which only the operator makes.
pub(crate) fn add(data_dir: &Path, random: &[u8]) -> io::Result<()> {
    // A file that can't be read gets the link, even if it has it.
    if contains(data_dir, random).unwrap_or(false) {
        return Ok(());
    }
    let mut file = fs::OpenOptions::new().append(true).create(true).mode(0o600).open(data_dir.join(FILE_NAME))?;
    file.write_all(format!("{}\n", line(random)).as_bytes())?;
    file.sync_all()
}

/// Whether the file has the link. Fails if the file is there and can't be read: then nobody knows which links are over.
pub(crate) fn contains(data_dir: &Path, random: &[u8]) -> io::Result<bool> {
    let text = match fs::read_to_string(data_dir.join(FILE_NAME)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let wanted = line(random);
    Ok(text.lines().any(|line| line == wanted))
}

fn line(random: &[u8]) -> String {
    fingerprint(random).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
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
    fn a_file_that_can_not_be_read_is_not_taken_for_an_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(FILE_NAME)).unwrap();
        assert!(contains(folder.path(), &[1; 32]).is_err());
    }
}
