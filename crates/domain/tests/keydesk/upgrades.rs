//! What each release left behind (`upgrade/`), opened by this one. `cargo xtask upgrades` runs the releases themselves on it.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use domain::{Caller, Keydesk};
use model::{KeyId, ListQuery};
use serde::Deserialize;
use store::{Store, on_both_databases, testing::TestDatabase};

use crate::test_keydesk::{StoppedClock, code, new_key, options};

on_both_databases!(every_release_is_opened_and_its_keys_verify);

#[derive(Deserialize)]
struct Release {
    version: String,
    migration: i64,
}

/// What a fixture has, and what verifying it must answer.
#[derive(Deserialize)]
struct Expected {
    migration: i64,
    keys: Vec<ExpectedKey>,
}

#[derive(Deserialize)]
struct ExpectedKey {
    id: KeyId,
    name: String,
    secrets: Vec<ExpectedSecret>,
}

#[derive(Deserialize)]
struct ExpectedSecret {
    secret: String,
    code: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../upgrade")
}

fn releases() -> Vec<Release> {
    serde_json::from_str(&fs::read_to_string(folder().join("releases.json")).unwrap()).unwrap()
}

/// Puts a release's database and keyring in place.
async fn put_in_place(database: &TestDatabase, release: &Release) -> Expected {
    let read = |name: &str| fs::read_to_string(folder().join(&release.version).join(name)).unwrap();
    let sql = if database.is_postgres() { "postgres.sql" } else { "sqlite.sql" };
    database.load(&read(sql)).await;
    let keyring = database.dir().join("master.key");
    let _ = fs::remove_file(&keyring);
    fs::write(&keyring, read("master.key")).unwrap();
    fs::set_permissions(&keyring, fs::Permissions::from_mode(0o600)).unwrap();
    serde_json::from_str(&read("keys.json")).unwrap()
}

async fn verify_all(keydesk: &Keydesk, expected: &Expected, of: &str) {
    for key in &expected.keys {
        for one in &key.secrets {
            let said = code(keydesk, &one.secret).await;
            assert_eq!(said.as_str(), one.code, "{of}: {}", key.name);
        }
    }
}

async fn every_release_is_opened_and_its_keys_verify(database: TestDatabase) {
    for release in releases() {
        let of = release.version.as_str();
        let expected = put_in_place(&database, &release).await;
        assert_eq!(expected.migration, release.migration, "{of}");
        let tables = Store::tables(database.address()).await.unwrap();
        assert_eq!(tables.applied, release.migration, "{of}");

        let clock = StoppedClock::new();
        let mut options = options(&database, &clock);
        options.found = false;
        let keydesk = Keydesk::open(options.clone()).await.unwrap_or_else(|error| panic!("{of}: {error}"));
        verify_all(&keydesk, &expected, of).await;
        let operator = Caller::operator(keydesk.installation("default").await.unwrap().unwrap().id);
        for key in &expected.keys {
            let newest = key.secrets.last().unwrap();
            if newest.code != "REVOKED" {
                let shown = keydesk.reveal(&operator, key.id).await;
                assert_eq!(shown.unwrap().expose(), newest.secret, "{of}: {} does not open", key.name);
            }
        }
        let found = keydesk.list(&operator, &ListQuery { search: "acme crm".to_owned(), ..ListQuery::default() }).await;
        assert_eq!(found.unwrap().items[0].settings.client_name.as_str(), "Acme CRM", "{of}");
        let findings = keydesk.examine().await;
        let audit = findings.iter().find(|finding| finding.what == "audit log").unwrap();
        assert!(audit.ok, "{of}: {}", audit.found);

        // It goes on from there, and is opened again.
        let made = keydesk.issue(&operator, new_key("After the upgrade")).await.unwrap();
        keydesk.close().await;
        let again = Keydesk::open(options).await.unwrap_or_else(|error| panic!("{of}: {error}"));
        verify_all(&again, &expected, of).await;
        assert_eq!(code(&again, made.secret.expose()).await.as_str(), "VALID", "{of}");
        again.close().await;
        let tables = Store::tables(database.address()).await.unwrap();
        assert_eq!((tables.applied, tables.pending.len()), (tables.newest, 0), "{of}");
    }
}

/// Each version of the changelog but this one is kept.
#[test]
fn every_release_is_kept() {
    let changelog = fs::read_to_string(folder().join("../CHANGELOG.md")).unwrap();
    let told: BTreeSet<String> = changelog
        .lines()
        .filter_map(|line| line.strip_prefix("## [")?.split_once(']').map(|(version, _)| version.to_owned()))
        .filter(|version| version != "Unreleased" && version != env!("CARGO_PKG_VERSION"))
        .collect();
    let kept: BTreeSet<String> = releases().into_iter().map(|release| release.version).collect();
    assert!(!told.is_empty());
    assert_eq!(
        told, kept,
        "a release adds its line to upgrade/releases.json, and `node upgrade/generate.mjs` its folder"
    );
    for version in kept {
        for file in ["sqlite.sql", "postgres.sql", "master.key", "keys.json", "keydesk.toml"] {
            assert!(folder().join(&version).join(file).is_file(), "{version}/{file}");
        }
    }
}
