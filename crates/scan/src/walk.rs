use std::{
    fs::{self, File},
    io::Read,
    num::NonZeroUsize,
    os::unix::fs::FileTypeExt as _,
    panic,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};

use crate::{
    finder::Finder,
    places::Text,
    report::{Part, Report},
    window::{BLOCK, Window},
};

/// Files that wait for a thread that reads them.
const WAITING: usize = 1_024;

/// A file to be read.
struct Task {
    path: PathBuf,
    /// It is no file but what another program writes: perhaps a history.
    is_stream: bool,
}

/// Reads these files, and all files in these folders and below, by several threads. Links in folders are not followed; one that is named is.
pub fn files(finder: &Finder, roots: &[PathBuf], threads: NonZeroUsize) -> Report {
    let (send, receive) = sync_channel(WAITING);
    let receive = Mutex::new(receive);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.get()).map(|_| scope.spawn(|| work(finder, &receive))).collect();
        let mut part = Part::default();
        for root in roots {
            walk(root, &send, &mut part);
        }
        drop(send);
        for worker in workers {
            part.merge(worker.join().unwrap_or_else(|panic| panic::resume_unwind(panic)));
        }
        part.done()
    })
}

/// Reads a text to its end: a history as `git log -p` writes it, or any other.
pub fn stream(finder: &Finder, mut reader: impl Read) -> Report {
    let mut part = Part::default();
    if let Err(error) = Window::new(BLOCK).scan(finder, Text::Stream(None), &mut reader, &mut part) {
        part.unread(None, error.to_string());
    }
    part.done()
}

fn work(finder: &Finder, tasks: &Mutex<Receiver<Task>>) -> Part {
    let mut part = Part::default();
    let mut window = Window::new(BLOCK);
    loop {
        let next = tasks.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Task { path, is_stream }) = next else { return part };
        let name = path.to_string_lossy();
        let text = if is_stream { Text::Stream(Some(&name)) } else { Text::File(&name) };
        let scanned = File::open(&path).and_then(|mut file| window.scan(finder, text, &mut file, &mut part));
        if let Err(error) = scanned {
            part.unread(Some(&path), error.to_string());
        }
    }
}

/// Hands over each file at and below a place.
fn walk(root: &Path, send: &SyncSender<Task>, part: &mut Part) {
    let mut folders = Vec::new();
    match fs::metadata(root) {
        Err(error) => part.unread(Some(root), error.to_string()),
        Ok(found) if found.is_dir() => folders.push(root.to_owned()),
        Ok(found) if found.is_file() || found.file_type().is_fifo() => {
            hand_over(send, Task { path: root.to_owned(), is_stream: !found.is_file() });
        }
        Ok(_) => part.unread(Some(root), "it is neither a file nor a folder".to_owned()),
    }
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                part.unread(Some(&folder), error.to_string());
                continue;
            }
        };
        for entry in entries {
            match entry.and_then(|entry| Ok((entry.path(), entry.file_type()?))) {
                Err(error) => part.unread(Some(&folder), error.to_string()),
                Ok((path, kind)) if kind.is_dir() => folders.push(path),
                Ok((path, kind)) if kind.is_file() => hand_over(send, Task { path, is_stream: false }),
                Ok((_, kind)) if kind.is_symlink() => part.link(),
                Ok(_) => part.special(),
            }
        }
    }
}

fn hand_over(send: &SyncSender<Task>, task: Task) {
    // Nobody takes it only if all who would have panicked, which is told when they are waited for.
    let _ = send.send(task);
}

#[cfg(test)]
mod tests {
    use std::os::unix::{fs::symlink, net::UnixListener};

    use model::{BODY_LEN, Environment, SecretFormat};

    use super::*;
    use crate::Place;

    fn key(number: u8) -> String {
        SecretFormat::new("ccc").unwrap().write(Environment::Test, &[number; BODY_LEN]).expose().to_owned()
    }

    fn finder() -> Finder {
        Finder::new(SecretFormat::new("ccc").unwrap())
    }

    fn scanned(roots: &[&Path]) -> Report {
        let roots: Vec<PathBuf> = roots.iter().map(|root| (*root).to_owned()).collect();
        files(&finder(), &roots, NonZeroUsize::new(3).unwrap())
    }

    #[test]
    fn every_file_below_a_folder_is_read_whatever_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        fs::create_dir_all(place("a/.git/objects")).unwrap();
        fs::create_dir(place("empty")).unwrap();
        for (number, name) in [(1, "a/x.rs"), (2, "a/.env"), (3, "a/.git/objects/blob"), (4, "b ä.bin")] {
            fs::write(place(name), [b"\0\xff\n  ", key(number).as_bytes()].concat()).unwrap();
        }
        fs::write(place("a/.gitignore"), "*\n").unwrap();
        symlink(place("a"), place("link")).unwrap();
        let _socket = UnixListener::bind(place("socket")).unwrap();
        let report = scanned(&[folder.path()]);
        let mut found: Vec<_> = report
            .findings
            .iter()
            .map(|one| (one.secret.expose().to_owned(), one.places[0].path.clone().unwrap_or_default()))
            .collect();
        found.sort();
        let at = |name: &str| place(name).to_string_lossy().into_owned();
        let expected = [(1, "a/x.rs"), (2, "a/.env"), (3, "a/.git/objects/blob"), (4, "b ä.bin")];
        assert_eq!(found, expected.map(|(number, name)| (key(number), at(name))));
        assert_eq!(report.findings[0].places[0].column, 3);
        assert_eq!((report.files, report.links, report.special, report.unread.len()), (5, 1, 1, 0));
    }

    #[test]
    fn what_can_not_be_read_is_told_and_the_rest_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let (good, missing, nowhere) =
            (folder.path().join("good"), folder.path().join("missing"), folder.path().join("nowhere"));
        fs::write(&good, key(1)).unwrap();
        symlink(&missing, &nowhere).unwrap();
        let report = scanned(&[&missing, &nowhere, &good, Path::new("/dev/null")]);
        assert_eq!((report.findings.len(), report.files, report.unread_count), (1, 1, 3));
        let why: Vec<_> = report.unread.iter().map(|one| (one.path.clone().unwrap(), one.why.as_str())).collect();
        assert_eq!(why[0], (PathBuf::from("/dev/null"), "it is neither a file nor a folder"));
        assert!(why[1].1.contains("No such file") && why[2].1.contains("No such file"), "{why:?}");
    }

    #[test]
    fn a_link_that_is_named_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        fs::write(&target, key(1)).unwrap();
        symlink(&target, &link).unwrap();
        let report = scanned(&[&link]);
        assert_eq!(report.findings[0].places[0].path.as_deref(), link.to_str());
    }

    #[test]
    fn a_history_is_read_as_one_and_another_text_as_it_is() {
        let log = format!(
            "commit 1234567\n\n    Add\n\ndiff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,0 +2 @@\n+KEY={}\n",
            key(1)
        );
        let report = stream(&finder(), log.as_bytes());
        let expected = Place {
            path: Some("x".to_owned()),
            commit: Some("1234567".to_owned()),
            line: 2,
            column: 5,
            removed: false,
        };
        assert_eq!(report.findings[0].places, [expected]);
        let report = stream(&finder(), format!("\nKEY={}", key(1)).as_bytes());
        assert_eq!(report.findings[0].places, [Place { line: 2, column: 5, ..Place::default() }]);
        assert_eq!((report.files, report.bytes), (1, 50));
    }
}
