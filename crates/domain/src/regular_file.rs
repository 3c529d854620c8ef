use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use rustix::fs::OFlags;

/// Opens a file to read, and nothing else: a pipe would be waited for until somebody writes to it, and a device has no end.
pub(crate) fn regular_file(path: &Path) -> io::Result<File> {
    // Without this, opening a pipe waits already. It means nothing for a regular file.
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_regular_file_is_opened_and_a_link_to_one() {
        let folder = tempfile::tempdir().unwrap();
        let (pipe, file, link) = (folder.path().join("pipe"), folder.path().join("file"), folder.path().join("link"));
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
        std::fs::write(&file, "text").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        for (path, fine) in [(&*pipe, false), (Path::new("/dev/zero"), false), (folder.path(), false), (&file, true)] {
            assert_eq!(regular_file(path).is_ok(), fine, "{}", path.display());
        }
        assert!(regular_file(&link).is_ok());
    }
}
