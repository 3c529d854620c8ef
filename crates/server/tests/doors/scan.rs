//! `keydesk scan`: keys where they must not be, whose they are, and what can be done about them.

mod history;
mod judged;
mod revoking;
mod servers;

use std::{collections::BTreeSet, fs};

use model::{BODY_LEN, Environment, SecretFormat};
use serde_json::{Value, json};
use store::{on_both_databases, testing::TestDatabase};
use tempfile::TempDir;

use self::judged::judge;
use crate::{
    support::{Ran, keydesk, ran},
    webhooks::Desk,
};

on_both_databases!(what_is_found_is_told_with_whether_it_works);

/// Looks in these places, with the database of a deployment.
async fn scan(desk: &Desk, args: &[&str]) -> Ran {
    let own = ["--config", &desk.config, "--data-dir", desk.data.to_str().unwrap()];
    ran(&[], &[&["scan"][..], args, &own].concat()).await
}

/// A new key.
struct Made {
    id: String,
    secret: String,
}

async fn made(desk: &Desk, name: &str, more: &[&str]) -> Made {
    let made = desk.did(&[&["key", "create", "--client-name", name][..], more].concat()).await;
    Made { id: text(&made, "id").to_owned(), secret: text(&made, "key").to_owned() }
}

/// What anybody may see of a secret.
fn hint(secret: &str) -> String {
    format!("{}…{}", &secret[..13], &secret[41..])
}

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn findings(document: &Value) -> &[Value] {
    document["findings"].as_array().unwrap()
}

fn text<'v>(of: &'v Value, name: &str) -> &'v str {
    of[name].as_str().unwrap_or_default()
}

/// The form, the state and the client of each finding.
fn states(document: &Value) -> BTreeSet<(&str, &str, &str)> {
    findings(document).iter().map(|one| (text(one, "form"), text(one, "state"), text(one, "client_name"))).collect()
}

/// What the audit log of an installation says of leaks.
async fn leaks(desk: &Desk, installation: &str) -> Vec<Value> {
    let asked = ["audit", "export", "--action", "key.leaked", "--installation", installation, "--config", &desk.config];
    let exported = keydesk(&desk.data, &asked).await;
    assert!(exported.status.success(), "{}", String::from_utf8_lossy(&exported.stderr));
    let lines = String::from_utf8(exported.stdout).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What was said holds no secret.
fn is_silent(said: &Ran, secrets: &[&str]) {
    for secret in secrets {
        assert!(!said.out.contains(secret) && !said.err.contains(secret), "{said:?}");
    }
}

async fn what_is_found_is_told_with_whether_it_works(database: TestDatabase) {
    let desk = Desk::found(database).await;
    let (works, off) = (made(&desk, "Works", &[]).await, made(&desk, "Off", &[]).await);
    let (gone, rotated) = (made(&desk, "Gone", &[]).await, made(&desk, "Rotated", &[]).await);
    desk.did(&["key", "disable", &off.id]).await;
    desk.did(&["key", "delete", &gone.id]).await;
    desk.did(&["key", "rotate", &rotated.id, "--overlap", "0"]).await;
    let shown = async |args: &[&str], name: &str| text(&desk.did(args).await, name).to_owned();
    let default = shown(&["key", "default", "--reveal"], "key").await;
    let token = shown(&["token", &works.id], "token").await;
    let signing = shown(&["webhook", "create", "--url", "http://127.0.0.1:9/"], "secret").await;
    let unknown = SecretFormat::new("ccc").unwrap().write(Environment::Live, &[7; BODY_LEN]).expose().to_owned();
    let mut typo = works.secret.clone();
    typo.replace_range(20..21, if &typo[20..21] == "0" { "1" } else { "0" });
    let others = format!("whsec_{}=", "A".repeat(43));
    let files = folder(&[
        ("a.env", &format!("KEY={}\n# {}\n", works.secret, works.secret)),
        ("b/image.png", &format!("\u{89}PNG\0\0{}\0", off.secret)),
        ("b/keys.json", &format!(r#"{{"gone":"{}","default":"{default}"}}"#, gone.secret)),
        ("c.md", &format!("{}\n{unknown} {typo}\n{others}\n", rotated.secret)),
        (".d", &format!("Authorization: Bearer {token}\nSECRET={signing}\n")),
    ]);
    let path = files.path().to_str().unwrap();
    let secrets = [&works.secret, &off.secret, &gone.secret, &rotated.secret, &default, &token, &signing, &unknown];
    let secrets = secrets.map(String::as_str);

    let said = scan(&desk, &[path, "--json"]).await;
    assert_eq!((said.code, said.err.as_str()), (Some(1), ""), "{said:?}");
    is_silent(&said, &secrets);
    let all: Value = serde_json::from_str(&said.out).unwrap();
    let expected = [
        ("key", "disabled", "Off"),
        ("key", "ended", "Rotated"),
        ("key", "revoked", "Gone"),
        ("key", "unknown", ""),
        ("key", "works", "Default API Key"),
        ("key", "works", "Works"),
        ("signing_secret", "works", ""),
        ("token", "works", "Works"),
    ];
    assert_eq!(states(&all), BTreeSet::from(expected), "{all:#}");
    let of = |name: &str| findings(&all).iter().find(|one| one["client_name"] == name).unwrap();
    let found = findings(&all).iter().find(|one| one["hint"] == hint(&works.secret)).unwrap();
    let own = files.path().join("a.env");
    assert_eq!(
        *found,
        json!({
            "form": "key",
            "hint": hint(&works.secret),
            "environment": "live",
            "state": "works",
            "installation": "default",
            "key_id": works.id,
            "client_name": "Works",
            "default_key": false,
            "places": [{ "path": own, "line": 1, "column": 5 }, { "path": own, "line": 2, "column": 3 }],
            "place_count": 2,
        })
    );
    assert_eq!((&of("Default API Key")["default_key"], &of("Off")["key_id"]), (&json!(true), &json!(off.id)));
    assert_eq!((&all["scanned"]["files"], &all["unread"], &all["revocation"]), (&json!(5), &json!([]), &Value::Null));

    let said = scan(&desk, &[path]).await;
    assert_eq!((said.code, said.err.as_str()), (Some(1), ""), "{said:?}");
    is_silent(&said, &secrets);
    for words in [
        "eyJ…  derived token of Works (default)\n",
        "whsec_…  signing secret of a webhook to 127.0.0.1",
        &format!("{}  API key of Works (default)\n  works\n", hint(&works.secret)),
        &format!("  delete it (--revoke, or keydesk key delete {}) or rotate it\n", works.id),
        &format!("    {}:1:5\n    {}:2:3\n", own.display(), own.display()),
        &format!("{}  the Default API Key (default)\n", hint(&default)),
        "8 secrets in 5 files of ",
        "; 5 of them may be used.\n",
    ] {
        assert!(said.out.contains(words), "{words:?} is not in {}", said.out);
    }

    let living = scan(&desk, &[path, "--working", "--json"]).await;
    let living: Value = serde_json::from_str(&living.out).unwrap();
    let states_of_living: BTreeSet<_> = states(&living).into_iter().map(|(_, state, _)| state).collect();
    assert_eq!(states_of_living, BTreeSet::from(["disabled", "works"]));
    let dead = scan(&desk, &[files.path().join("c.md").to_str().unwrap(), "--working"]).await;
    assert_eq!((dead.code, dead.out.contains("Nothing found in 1 file of ")), (Some(0), true), "{dead:?}");

    let sarif = scan(&desk, &[path, "--sarif"]).await;
    assert_eq!((sarif.code, sarif.err.as_str()), (Some(1), ""), "{sarif:?}");
    is_silent(&sarif, &secrets);
    let log = judge(&sarif.out).await;
    assert_eq!(log["runs"][0]["results"].as_array().unwrap().len(), 9, "each place is a result");
    assert_eq!(log["runs"][0]["invocations"][0]["executionSuccessful"], true);

    // Nobody asked for a change, and none was made.
    assert!(leaks(&desk, "default").await.is_empty());
}

#[tokio::test]
async fn what_can_not_be_read_is_told_and_changes_the_status() {
    let desk = Desk::found(TestDatabase::sqlite().await).await;
    let key = made(&desk, "Acme", &[]).await;
    let files = folder(&[("a.env", &key.secret), ("empty", "")]);
    let (path, missing) = (files.path().to_str().unwrap(), files.path().join("missing"));
    let missing = missing.to_str().unwrap();
    let nothing = scan(&desk, &[files.path().join("empty").to_str().unwrap()]).await;
    assert_eq!((nothing.code, nothing.out.as_str()), (Some(0), "Nothing found in 1 file of 0 B.\n"), "{nothing:?}");

    let said = scan(&desk, &[path, missing, "--json"]).await;
    let words = format!("keydesk: {missing} can't be read: No such file or directory");
    assert!(said.code == Some(2) && said.err.starts_with(&words), "{said:?}");
    let document: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(findings(&document).len(), 1, "the rest was read");
    assert_eq!((&document["unread"][0]["path"], &document["unread_count"]), (&json!(missing), &json!(1)));
    let sarif = scan(&desk, &[missing, "--sarif"]).await;
    assert_eq!(sarif.code, Some(2));
    let log = judge(&sarif.out).await;
    assert_eq!(log["runs"][0]["invocations"][0]["executionSuccessful"], false);
}

#[tokio::test]
async fn a_search_that_can_not_ask_fails_and_finds_nothing() {
    let empty = tempfile::tempdir().unwrap();
    let data = empty.path().to_str().unwrap();
    let files = folder(&[("a", "ccc_live_")]);
    let path = files.path().to_str().unwrap();
    let config = files.path().join("bad.toml");
    fs::write(&config, "\ndatabse = 1\n").unwrap();
    for (args, words) in [
        (&["scan", path, "--data-dir", data][..], "keydesk: "),
        (&["scan", path, "--config", config.to_str().unwrap()], "unknown field `databse`"),
        (&["scan", path, "-"], "- stands for standard input"),
        (&["scan"], "PATH"),
        (&["scan", path, "--yes"], "--revoke"),
        (&["scan", path, "--key-file", "a"], "--server"),
        (&["scan", path, "--json", "--sarif"], "cannot be used with"),
        (&["scan", path, "--offline", "--revoke"], "cannot be used with"),
        (&["scan", path, "--server", "http://127.0.0.1:1"], "--server needs a key to ask with"),
        (&["scan", path, "--server", "http://127.0.0.1:1", "--key-file", "/nowhere"], "the key can't be read from"),
    ] {
        let said = ran(&[], args).await;
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{args:?} {said:?}");
        assert!(said.err.contains(words), "{args:?} {said:?}");
    }
    assert!(fs::read_dir(empty.path()).unwrap().next().is_none(), "and no deployment was made");
}

#[tokio::test]
async fn without_anybody_to_ask_a_key_is_told_by_its_form() {
    let format = SecretFormat::new("acme").unwrap();
    let key = format.write(Environment::Test, &[9; BODY_LEN]).expose().to_owned();
    let files = folder(&[("a.env", &key), ("b.env", "ccc_live_...")]);
    let path = files.path().to_str().unwrap();
    let said = ran(&[], &["scan", path, "--offline", "--key-prefix", "acme", "--json"]).await;
    assert_eq!(said.code, Some(1), "{said:?}");
    is_silent(&said, &[&key]);
    let document: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(states(&document), BTreeSet::from([("key", "not_asked", "")]));
    let other = ran(&[], &["scan", path, "--offline"]).await;
    assert_eq!(other.code, Some(0), "another prefix: {other:?}");
}
