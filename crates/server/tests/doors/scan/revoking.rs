//! `keydesk scan --revoke`: it says what it would delete, and asks.

use std::{
    fs,
    io::{Read as _, Write as _},
    process::Stdio,
};

use serde_json::{Value, json};
use store::{on_both_databases, testing::TestDatabase};
use tokio::process::Command;

use super::{Made, findings, folder, hint, is_silent, leaks, made, scan, states, text};
use crate::{
    support::{Ran, command, request, shell, terminal, wait_until},
    webhooks::Desk,
};

on_both_databases!(what_works_is_deleted_and_written_down);

/// Whether a key is among the deleted ones.
async fn is_deleted(desk: &Desk, key: &Made) -> bool {
    desk.did(&["key", "list", "--status", "revoked", "--search", &key.id]).await["total"] == 1
}

async fn what_works_is_deleted_and_written_down(database: TestDatabase) {
    let desk = Desk::found(database).await;
    desk.did(&["installation", "create", "other"]).await;
    let (works, off) = (made(&desk, "Works", &[]).await, made(&desk, "Off", &[]).await);
    let (rotated, theirs) =
        (made(&desk, "Rotated", &[]).await, made(&desk, "Theirs", &["--installation", "other"]).await);
    desk.did(&["key", "disable", &off.id]).await;
    desk.did(&["key", "rotate", &rotated.id, "--overlap", "0"]).await;
    let token = text(&desk.did(&["token", &rotated.id]).await, "token").to_owned();
    let default = text(&desk.did(&["key", "default", "--reveal"]).await, "key").to_owned();
    let files = folder(&[
        ("1.env", &format!("{}\n{}\n", works.secret, works.secret)),
        ("2.env", &format!("{}\n{default}\n{token}\n", off.secret)),
        ("3.env", &format!("{}\n  {}\n", rotated.secret, theirs.secret)),
    ]);
    let path = files.path().to_str().unwrap();
    let server = desk.serve().await;
    let asks =
        async |secret: &str| request(&server.address, "GET", "/api/v1/whoami", Some(secret), None).await.unwrap().0;
    assert_eq!((asks(&works.secret).await, asks(&theirs.secret).await), (200, 200));

    let said = scan(&desk, &[path, "--revoke", "--yes", "--json"]).await;
    assert_eq!((said.code, said.err.as_str()), (Some(1), ""), "{said:?}");
    is_silent(&said, &[&works.secret, &off.secret, &theirs.secret, &default, &token]);
    let document: Value = serde_json::from_str(&said.out).unwrap();
    let revoked = json!({ "revoked": [works.id, off.id, theirs.id], "failed": [] });
    assert_eq!(document["revocation"], revoked, "what was rotated away, a token and the Default API Key are not");
    assert!(wait_until(async || asks(&works.secret).await == 401 && asks(&theirs.secret).await == 401).await);
    assert_eq!(asks(&default).await, 200);
    assert_eq!((is_deleted(&desk, &off).await, is_deleted(&desk, &rotated).await), (true, false));

    let told = leaks(&desk, "default").await;
    let shown: Vec<_> = told
        .iter()
        .map(|entry| (&entry["key_id"], &entry["actor"]["kind"], text(&entry["detail"], "url").to_owned()))
        .collect();
    let at = |name: &str| format!("{}:1:1", files.path().join(name).display());
    let (operator, ids) = (json!("operator"), [json!(works.id), json!(off.id)]);
    assert_eq!(shown, [(&ids[0], &operator, at("1.env")), (&ids[1], &operator, at("2.env"))]);
    let detail = &told[0]["detail"];
    for (name, expected) in [("source", "scan"), ("rule", "revoke"), ("done", "revoked")] {
        assert_eq!(detail[name], expected, "{detail}");
    }
    assert_eq!(leaks(&desk, "other").await.len(), 1);

    let again = scan(&desk, &[path, "--revoke", "--yes"]).await;
    assert_eq!(again.code, Some(1), "they are still in the files: {again:?}");
    assert!(again.out.contains("does not work: its key is deleted") && !again.out.contains("  deleted\n"), "{again:?}");
    assert_eq!(leaks(&desk, "default").await.len(), 2, "and nothing was done");
    server.kill().await;
}

/// With this answer at a terminal, which is given before somebody asks.
async fn answered(desk: &Desk, path: &str, answer: &str) -> Ran {
    let (mut ours, theirs) = terminal();
    ours.write_all(answer.as_bytes()).unwrap();
    let output = command()
        .args(["scan", path, "--revoke", "--config", &desk.config, "--data-dir"])
        .arg(&desk.data)
        .stdin(theirs)
        .output()
        .await
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

#[tokio::test]
async fn whoever_sits_at_the_terminal_is_asked() {
    let desk = Desk::found(TestDatabase::sqlite().await).await;
    let (one, two) = (made(&desk, "One", &[]).await, made(&desk, "Two", &[]).await);
    let files = folder(&[("a", &format!("{}\n{}\n", one.secret, two.secret))]);
    let path = files.path().to_str().unwrap();
    for answer in ["n\n", "\n", "perhaps\n"] {
        let said = answered(&desk, path, answer).await;
        assert!(said.code == Some(1) && said.out.ends_with("Nothing was deleted.\n"), "{said:?}");
        is_silent(&said, &[&one.secret, &two.secret]);
        let question = format!(
            "To be deleted:\n  {}  {}  API key of One (default)\n  {}  {}  API key of Two (default)\n\
             Every call with these 2 keys is refused from then on. Delete these 2 keys? [y/N] ",
            one.id,
            hint(&one.secret),
            two.id,
            hint(&two.secret)
        );
        assert_eq!(said.err, question);
        assert_eq!((is_deleted(&desk, &one).await, leaks(&desk, "default").await.len()), (false, 0));
    }
    let said = answered(&desk, path, "Yes\n").await;
    let deleted = format!("{}  deleted\n{}  deleted\n", one.id, two.id);
    assert!(said.code == Some(1) && said.out.ends_with(&deleted), "{said:?}");
    assert!(is_deleted(&desk, &one).await && is_deleted(&desk, &two).await);
    // There is nothing to ask about any more.
    assert_eq!(answered(&desk, path, "").await.err, "");
}

#[tokio::test]
async fn without_a_terminal_nothing_is_deleted() {
    let desk = Desk::found(TestDatabase::sqlite().await).await;
    let key = made(&desk, "Acme", &[]).await;
    let files = folder(&[("a", &key.secret)]);
    let words = "there is no terminal to ask at, so nothing was revoked; look at what was found, and then say --yes\n";
    let said = scan(&desk, &[files.path().to_str().unwrap(), "--revoke"]).await;
    assert_eq!((said.code, said.err), (Some(2), format!("keydesk: {words}")));
    assert!(said.out.contains("  works\n"), "what was found is told: {}", said.out);
    let piped = shell("exec setsid -w \"$0\" \"$@\"")
        .args(["scan", "-", "--revoke", "--config", &desk.config, "--data-dir"])
        .arg(&desk.data)
        .stdin(fs::File::open(files.path().join("a")).unwrap())
        .output()
        .await
        .unwrap();
    let err = String::from_utf8(piped.stderr).unwrap();
    assert_eq!((piped.status.code(), err), (Some(2), format!("keydesk: {words}")));
    assert_eq!((is_deleted(&desk, &key).await, leaks(&desk, "default").await.len()), (false, 0));
}

/// Standard input is the history, so the terminal itself is asked.
#[tokio::test]
async fn a_history_is_piped_in_and_the_terminal_is_asked() {
    let desk = Desk::found(TestDatabase::sqlite().await).await;
    let key = made(&desk, "Acme", &[]).await;
    let files = folder(&[("a", &key.secret)]);
    let (mut ours, theirs) = terminal();
    ours.write_all(b"y\n").unwrap();
    let plain = command();
    let mut session = Command::new("setsid");
    session.args(["-cw", "sh", "-c", "cat \"$0\" | \"$@\""]).arg(files.path().join("a"));
    session.arg(plain.as_std().get_program()).args(["scan", "-", "--revoke", "--config", &desk.config, "--data-dir"]);
    for (name, _) in plain.as_std().get_envs() {
        session.env_remove(name);
    }
    let output = session.arg(&desk.data).stdin(theirs).stdout(Stdio::piped()).kill_on_drop(true).output();
    let output = output.await.unwrap();
    drop(session);
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.code() == Some(1) && out.ends_with(&format!("{}  deleted\n", key.id)), "{out}");
    let mut seen = Vec::new();
    // It ends with a failure, since the program has closed its end.
    let _ = ours.read_to_end(&mut seen);
    let seen = String::from_utf8_lossy(&seen).into_owned();
    assert!(seen.contains("Delete this key? [y/N]") && !seen.contains(&key.secret), "{seen}");
    assert!(is_deleted(&desk, &key).await);
}

#[tokio::test]
async fn the_default_api_key_is_told_of_and_stays() {
    let desk = Desk::found(TestDatabase::sqlite().await).await;
    let default = desk.did(&["key", "default", "--reveal"]).await;
    let files = folder(&[("a", text(&default, "key"))]);
    let path = files.path().to_str().unwrap();
    let said = scan(&desk, &[path, "--revoke", "--yes"]).await;
    assert_eq!((said.code, said.err.as_str()), (Some(1), ""));
    let rotate = format!("  rotate it: keydesk key rotate {} --overlap 0\n", text(&default, "id"));
    assert!(said.out.contains(&rotate), "{}", said.out);
    let document: Value = serde_json::from_str(&scan(&desk, &[path, "--json"]).await.out).unwrap();
    assert_eq!((findings(&document).len(), states(&document).first()), (1, Some(&("key", "works", "Default API Key"))));
    // What it says to do does it.
    desk.did(&["key", "rotate", text(&default, "id"), "--overlap", "0"]).await;
    let document: Value = serde_json::from_str(&scan(&desk, &[path, "--json"]).await.out).unwrap();
    assert_eq!(states(&document).first(), Some(&("key", "ended", "Default API Key")));
}
