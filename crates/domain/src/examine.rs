use std::{fs, os::unix::fs::MetadataExt as _, path::Path, process::Command};

use serde::Serialize;
use store::{HASH_LEN, StoreError};

use crate::{Keydesk, audit, keyring};

/// One thing that `doctor` looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub what: &'static str,
    /// Whether it is as it should be.
    pub ok: bool,
    /// What was found.
    pub found: String,
    /// What to do about it, when it is not.
    pub advice: Option<String>,
}

impl Finding {
    fn new(what: &'static str, ok: bool, found: impl Into<String>, advice: &str) -> Self {
        Self { what, ok, found: found.into(), advice: (!ok).then(|| advice.to_owned()) }
    }
}

/// Audit entries read at once.
const PAGE: i64 = 1_000;
/// Free disk below which `doctor` warns, in bytes: 1 GiB.
const DISK_LOW: u64 = 1 << 30;
/// 2026-01-01: a clock before it is wrong.
const CLOCK_EARLIEST_MS: i64 = 1_767_225_600_000;

impl Keydesk {
    /// Checks everything that can be wrong without being noticed. Reads the whole database.
    pub async fn examine(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        match self.inner.store.examine().await {
            Ok(database) => {
                findings.push(Finding::new("database", true, database.version, ""));
                findings.push(Finding::new("migrations", true, format!("applied up to {}", database.migration), ""));
                if let Some(owns) = database.owns_tables {
                    findings.push(role(owns));
                }
                if let Some(integrity) = database.integrity {
                    let advice = "stop Keydesk and restore the database from your backup";
                    findings.push(Finding::new("integrity", integrity == "ok", integrity, advice));
                }
                let advice = "a change was made outside Keydesk; restore the database from your backup";
                let found = if database.orphans == 0 {
                    "nothing half".to_owned()
                } else {
                    format!("{} half changes", database.orphans)
                };
                findings.push(Finding::new("wholeness", database.orphans == 0, found, advice));
            }
            Err(error) => {
                findings.push(Finding::new(
                    "database",
                    false,
                    error.to_string(),
                    "check that the database runs and its address",
                ));
            }
        }
        if self.inner.store.kind() == "PostgreSQL" {
            findings.push(connection(self.database_exposure()));
        }
        findings.push(match self.check_audit().await {
            Ok((entries, None)) => Finding::new("audit log", true, format!("{entries} entries, unbroken"), ""),
            Ok((_, Some(broken))) => {
                Finding::new("audit log", false, broken, "an entry was altered or removed; compare with your backups")
            }
            Err(error) => Finding::new("audit log", false, error.to_string(), "check that the database runs"),
        });
        findings.push(self.check_keyring());
        let now = self.now();
        let advice = "set the machine's clock; expiry is decided by it";
        findings.push(Finding::new("clock", now.as_millis() > CLOCK_EARLIEST_MS, now.to_string(), advice));
        findings.push(check_disk(&self.inner.data_dir));
        findings
    }

    async fn check_audit(&self) -> Result<(i64, Option<String>), StoreError> {
        let mut entries = 0;
        for installation in self.inner.store.installations().await? {
            let mut previous = (0, [0; HASH_LEN]);
            loop {
                let page = self.inner.store.audit_after(installation.id, previous.0, PAGE).await?;
                if page.is_empty() {
                    break;
                }
                for entry in page {
                    match audit::follows(installation.id, previous, &entry) {
                        Some(checked) => previous = checked,
                        None => {
                            let broken =
                                format!("broken at entry {} of installation {}", previous.0 + 1, installation.name);
                            return Ok((entries, Some(broken)));
                        }
                    }
                    entries += 1;
                }
            }
        }
        Ok((entries, None))
    }

    fn check_keyring(&self) -> Finding {
        const WHAT: &str = "keyring";
        if !self.inner.keyring_in_file {
            return Finding::new(WHAT, true, "from the environment", "");
        }
        let path = self.inner.data_dir.join(keyring::FILE_NAME);
        match fs::metadata(&path) {
            Ok(metadata) => {
                let mode = metadata.mode() & 0o777;
                let found = format!("{} (mode {mode:03o})", path.display());
                Finding::new(WHAT, mode & 0o077 == 0, found, &format!("run: chmod 600 {}", path.display()))
            }
            Err(error) => Finding::new(WHAT, false, error.to_string(), "restore the keyring from your backup"),
        }
    }
}

/// No fault, since a small deployment may do with one role.
fn role(owns_tables: bool) -> Finding {
    let (found, advice) = if owns_tables {
        let advice =
            "docs/postgres/least-privilege.sql makes one that can neither rewrite the audit log nor drop triggers";
        ("owns the tables", Some(advice.to_owned()))
    } else {
        ("reads and writes rows, and may not change tables", None)
    };
    Finding { what: "database role", ok: true, found: found.to_owned(), advice }
}

fn connection(exposure: Option<String>) -> Finding {
    let advice = "add sslmode=verify-full to the database's address, and sslrootcert=FILE if the authority is your own";
    match exposure {
        None => Finding::new("database connection", true, "on this machine, or to a server that is proved", ""),
        Some(exposure) => Finding::new("database connection", false, exposure, advice),
    }
}

/// `df` knows the space left for this user; the standard library does not.
fn check_disk(data_dir: &Path) -> Finding {
    const WHAT: &str = "disk";
    let free = Command::new("df").arg("-Pk").arg(data_dir).output().ok().and_then(|output| {
        let text = String::from_utf8(output.stdout).ok()?;
        text.lines().nth(1)?.split_whitespace().nth(3)?.parse::<u64>().ok().map(|kib| kib * 1024)
    });
    match free {
        Some(free) => {
            let found = format!("{:.1} GiB free", free as f64 / (1u64 << 30) as f64);
            Finding::new(WHAT, free >= DISK_LOW, found, "make room: a full disk refuses every change")
        }
        None => Finding::new(WHAT, false, "free space unknown", "check by hand that the disk has room"),
    }
}
