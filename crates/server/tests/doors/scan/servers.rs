//! `keydesk scan --server`: a running Keydesk is asked, with a key of its own.

use std::{collections::BTreeSet, fs};

use serde_json::{Value, json};
use store::testing::TestDatabase;

use super::{findings, folder, is_silent, leaks, made, states, text};
use crate::{
    support::{Ran, ran},
    webhooks::Desk,
};

/// Looks with a key of this deployment, and without its database.
async fn scan(address: &str, key: &str, path: &str, more: &[&str]) -> Ran {
    let server = format!("http://{address}");
    ran(&[("KEYDESK_KEY", key)], &[&["scan", path, "--server", &server][..], more].concat()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_keydesk_is_asked_with_a_key() {
    let desk = Desk::found(TestDatabase::sqlite().await).await;
    let (works, off) = (made(&desk, "Works", &[]).await, made(&desk, "Off", &[]).await);
    let (gone, rotated) = (made(&desk, "Gone", &[]).await, made(&desk, "Rotated", &[]).await);
    desk.did(&["key", "disable", &off.id]).await;
    desk.did(&["key", "delete", &gone.id]).await;
    desk.did(&["key", "rotate", &rotated.id, "--overlap", "0"]).await;
    let default = text(&desk.did(&["key", "default", "--reveal"]).await, "key").to_owned();
    let token = text(&desk.did(&["token", &works.id]).await, "token").to_owned();
    let signing = format!("whsec_{}=", "A".repeat(43));
    let (reader, verifier) = (
        made(&desk, "Reader", &["--scope", "keys:read"]).await,
        made(&desk, "Verifier", &["--scope", "keys:verify"]).await,
    );
    let (writer, nobody) = (
        made(&desk, "Writer", &["--scope", "keys:read", "--scope", "keys:write"]).await,
        made(&desk, "Nobody", &[]).await,
    );
    let files = folder(&[
        ("a", &format!("{}\n{}\n{}\n{default}\n", works.secret, off.secret, gone.secret)),
        ("b", &format!("{}\n{token}\n{signing}\n", rotated.secret)),
    ]);
    let path = files.path().to_str().unwrap();
    let secrets = [&works.secret, &off.secret, &gone.secret, &rotated.secret, &default, &token, &signing];
    let secrets = secrets.map(String::as_str);
    let server = desk.serve().await;

    let said = scan(&server.address, &reader.secret, path, &["--json"]).await;
    assert_eq!((said.code, said.err.as_str()), (Some(1), ""), "{said:?}");
    is_silent(&said, &[&secrets[..], &[reader.secret.as_str()]].concat());
    let document: Value = serde_json::from_str(&said.out).unwrap();
    let mut expected = BTreeSet::from([
        ("key", "disabled", "Off"),
        ("key", "ended", "Rotated"),
        ("key", "revoked", "Gone"),
        ("key", "works", "Default API Key"),
        ("key", "works", "Works"),
        ("signing_secret", "not_asked", ""),
        ("token", "works", "Works"),
    ]);
    assert_eq!(states(&document), expected, "{document:#}");
    let default_key = findings(&document).iter().find(|one| text(one, "client_name") == "Default API Key").unwrap();
    assert_eq!(default_key["default_key"], true);

    // By a file, and by one who only verifies.
    let file = files.path().with_extension("key");
    fs::write(&file, format!("{}\n", verifier.secret)).unwrap();
    let address = format!("http://{}", server.address);
    let args = ["scan", path, "--server", &address, "--key-file", file.to_str().unwrap(), "--json"];
    let verified = ran(&[], &args).await;
    fs::remove_file(&file).unwrap();
    assert_eq!((verified.code, verified.err.as_str()), (Some(1), ""), "{verified:?}");
    is_silent(&verified, &secrets);
    let document: Value = serde_json::from_str(&verified.out).unwrap();
    // To it one that was deleted and one that was rotated are the same.
    expected.remove(&("key", "revoked", "Gone"));
    expected.insert(("key", "ended", "Gone"));
    assert_eq!(states(&document), expected, "{document:#}");

    let refused = scan(&server.address, &nobody.secret, path, &[]).await;
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.err.starts_with(&format!("keydesk: the server at {address} can't be asked: ")), "{refused:?}");
    let refused = scan(&server.address, "ccc_live_nobody", path, &[]).await;
    assert_eq!((refused.code, refused.err.contains("ccc_live_nobody")), (Some(2), false), "{refused:?}");

    let may_not = scan(&server.address, &reader.secret, path, &["--revoke", "--yes", "--json"]).await;
    assert_eq!(may_not.code, Some(2), "{may_not:?}");
    let document: Value = serde_json::from_str(&may_not.out).unwrap();
    let failed: BTreeSet<_> =
        document["revocation"]["failed"].as_array().unwrap().iter().map(|one| text(one, "key_id")).collect();
    assert_eq!(failed, BTreeSet::from([works.id.as_str(), &off.id]));
    let done = scan(&server.address, &writer.secret, path, &["--revoke", "--yes", "--json"]).await;
    assert_eq!((done.code, done.err.as_str()), (Some(1), ""), "{done:?}");
    let document: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(document["revocation"], json!({ "revoked": [works.id, off.id], "failed": [] }));
    let again = scan(&server.address, &reader.secret, path, &["--json"]).await;
    let document: Value = serde_json::from_str(&again.out).unwrap();
    assert!(states(&document).contains(&("key", "revoked", "Works")), "{document:#}");
    // A program that deletes keys is in the log as one; where they were found is not said to it.
    assert!(leaks(&desk, "default").await.is_empty());
    server.kill().await;
    let gone = scan(&server_of_nobody(), &reader.secret, path, &[]).await;
    assert!(gone.code == Some(2) && gone.err.contains("can't be asked: "), "{gone:?}");
}

/// An address where nobody listens.
fn server_of_nobody() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}
