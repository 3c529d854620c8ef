//! What lies on the disk, in the memory and in the arguments of a process is nobody else's.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    process::Stdio,
};

use rustix::process::geteuid;
use serde_json::Value;
use tokio::process::Command;

use crate::support::{Program, command, init, keydesk, wait_until};

/// A user without privileges.
const NOBODY: u32 = 65_534;

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// The files in a folder, folders left out.
fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect()
}

/// What the doctor says of these.
async fn findings(data: &Path, args: &[&str], what: &str) -> Vec<Value> {
    let output = keydesk(data, &[&["doctor", "--json"], args].concat()).await;
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    report["findings"].as_array().unwrap().iter().filter(|finding| finding["what"] == what).cloned().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_files_are_for_their_owner_alone_wherever_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let (data, elsewhere) = (folder.path().join("data"), folder.path().join("else"));
    for folder in [&data, &elsewhere] {
        fs::create_dir(folder).unwrap();
        set_mode(folder, 0o755);
    }
    let database = format!("sqlite:{}", elsewhere.join("keydesk.db").display());
    // As a shell or a service manager starts it that lets others read.
    let started = async |args: &[&str]| {
        let mut shell = Command::new("sh");
        shell.args(["-c", "umask 022; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_keydesk")]).args(args);
        assert!(shell.arg("--data-dir").arg(&data).output().await.unwrap().status.success());
    };
    started(&["init"]).await;
    started(&["init", "--database", &database]).await;
    started(&["backup", &folder.path().join("backup.db").display().to_string()]).await;
    let program = Program::serve(&data, &["--database", &database]).await;
    let lying: Vec<_> =
        [&data, &elsewhere, &folder.path().to_owned()].into_iter().flat_map(|folder| files(folder)).collect();
    let names: Vec<_> = lying.iter().map(|file| file.file_name().unwrap().to_string_lossy().into_owned()).collect();
    for name in ["master.key", "keydesk.db", "keydesk.db-wal", "keydesk.db-shm", "backup.db"] {
        assert!(names.iter().any(|own| own == name), "{name}: {names:?}");
    }
    for file in &lying {
        assert_eq!(mode(file), 0o600, "{}", file.display());
    }
    assert_eq!((mode(&data), mode(&elsewhere)), (0o755, 0o755), "folders that were there are the operator's");
    // Both are named, and it is no fault: nobody can read what is in them.
    let named = findings(&data, &["--database", &database], "folder").await;
    assert_eq!(named.len(), 2, "{named:?}");
    for finding in named {
        assert!(finding["ok"] == true && finding["advice"].as_str().unwrap().contains("chmod 700"), "{finding}");
    }
    set_mode(&elsewhere, 0o777);
    let open = findings(&data, &["--database", &database], "folder").await;
    assert!(open.iter().any(|finding| finding["ok"] == false), "{open:?}");
    drop(program);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_left_open_is_closed_by_the_next_command() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let program = Program::serve(data, &[]).await;
    for name in ["keydesk.db", "keydesk.db-wal", "keydesk.db-shm"] {
        set_mode(&data.join(name), 0o644);
    }
    let seen = findings(data, &[], "database files").await;
    assert_eq!(seen[0]["ok"], true, "{seen:?}");
    for file in files(data) {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    drop(program);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_is_no_dump_of_the_process_and_nobody_else_looks_into_it() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::serve(folder.path(), &[]).await;
    let limits = fs::read_to_string(format!("/proc/{}/limits", program.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "{core}");
    // A process that can't be dumped belongs to root in /proc, whoever runs it: so nobody else reads its variables, not even
    // its own user in another process.
    if !geteuid().is_root() {
        assert!(fs::read(format!("/proc/{}/environ", program.id())).is_err());
        return;
    }
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    set_mode(folder.path(), 0o777);
    let (bin, data) = (folder.path().join("keydesk"), folder.path().join("data"));
    fs::copy(env!("CARGO_BIN_EXE_keydesk"), &bin).unwrap();
    set_mode(&bin, 0o755);
    let mut child = Command::new(&bin)
        .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(&data)
        .uid(NOBODY)
        .gid(NOBODY)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let database = data.join("keydesk.db");
    assert!(wait_until(async || database.exists()).await);
    let environ = fs::metadata(format!("/proc/{}/environ", child.id().unwrap())).unwrap();
    assert_eq!((fs::metadata(&database).unwrap().uid(), environ.uid()), (NOBODY, 0));
    child.kill().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_keyring_comes_from_the_variable_or_from_a_file_that_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    init(&data, &[]).await;
    let named = folder.path().join("keyring");
    fs::rename(data.join("master.key"), &named).unwrap();
    let text = fs::read_to_string(&named).unwrap();
    let file = named.display().to_string();
    let run = async |variables: &[(&str, &str)]| {
        let mut command = command();
        command.args(["doctor", "--data-dir"]).arg(&data).envs(variables.iter().copied());
        let output = command.output().await.unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let (code, _, error) = run(&[]).await;
    assert!(code == Some(1) && error.contains("is missing"), "{error}");
    let (code, said, _) = run(&[("KEYDESK_KEYRING", &text)]).await;
    assert!(code == Some(0) && said.contains("keyring: from the environment"), "{said}");
    // As Kubernetes mounts a secret: for the group, and for it to read alone.
    set_mode(&named, 0o440);
    let (code, said, _) = run(&[("KEYDESK_KEYRING_FILE", &file)]).await;
    assert!(code == Some(0) && said.contains("(mode 440)"), "{said}");
    set_mode(&named, 0o444);
    let (code, _, error) = run(&[("KEYDESK_KEYRING_FILE", &file)]).await;
    assert!(code == Some(1) && error.contains("mode 444") && error.contains("KEYDESK_KEYRING"), "{error}");
    let (code, _, error) = run(&[("KEYDESK_KEYRING_FILE", &file), ("KEYDESK_KEYRING", &text)]).await;
    assert!(code == Some(1) && error.contains("keep one of them"), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    // In its usual place a mounted one is refused, and the message says where it may be.
    fs::rename(&named, data.join("master.key")).unwrap();
    set_mode(&data.join("master.key"), 0o440);
    let (code, _, error) = run(&[]).await;
    assert!(code == Some(1) && error.contains("KEYDESK_KEYRING_FILE"), "{error}");
}

/// Whatever it would start would get its variables.
#[tokio::test]
async fn the_doctor_asks_no_other_program() {
    let folder = tempfile::tempdir().unwrap();
    let (data, seen) = (folder.path().join("data"), folder.path().join("seen"));
    init(&data, &[]).await;
    let text = fs::read_to_string(data.join("master.key")).unwrap();
    let df = folder.path().join("df");
    fs::write(&df, format!("#!/bin/sh\nenv > {}\n", seen.display())).unwrap();
    set_mode(&df, 0o755);
    let mut command = command();
    command.args(["doctor", "--data-dir"]).arg(&data).env("PATH", folder.path()).env("KEYDESK_KEYRING", text);
    let output = command.output().await.unwrap();
    assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).contains("GiB free"));
    assert!(!seen.exists(), "another program was told the keyring");
}

#[tokio::test]
async fn a_password_in_an_argument_is_refused_and_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    for args in [
        &["key", "list", "--database", "postgres://keydesk:hunter2@127.0.0.1:1/keydesk"][..],
        &["--database=postgresql://keydesk:hunter2@127.0.0.1:1/keydesk", "doctor"],
        &["doctor", "--database", "postgres://keydesk@127.0.0.1:1/keydesk?password=hunter2"],
        &["key", "list", "postgres://keydesk:hunter2@127.0.0.1:1/keydesk"],
        &["doctor", "--database", "postgres://127.0.0.1:1/keydesk?%70assword=hunter2"],
        &["doctor", "--database", "postgres:keydesk:hunter2@127.0.0.1"],
        &["doctor", "--database=postgres:/keydesk:hunter2@127.0.0.1"],
        &["doctor", "--database", "keydesk:hunter2@127.0.0.1/keydesk"],
        &["doctor", "--database", "mysql://keydesk:hunter2@127.0.0.1/keydesk"],
        &["doctor", "--database", "host=127.0.0.1 user=keydesk password=hunter2"],
        &["doctor", "keydesk:hunter2@127.0.0.1/keydesk"],
        &["key", "list", "--databse", "keydesk:hunter2@127.0.0.1/keydesk"],
        &["doctor", "--databse=mysql://keydesk:hunter2@127.0.0.1/keydesk"],
    ] {
        let output = keydesk(folder.path(), args).await;
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains("KEYDESK_DATABASE") && !error.contains("hunter2"), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[tokio::test]
async fn no_error_prints_the_password_of_a_database() {
    let folder = tempfile::tempdir().unwrap();
    for address in [
        "postgres://keydesk:p#hunter2/w0rd@127.0.0.1/keydesk",
        "postgres://keydesk:1234/hunter2@127.0.0.1/keydesk",
        "postgres://keydesk:hunter2@127.0.0.1:1/keydesk",
        "postgres://keydesk:hunter2@127.0.0.1:port/keydesk",
        "postgres://keydesk:%zzhunter2@127.0.0.1:1/keydesk",
        "postgres://keydesk:hunter2@127.0.0.1:1/keydesk?sslmode=nonsense",
        "postgres://keydesk@127.0.0.1:1/keydesk?ssl%6dode=hunter2",
        "postgres://keydesk@127.0.0.1:1/keydesk?passwrod=hunter2",
        "postgres://keydesk:hunter2",
        "postgress://keydesk:hunter2@127.0.0.1:1/keydesk",
        "mysql://keydesk:hunter2@127.0.0.1:1/keydesk",
        "keydesk:hunter2@127.0.0.1:1/keydesk",
    ] {
        let commands =
            [&["doctor"][..], &["key", "list"], &["restore", "--after"], &["migrate"], &["migrate", "--check"]];
        for args in commands {
            let mut command = command();
            // A warning of the driver's would repeat it, too.
            command.args(args).args(["--log-level", "warn"]);
            command.arg("--data-dir").arg(folder.path()).env("KEYDESK_DATABASE", address);
            let output = command.output().await.unwrap();
            let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
            assert_eq!(output.status.code(), Some(1), "{said}");
            assert!(!said.contains("hunter2") && !said.contains("w0rd") && said.lines().count() == 1, "{said}");
        }
    }
}

#[tokio::test]
async fn only_the_two_forms_of_an_address_are_opened() {
    let folder = tempfile::tempdir().unwrap();
    for address in ["mysql://127.0.0.1:1/keydesk", "http://127.0.0.1:1/keydesk", "127.0.0.1:1/keydesk"] {
        for args in [&["migrate"][..], &["migrate", "--check"], &["restore", "--after"], &["doctor"]] {
            let mut command = command();
            command.args(args).arg("--data-dir").arg(folder.path()).env("KEYDESK_DATABASE", address);
            let output = command.output().await.unwrap();
            let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
            assert_eq!(output.status.code(), Some(1), "{said}");
            assert!(said.contains("a database is sqlite:PATH or postgres://USER@HOST/NAME"), "{args:?}: {said}");
            assert_eq!(said.lines().count(), 1, "{said}");
        }
    }
}
