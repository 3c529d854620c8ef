//! A copy that can't be written, as on a file system that is mounted read-only, is examined as it is.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, chown},
    path::{Path, PathBuf},
};

use rustix::process::geteuid;
use serde_json::Value;
use tokio::process::Command;

use crate::support::{Program, command, init, keydesk};

/// A user without rights, since root may write whatever its mode.
const NOBODY: u32 = 65_534;

/// The binary, for somebody who may not write: ourselves, or nobody when we are root.
fn command_without_rights(bin: &Path) -> Command {
    if !geteuid().is_root() {
        return command();
    }
    let mut command = Command::new(bin);
    command.env_clear().uid(NOBODY).gid(NOBODY).kill_on_drop(true);
    command
}

/// Makes a folder one that its owner can only read, with all that is in it.
fn close(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        if geteuid().is_root() {
            chown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }
    if geteuid().is_root() {
        chown(folder, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(0o500)).unwrap();
}

fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_can_not_be_written_is_examined_and_stays_as_it_is() {
    // Reachable for everybody, unlike the folders of other tests.
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let bin = folder.path().join("keydesk");
    fs::copy(env!("CARGO_BIN_EXE_keydesk"), &bin).unwrap();
    let data = folder.path().join("data");
    init(&data, &[]).await;
    let made = keydesk(&data, &["key", "create", "--client-name", "Acme", "--json"]).await;
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    let found = folder.path().join("found.env");
    fs::write(&found, made["key"].as_str().unwrap()).unwrap();
    let backup = folder.path().join("backup.db");
    assert!(keydesk(&data, &["backup", &backup.display().to_string()]).await.status.success());
    // What a snapshot of the disk has while the server is at work: a log that is not written back.
    let program = Program::serve(&data, &[]).await;
    assert!(keydesk(&data, &["key", "create", "--client-name", "Newest"]).await.status.success());
    let snapshot = folder.path().join("snapshot");
    fs::create_dir(&snapshot).unwrap();
    for name in ["keydesk.db", "keydesk.db-wal", "keydesk.db-shm", "master.key"] {
        fs::copy(data.join(name), snapshot.join(name)).unwrap();
    }
    program.kill().await;
    let (copy, lost) = (folder.path().join("copy"), folder.path().join("lost"));
    for folder in [&copy, &lost] {
        fs::create_dir(folder).unwrap();
        fs::copy(data.join("master.key"), folder.join("master.key")).unwrap();
    }
    fs::copy(&backup, copy.join("keydesk.db")).unwrap();
    for name in ["keydesk.db", "keydesk.db-wal"] {
        fs::copy(snapshot.join(name), lost.join(name)).unwrap();
    }
    for folder in [&copy, &snapshot, &lost] {
        close(folder);
    }
    let run = async |data: &Path, args: &[&str]| {
        let output = command_without_rights(&bin).args(args).arg("--data-dir").arg(data).output().await.unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    for (data, keys) in [(&copy, &["Acme"][..]), (&snapshot, &["Acme", "Newest"])] {
        let before = files(data);
        for args in [
            &["doctor"][..],
            &["audit", "verify"],
            &["audit", "head"],
            &["key", "list"],
            &["key", "default"],
            &["admin", "list"],
            &["installation", "list"],
        ] {
            let (code, out, err) = run(data, args).await;
            assert_eq!((code, err.as_str()), (Some(0), ""), "{args:?} {out}");
            if args == ["doctor"] {
                assert!(out.contains("access: can't be written, so it was read as it is"), "{out}");
            }
            if args == ["key", "list"] {
                keys.iter().for_each(|key| assert!(out.contains(key), "{key}: {out}"));
            }
        }
        let (code, out, err) = run(data, &["scan", found.to_str().unwrap()]).await;
        assert!(code == Some(1) && out.contains("API key of Acme (default)\n  works\n"), "{out} {err}");
        for args in [
            &["key", "create", "--client-name", "More"][..],
            &["key", "default", "--reveal"],
            &["audit", "export"],
            &["installation", "create", "more"],
            &["init"],
            &["serve", "--listen", "127.0.0.1:0"],
        ] {
            let (code, out, err) = run(data, args).await;
            assert_eq!((code, out.as_str()), (Some(1), ""), "{args:?} {err}");
            assert!(err.contains("can't be written (") && err.lines().count() == 1, "{args:?} {err}");
        }
        assert!(files(data) == before, "something was written");
    }
    let (code, _, err) = run(&lost, &["key", "list"]).await;
    assert!(code == Some(1) && err.contains("holds changes that SQLite can't read"), "{err}");
}
