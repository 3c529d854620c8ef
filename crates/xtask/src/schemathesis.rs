//! Calls the real server in thousands of ways that follow, or break, its own published description.

use crate::lifeline::{Lifeline, Stop};
use crate::process::{self, Failure, Result};
use crate::step::say;
use crate::{paths, port, python, scratch};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";

/// Seconds for the three runs, which share two processors: 11,000 to 12,000 calls there.
const BUDGET: &str = "80";

/// Every scope that the contract knows, as the wildcard of each resource.
const SCOPES: [&str; 16] = [
    "agent-states:*",
    "agents:*",
    "audit:*",
    "calls:*",
    "contacts:*",
    "data:*",
    "keys:*",
    "live:*",
    "metrics:*",
    "queues:*",
    "recordings:*",
    "reports:*",
    "usage:*",
    "users:*",
    "webhooks:*",
    "wraps:*",
];

/// What a viewer's key may do: look at keys.
const VIEWER: [&str; 1] = ["keys:read"];

/// Calls without a key, with a key that may only read, and with a key that may do everything, all at once.
pub(crate) fn run(binary: &Path) -> Result<()> {
    let schemathesis = python::program("st")?;
    let folder = folder()?;
    let port = port::free()?;
    let mut server = Command::new(binary);
    server.args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--data-dir"]).arg(&folder);
    let mut lifeline = Lifeline::start(&server, Stop::Gracefully, &folder, None)?;
    wait_until_ready(port, &mut lifeline)?;
    let viewer = key(binary, &folder, &VIEWER)?;
    let key = key(binary, &folder, &SCOPES)?;
    let callers = [("anonymously", None), ("as a viewer", Some(&viewer)), ("with a full key", Some(&key))];
    let schemathesis = &schemathesis;
    let ended = thread::scope(|scope| {
        let runs = callers.map(|(who, key)| scope.spawn(move || attack(schemathesis, port, who, key)));
        runs.map(|run| run.join().unwrap_or_else(|_| Err(Failure::new("a run of schemathesis panicked"))))
    });
    ended.into_iter().collect::<Result<()>>()?;
    // With a key that stopped working on the way, the rest of the run would only have been refusals.
    match (port::status_of(port, "/readyz"), port::status_with_key(port, "/api/v1/whoami", &key.secret)) {
        (Some(200), Some(200)) => Ok(()),
        (ready, whoami) => Err(Failure::new(format!(
            "after it all /readyz answers {ready:?} and the key that was used gets {whoami:?}; both should be 200"
        ))),
    }
}

fn folder() -> Result<PathBuf> {
    let folder = scratch::folder().join(format!("keydesk-schemathesis-{}", std::process::id()));
    fs::create_dir(&folder).map_err(Failure::at(&folder))?;
    Ok(folder)
}

fn wait_until_ready(port: u16, lifeline: &mut Lifeline) -> Result<()> {
    let patience = Instant::now() + Duration::from_secs(30);
    while port::status_of(port, "/readyz") != Some(200) {
        if !matches!(lifeline.ended(), Ok(None)) || Instant::now() > patience {
            return Err(Failure::new("the server did not become ready for schemathesis"));
        }
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

struct Key {
    id: String,
    secret: String,
}

fn key(binary: &Path, data: &Path, scopes: &[&str]) -> Result<Key> {
    let mut create = process::command(binary);
    create.args(["key", "create", "--json", "--client-name", "schemathesis", "--data-dir"]).arg(data);
    for scope in scopes {
        create.args(["--scope", scope]);
    }
    let printed = process::capture(&mut create)?;
    let document: serde_json::Value = serde_json::from_str(&printed).unwrap_or_default();
    match (document["id"].as_str(), document["key"].as_str()) {
        (Some(id), Some(secret)) => Ok(Key { id: id.to_owned(), secret: secret.to_owned() }),
        _ => Err(Failure::new("`keydesk key create --json` did not print a key")),
    }
}

fn attack(schemathesis: &Path, port: u16, who: &str, key: Option<&Key>) -> Result<()> {
    let mut command = process::command(schemathesis);
    command.current_dir(paths::work()).args(["run", &format!("http://127.0.0.1:{port}/api/openapi.json")]).args([
        "--checks",
        CHECKS,
        "--max-time",
        BUDGET,
        "--no-color",
        "--generation-database",
        "none",
    ]);
    command
        .env("SCHEMATHESIS_HOOKS", "schemathesis_hooks")
        .env("PYTHONPATH", paths::end2end())
        .env("PYTHONDONTWRITEBYTECODE", "1");
    if let Some(key) = key {
        // By default it would make up a second key for each call, which is refused as ambiguous.
        command
            .args(["--generation-with-security-parameters", "false"])
            .args(["-H", &format!("Authorization: Bearer {}", key.secret)])
            // A key that may delete keys would soon delete itself, and every later call would be refused.
            .env("KEYDESK_OWN_KEY", &key.id);
    }
    // In one piece, so that it can be read beside that of the others.
    let mut lines = format!("schemathesis, calling {who}:\n");
    let success = process::listen(&mut command, |line| {
        lines.push_str(line);
        lines.push('\n');
    })?;
    say(&lines);
    if success {
        Ok(())
    } else {
        Err(Failure::new(format!("schemathesis, calling {who}, found answers that the description does not allow")))
    }
}
