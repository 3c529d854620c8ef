//! The history of a repository, as git itself writes it.

use std::{fs, path::Path};

use serde_json::{Value, json};
use store::testing::TestDatabase;
use tokio::process::Command;

use super::{findings, hint, is_silent, judged::judge, made, text};
use crate::{
    support::{Ran, shell},
    webhooks::Desk,
};

/// Git as it is, without what its user has set.
fn plain(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("GIT_")) {
        command.env_remove(name);
    }
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null")
}

async fn git(repository: &Path, args: &[&str]) -> String {
    let who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "init.defaultBranch=main"];
    let mut git = Command::new("git");
    let output = plain(&mut git).args(who).args(args).current_dir(repository).output().await.expect("git");
    assert!(output.status.success(), "{args:?} {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Writes a file and commits it: the commit.
async fn commit(repository: &Path, name: &str, content: &str, message: &str) -> String {
    let file = repository.join(name);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, content).unwrap();
    git(repository, &["add", "--all"]).await;
    git(repository, &["commit", "--quiet", "--message", message]).await;
    git(repository, &["rev-parse", "HEAD"]).await
}

/// Looks in what git says.
async fn scan(desk: &Desk, repository: &Path, log: &str, more: &[&str]) -> Ran {
    let mut piped = shell(&format!("git {log} | \"$0\" \"$@\""));
    plain(&mut piped).current_dir(repository).args(["scan", "-", "--config", &desk.config]).args(more);
    let output = piped.arg("--data-dir").arg(&desk.data).output().await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

#[tokio::test]
async fn a_key_is_found_in_the_commit_that_had_it() {
    let desk = Desk::found(TestDatabase::sqlite().await).await;
    let (one, two, three) =
        (made(&desk, "One", &[]).await, made(&desk, "Two", &[]).await, made(&desk, "Three", &[]).await);
    let folder = tempfile::tempdir().unwrap();
    let repository = folder.path();
    git(repository, &["init", "--quiet"]).await;
    let added = commit(repository, "conf/ä.env", &format!("A=1\nKEY={}\n", one.secret), "Add").await;
    let removed = commit(repository, "conf/ä.env", "A=1\n", "Take it out").await;
    git(repository, &["checkout", "--quiet", "-b", "side"]).await;
    let binary = commit(repository, "image.png", &format!("\0{}\0", two.secret), "Draw").await;
    let message = commit(repository, "notes.md", "None\n", &format!("Note\n\nIt was {}", three.secret)).await;
    git(repository, &["checkout", "--quiet", "main"]).await;

    let said = scan(&desk, repository, "log -p --all", &["--json"]).await;
    assert_eq!((said.code, said.err.as_str()), (Some(1), ""), "{said:?}");
    is_silent(&said, &[&one.secret, &two.secret, &three.secret]);
    let all: Value = serde_json::from_str(&said.out).unwrap();
    let places = |all: &Value, name: &str| -> Vec<Value> {
        let own = findings(all).iter().find(|finding| text(finding, "client_name") == name);
        own.map(|own| own["places"].as_array().unwrap().clone()).unwrap_or_default()
    };
    let of_one = places(&all, "One");
    let (path, line, column) = ("conf/ä.env", 2, 5);
    for expected in [
        json!({ "path": path, "line": line, "column": column, "commit": added }),
        json!({ "path": path, "line": line, "column": column, "commit": removed, "removed": true }),
    ] {
        assert!(of_one.contains(&expected), "{expected} is not in {of_one:?}");
    }
    assert_eq!((of_one.len(), places(&all, "Two").len()), (2, 0));
    // `commit`, `Author`, `Date`, nothing, `Note`, nothing, and this line.
    let in_message = json!({ "path": null, "line": 7, "column": 12, "commit": message });
    assert_eq!(places(&all, "Three"), [in_message]);
    assert_eq!(all["scanned"]["hidden"], 1, "git says of the image only that it changed");

    let as_text = scan(&desk, repository, "log -p --all --text", &["--json"]).await;
    let as_text: Value = serde_json::from_str(&as_text.out).unwrap();
    let in_image = json!({ "path": "image.png", "line": 1, "column": 2, "commit": binary });
    assert_eq!((places(&as_text, "Two"), &as_text["scanned"]["hidden"]), (vec![in_image], &json!(0)));

    let told = scan(&desk, repository, "log -p --all", &[]).await;
    for words in [
        "1 not in the history: files that git took for no text",
        &format!("{}  API key of One (default)\n", hint(&one.secret)),
        &format!("    conf/ä.env:2:5 in {}\n", &added[..12]),
        &format!("    conf/ä.env:2:5 removed by {}\n", &removed[..12]),
        &format!("    text of the commit:7:12 in {}\n", &message[..12]),
    ] {
        assert!(told.out.contains(words), "{words:?} is not in {}", told.out);
    }
    let log = judge(&scan(&desk, repository, "log -p --all", &["--sarif"]).await.out).await;
    let results = log["runs"][0]["results"].as_array().unwrap();
    let commits: Vec<_> = results.iter().map(|result| text(&result["properties"], "commit")).collect();
    assert!(commits.len() == 3 && commits.contains(&added.as_str()) && commits.contains(&message.as_str()), "{log:#}");
}

#[tokio::test]
async fn an_input_that_is_no_history_is_read_as_it_is() {
    let desk = Desk::found(TestDatabase::sqlite().await).await;
    let key = made(&desk, "Acme", &[]).await;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a"), format!("\n  {}\n", key.secret)).unwrap();
    let piped = shell("cat a | \"$0\" \"$@\"")
        .current_dir(folder.path())
        .args(["scan", "-", "--json", "--config", &desk.config, "--data-dir"])
        .arg(&desk.data)
        .output()
        .await
        .unwrap();
    let said: Value = serde_json::from_slice(&piped.stdout).unwrap();
    let place = json!({ "path": null, "line": 2, "column": 3 });
    assert_eq!((piped.status.code(), &findings(&said)[0]["places"]), (Some(1), &json!([place])));
}
