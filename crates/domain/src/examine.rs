use serde::Serialize;

use crate::{AuditChecked, Keydesk};

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
    pub(crate) fn new(what: &'static str, ok: bool, found: impl Into<String>, advice: &str) -> Self {
        Self { what, ok, found: found.into(), advice: (!ok).then(|| advice.to_owned()) }
    }
}

/// 2026-01-01: a clock before it is wrong.
const CLOCK_EARLIEST_MS: i64 = 1_767_225_600_000;

impl Keydesk {
    /// Checks everything that can be wrong without being noticed. Reads the whole database.
    pub async fn examine(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        match self.inner.store.examine().await {
            Ok(database) => {
                findings.push(Finding::new("database", true, database.version, ""));
                findings.extend(self.inner.store.is_read_only().then(read_only));
                findings.push(Finding::new("migrations", true, format!("applied up to {}", database.migration), ""));
                if let Some(owns) = database.owns_tables {
                    findings.push(role(owns));
                }
                if let Some(integrity) = database.integrity {
                    let advice = "stop Keydesk and restore the database from your backup";
                    findings.push(Finding::new("integrity", integrity == "ok", integrity, advice));
                }
                let found = if database.triggers.is_empty() {
                    "as Keydesk makes them".to_owned()
                } else {
                    database.triggers.join("; ")
                };
                let advice = "somebody has altered the database outside Keydesk; restore it from your backup";
                findings.push(Finding::new("triggers", database.triggers.is_empty(), found, advice));
                let advice = "a change was made outside Keydesk; restore the database from your backup";
                let found = if database.orphans == 0 {
                    "no incomplete changes".to_owned()
                } else {
                    format!("{} incomplete changes", database.orphans)
                };
                findings.push(Finding::new("consistency", database.orphans == 0, found, advice));
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
        findings.extend(self.examine_keyring().await);
        findings.push(self.examine_audit().await);
        findings.extend(self.examine_mail().await);
        let now = self.now();
        let advice = "set the machine's clock; expiry is decided by it";
        findings.push(Finding::new("clock", now.as_millis() > CLOCK_EARLIEST_MS, now.to_string(), advice));
        findings.extend(self.examine_files());
        findings
    }

    async fn examine_audit(&self) -> Finding {
        const WHAT: &str = "audit log";
        let checked = match self.check_audit().await {
            Ok(checked) => checked,
            Err(error) => return Finding::new(WHAT, false, error.to_string(), "check that the database runs"),
        };
        let broken: Vec<_> = checked.iter().filter_map(AuditChecked::sentence).collect();
        let entries: i64 = checked.iter().map(|log| log.entries).sum();
        let found = if broken.is_empty() { format!("{entries} entries, unbroken") } else { broken.join("; ") };
        Finding::new(WHAT, broken.is_empty(), found, "an entry was altered or removed; compare with your backups")
    }
}

/// No fault: a copy that was restored to be looked at.
fn read_only() -> Finding {
    let found = "can't be written, so it was read as it is, and nothing was changed".to_owned();
    let advice = "to serve it, copy it to where it can be written".to_owned();
    Finding { what: "access", ok: true, found, advice: Some(advice) }
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
