//! The keys that are asked about, and the key of a caller that may verify them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use domain::{Caller, Keydesk, NewKey, OpenOptions};
use model::{Preset, RateLimits, Scope, SettingsPatch};
use serde_json::json;
use tempfile::TempDir;

use crate::{Failed, forward_auth};

/// A database with keys, and what is needed to ask about them. Gone when dropped.
pub(crate) struct Keys {
    folder: TempDir,
    pub(crate) secrets: Vec<String>,
    /// The secret of a key that may verify others.
    pub(crate) caller: String,
}

/// Limits that each key has, as programs write them. No load reaches them.
fn three_limits() -> Result<RateLimits, Failed> {
    let limit = |name: &str, scopes: &[&str]| json!({"name": name, "limit": 1_000_000_000, "window_seconds": 86_400, "scopes": scopes});
    let limits = [
        limit("all", &[]),
        limit("reading", &["contacts:read"]),
        limit("writing", &["contacts:read", "contacts:write"]),
    ];
    Ok(serde_json::from_value(limits.into())?)
}

impl Keys {
    /// Keys without limits.
    pub(crate) fn without_limits(number: usize) -> Result<Self, Failed> {
        Self::with(number, &RateLimits::default())
    }

    /// Keys of which each has three limits that every call counts towards.
    pub(crate) fn with_three_limits(number: usize) -> Result<Self, Failed> {
        Self::with(number, &three_limits()?)
    }

    fn with(number: usize, limits: &RateLimits) -> Result<Self, Failed> {
        let folder = tempfile::tempdir()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (mut secrets, caller) = runtime.block_on(issue(folder.path(), number, limits))?;
        // Secrets are random, and so is their order: neighbours here are no neighbours in the server's memory.
        secrets.sort_unstable();
        let keys = Self { folder, secrets, caller };
        fs::write(keys.list(), keys.secrets.join("\n"))?;
        fs::write(keys.config(), forward_auth::routes())?;
        fs::write(keys.config_without_usage(), "[usage]\nrecord = \"refused\"\n")?;
        Ok(keys)
    }

    /// The folder, which nobody else can read.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn database(&self) -> String {
        database(self.folder())
    }

    /// A file with a secret on each line.
    pub(crate) fn list(&self) -> PathBuf {
        self.folder().join("keys")
    }

    /// Keydesk's configuration.
    pub(crate) fn config(&self) -> PathBuf {
        self.folder().join("keydesk.toml")
    }

    /// The configuration of a server that does not record calls which are allowed.
    pub(crate) fn config_without_usage(&self) -> PathBuf {
        self.folder().join("unrecorded.toml")
    }
}

fn database(folder: &Path) -> String {
    format!("sqlite:{}", folder.join("keydesk.db").display())
}

async fn issue(folder: &Path, number: usize, limits: &RateLimits) -> Result<(Vec<String>, String), Failed> {
    let keydesk = Keydesk::open(OpenOptions::founding(database(folder), folder)).await?;
    let operator = Caller::operator(keydesk.installation("default").await?.ok_or("no installation")?.id);
    let asked_about = |number| {
        NewKey::of(SettingsPatch {
            preset: Some(Preset::Crm),
            rate_limits: Some(limits.clone()),
            ..SettingsPatch::name(format!("Client {number:05}"))
        })
    };
    let issued = keydesk.issue_many(&operator, (0..number).map(asked_about).collect()).await?;
    let secrets = issued.iter().map(|issued| issued.secret.expose().to_owned()).collect();
    let verifies = NewKey::of(SettingsPatch {
        scopes: Some([Scope::parse("keys:verify")?].into_iter().collect()),
        rate_limits: Some(RateLimits::default()),
        ..SettingsPatch::name("Gateway")
    });
    let caller = keydesk.issue(&operator, verifies).await?.secret.expose().to_owned();
    keydesk.close().await;
    Ok((secrets, caller))
}
