//! What releases left behind.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use serde_json::Value;
use store::testing::TestDatabase;

use crate::node::{Deployment, Failed, Key, Node};

/// What one release left behind.
pub(crate) struct Kept {
    pub(crate) version: String,
    folder: PathBuf,
}

/// What the releases left whose newest migration a binary has, by the name that xtask gives it: `26-39e73a4209`.
pub(crate) fn of(folder: &Path, name: &str) -> Result<Vec<Kept>, Failed> {
    let migration: i64 = name.split('-').next().unwrap_or_default().parse()?;
    let releases: Value = serde_json::from_str(&fs::read_to_string(folder.join("releases.json"))?)?;
    let releases = releases.as_array().into_iter().flatten().filter(|release| release["migration"] == migration);
    let versions = releases.filter_map(|release| release["version"].as_str());
    Ok(versions.map(|version| Kept { version: version.to_owned(), folder: folder.join(version) }).collect())
}

impl Kept {
    /// A database as the release left it, with its keyring.
    pub(crate) async fn put_in_place(&self, on_postgres: bool) -> Result<Deployment, Failed> {
        let (database, name) = if on_postgres {
            (TestDatabase::empty_postgres().await, "postgres.sql")
        } else {
            (TestDatabase::empty_sqlite(), "sqlite.sql")
        };
        database.load(&fs::read_to_string(self.folder.join(name))?).await;
        let folder = tempfile::tempdir()?;
        let keyring = folder.path().join("master.key");
        fs::copy(self.folder.join("master.key"), &keyring)?;
        fs::set_permissions(&keyring, fs::Permissions::from_mode(0o600))?;
        Ok(Deployment::of(database, folder))
    }

    /// Each key answers what it must: whoever asks who it is gets 200 or is refused.
    pub(crate) fn verify(&self, node: &Node) -> Result<(), Failed> {
        let expected: Value = serde_json::from_str(&fs::read_to_string(self.folder.join("keys.json"))?)?;
        for key in expected["keys"].as_array().into_iter().flatten() {
            for one in key["secrets"].as_array().into_iter().flatten() {
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                // What is neither valid nor gone is refused in another way by each release.
                let works = match one["code"].as_str() {
                    Some("VALID") => true,
                    Some("REVOKED") => false,
                    _ => continue,
                };
                node.until_works(&Key { id: text(&key["id"]), secret: text(&one["secret"]) }, works)?;
            }
        }
        Ok(())
    }
}
