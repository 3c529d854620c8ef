//! `cargo xtask nodes`: several nodes on one database, for whoever wants to see them agree. The database goes when it ends.

use crate::lifeline::{Lifeline, Stop};
use crate::process::{self, Failure, Result};
use crate::serve::check_free;
use crate::step::{Steps, say};
use crate::{build, paths, port, postgres, tools};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

/// Most nodes: they share the throwaway PostgreSQL's connections.
const MOST: u16 = 9;
/// The ports on which nodes answer the operator, from here on.
const OPERATIONS: u16 = 9_090;
/// Who may sign in, and with which password.
const PERSON: &str = "ada@example.com";
const PASSWORD: &str = "a throwaway password";

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    nodes: u16,
    /// Where the first of them listens.
    port: u16,
    redis: bool,
}

impl Asked {
    fn read(args: &[String]) -> Result<Self> {
        let mut asked = Self { nodes: 3, port: 3_000, redis: false };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let number = |text: &str| text.parse().map_err(|_| Failure::new(format!("`{text}` is no number")));
            match arg.as_str() {
                "--redis" => asked.redis = true,
                "--port" => asked.port = number(args.next().ok_or_else(|| Failure::new("--port wants a number"))?)?,
                text => asked.nodes = number(text)?,
            }
        }
        if (1..=MOST).contains(&asked.nodes) {
            Ok(asked)
        } else {
            Err(Failure::new(format!("there can be 1 to {MOST} nodes")))
        }
    }

    fn ports(&self) -> impl Iterator<Item = (u16, u16)> {
        let first = self.port;
        (0..self.nodes).map(move |node| (first + node, OPERATIONS + node))
    }
}

/// Returns when a node ends by itself, which is a failure. Ctrl-C ends all of them with this.
pub(crate) fn run(args: &[String]) -> Result<ExitCode> {
    let asked = Asked::read(args)?;
    for (port, operations) in asked.ports() {
        check_free(&format!("127.0.0.1:{port}"), "--listen 127.0.0.1:3001")?;
        check_free(&format!("127.0.0.1:{operations}"), "--listen 127.0.0.1:3001")?;
    }
    let steps = Steps::new();
    let binary = build::all(&steps)?;
    let folder = paths::work().join("nodes");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(Failure::at(&folder))?;
    let postgres = steps.run("PostgreSQL", postgres::start)?;
    let redis = if asked.redis { Some(steps.run("Redis", || redis(&folder))?) } else { None };
    let deployment = Deployment { binary, database: postgres.url.clone(), data: folder.join("data") };
    let key = steps.run("a deployment", || deployment.make(&folder))?;
    let mut nodes = steps.run("nodes", || {
        let limits = redis.as_ref().map(|(_, address)| address.as_str());
        asked.ports().map(|ports| deployment.serve(&folder, ports, limits)).collect::<Result<Vec<_>>>()
    })?;
    steps.run("all of them answer", || wait_until_ready(&asked, &mut nodes, &folder))?;
    say(&steps.total());
    say(&what_to_try(&asked, &key, &folder));
    loop {
        std::thread::sleep(Duration::from_millis(500));
        ended(&mut nodes, &folder)?;
    }
}

/// A Redis of its own, with its address.
fn redis(folder: &Path) -> Result<(Lifeline, String)> {
    let (program, port, own) = (tools::REDIS.find()?, port::free()?, folder.join("redis"));
    fs::create_dir(&own).map_err(Failure::at(&own))?;
    let mut server = Command::new(program);
    server.args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--appendonly", "no"]);
    let lifeline = Lifeline::start(&server, Stop::Gracefully, &own, None)?;
    Ok((lifeline, format!("redis://127.0.0.1:{port}")))
}

/// What all nodes share.
struct Deployment {
    binary: PathBuf,
    database: String,
    data: PathBuf,
}

impl Deployment {
    fn command(&self, words: &[&str]) -> Command {
        let mut command = process::command(&self.binary);
        command.args(words).args(["--database", &self.database]).arg("--data-dir").arg(&self.data);
        command
    }

    /// Makes it, with somebody who can sign in. Gives a key that manages others.
    fn make(&self, folder: &Path) -> Result<String> {
        process::capture(&mut self.command(&["init"]))?;
        let password = folder.join("password");
        fs::write(&password, PASSWORD).map_err(Failure::at(&password))?;
        let owner = ["admin", "create", "--email", PERSON, "--name", "Ada", "--role", "owner", "--password-file"];
        let file = password.display().to_string();
        process::capture(&mut self.command(&[&owner[..], &[&file]].concat()))?;
        let manager = ["key", "create", "--client-name", "Manager", "--json"];
        let scopes = ["--scope", "keys:*", "--scope", "usage:read", "--scope", "calls:read"];
        let made = process::capture(&mut self.command(&[&manager[..], &scopes].concat()))?;
        let made: Value = serde_json::from_str(&made).map_err(|error| Failure::new(error.to_string()))?;
        made["key"].as_str().map(str::to_owned).ok_or_else(|| Failure::new("no key was made"))
    }

    /// Starts a node, whose log goes into a file.
    fn serve(&self, folder: &Path, (port, operations): (u16, u16), limits: Option<&str>) -> Result<Lifeline> {
        let own = folder.join(format!("node-{port}"));
        fs::create_dir(&own).map_err(Failure::at(&own))?;
        let (listen, operations) = (format!("127.0.0.1:{port}"), format!("127.0.0.1:{operations}"));
        let mut serve = self.command(&["serve", "--listen", &listen, "--ops-listen", &operations]);
        serve.args(limits.iter().flat_map(|address| ["--limits", address]));
        let mut logged = Command::new("sh");
        logged.args(["-c", "log=$1; shift; exec \"$@\" >\"$log\" 2>&1", "sh"]).arg(log(folder, port));
        logged.arg(serve.get_program()).args(serve.get_args());
        // Its database ends at the same moment, and it would wait for that.
        Lifeline::start(&logged, Stop::AtOnce, &own, None)
    }
}

fn log(folder: &Path, port: u16) -> PathBuf {
    folder.join(format!("node-{port}.log"))
}

fn wait_until_ready(asked: &Asked, nodes: &mut [Lifeline], folder: &Path) -> Result<()> {
    let patience = Instant::now() + Duration::from_secs(60);
    for (port, _) in asked.ports() {
        while port::status_of(port, "/readyz") != Some(200) {
            ended(nodes, folder)?;
            if Instant::now() > patience {
                return Err(Failure::new(format!(
                    "the node on {port} is not ready: see {}",
                    log(folder, port).display()
                )));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    Ok(())
}

fn ended(nodes: &mut [Lifeline], folder: &Path) -> Result<()> {
    if nodes.iter_mut().any(|node| !matches!(node.ended(), Ok(None))) {
        return Err(Failure::new(format!("a node has ended: see the logs in {}", folder.display())));
    }
    Ok(())
}

fn what_to_try(asked: &Asked, key: &str, folder: &Path) -> String {
    let Asked { nodes, port, redis } = *asked;
    let list = |shown: fn((u16, u16)) -> String| asked.ports().map(shown).collect::<Vec<_>>().join("\n");
    let addresses = list(|(port, operations)| {
        format!("  http://127.0.0.1:{port}   metrics: http://127.0.0.1:{operations}/metrics")
    });
    let limits = if redis { "in Redis, for all of them together" } else { "by each for itself, as its share" };
    format!(
        r#"
Nodes ({nodes}, on one PostgreSQL; rate limits are kept {limits}):
{addresses}
Sign in as {PERSON}, with the password: {PASSWORD}
Logs: {logs}/node-*.log

A key that manages others:
  KEY={key}

Make a key with a limit, 10 calls in 10 seconds, at the first node:
  LIMITED=$(curl -s http://127.0.0.1:{port}/api/v1/keys -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' \
    -d '{{"client_name": "Limited", "scopes": ["calls:read"], "rate_limits": [{{"name": "try", "limit": 10, "window_seconds": 10}}]}}' \
    | sed 's/.*"key":"\([^"]*\)".*/\1/')

Call all nodes in turn with it, and see 200 become 429:
  for n in $(seq 0 29); do curl -s -o /dev/null -w '%{{http_code}} ' -H "Authorization: Bearer $LIMITED" \
    "http://127.0.0.1:$(({port} + n % {nodes}))/authz?scope=calls:read"; done; echo

Ctrl-C ends all of it; the next start begins anew."#,
        logs = folder.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(words: &[&str]) -> Result<Asked> {
        Asked::read(&words.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn there_are_three_nodes_unless_somebody_says_otherwise() {
        assert_eq!(asked(&[]).unwrap(), Asked { nodes: 3, port: 3_000, redis: false });
        let five = asked(&["5", "--redis", "--port", "4000"]).unwrap();
        assert_eq!(five, Asked { nodes: 5, port: 4_000, redis: true });
        assert_eq!(five.ports().last(), Some((4_004, 9_094)));
        for wrong in [&["0"][..], &["10"], &["--port"], &["--nodes"]] {
            assert!(asked(wrong).is_err(), "{wrong:?}");
        }
    }
}
