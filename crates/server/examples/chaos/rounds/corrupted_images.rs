//! Images of one healthy database with random damage: nobody gets in by it, nothing crashes or hangs, and what is wrong is said.

use std::fs;

use serde_json::Value;
use tokio::sync::OnceCell;

use super::{Counts, Deed, Deployment, Random, Shim, callers::WANTED, copied, random_damage::damage};
use crate::support::{Program, Ran, command, request};

const EACH: usize = 6;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What the damage is done to.
struct Healthy {
    deployment: Deployment,
    /// Secrets of keys that work.
    live: Vec<String>,
    /// Secrets of deleted, disabled, narrowed and expired keys, and one that was never issued.
    refused: Vec<(&'static str, String)>,
    _folder: tempfile::TempDir,
}

static HEALTHY: OnceCell<Healthy> = OnceCell::const_new();

/// Damages this many images.
pub(crate) async fn round(mut random: Random, images: usize) -> Counts {
    let healthy = HEALTHY.get_or_init(Healthy::new).await;
    let mut counts = Counts::default();
    for _ in 0..images {
        counts += image(healthy, &mut random).await;
    }
    counts
}

impl Healthy {
    async fn new() -> Self {
        let folder = super::folder();
        let deployment = Deployment::in_folder(&folder.path().join("data")).await;
        let password = folder.path().join("password");
        fs::write(&password, "four rare words of one owner 4711\n").expect("room");
        let password = password.display().to_string();
        for (email, role) in [("ada@example.com", "owner"), ("bob@example.com", "viewer")] {
            let person = ["admin", "create", "--email", email, "--name", "Ada", "--role", role];
            deployment.succeed(&[&person[..], &["--password-file", &password]].concat()).await;
        }
        // Two days ago keys were made that expired a day ago.
        let shim = Shim::new(folder.path());
        shim.set_clock(-2 * DAY_MS);
        let create =
            ["key", "create", "--client-name", "Acme", "--scope", WANTED, "--scope", "contacts:read", "--json"];
        let secret = |made: Vec<u8>| {
            let made: Value = serde_json::from_slice(&made).expect("a key");
            let text = |name: &str| made[name].as_str().expect("text").to_owned();
            (text("id"), text("key"))
        };
        let (mut live, mut refused) = (Vec::new(), Vec::new());
        for _ in 0..EACH {
            live.push(secret(deployment.succeed(&create).await.stdout).1);
            let mut expiring = shim.command();
            expiring.args(create).args(["--expires-at", "1d", "--data-dir"]).arg(&deployment.data);
            let made = expiring.output().await.expect("a program").stdout;
            refused.push(("expired", secret(made).1));
            for deed in Deed::ALL {
                let (id, secret) = secret(deployment.succeed(&create).await.stdout);
                let args: &[&str] = match deed {
                    Deed::Delete => &["key", "delete", &id],
                    Deed::Disable => &["key", "disable", &id],
                    Deed::Narrow => &["key", "update", &id, "--scope", "contacts:read"],
                };
                deployment.succeed(args).await;
                refused.push((deed.action(), secret));
            }
        }
        // Of another deployment, so that its form is right.
        let other = Deployment::in_folder(&folder.path().join("other")).await;
        refused.push(("never issued", other.key));
        assert!(!deployment.data.join("keydesk.db-wal").exists(), "the database is not whole");
        Self { deployment, live, refused, _folder: folder }
    }
}

async fn image(healthy: &Healthy, random: &mut Random) -> Counts {
    let folder = super::folder();
    let data = folder.path().join("data");
    copied(&healthy.deployment.data, &data);
    let what = damage(&data.join("keydesk.db"), random);
    let damaged = healthy.deployment.moved_to(&data);
    let mut counts = Counts::default();
    let mut refused_live = 0;
    let mut program = match damaged.try_serve_by(command()).await {
        Ok(program) => Some(program),
        Err(ran) => {
            says_why(&ran, &what);
            None
        }
    };
    if let Some(program) = &program {
        for (kind, secret) in &healthy.refused {
            assert!(!lets_in(program, secret, &mut counts).await, "false allow: a key that is {kind}, after {what}");
        }
        for secret in &healthy.live {
            refused_live += usize::from(!lets_in(program, secret, &mut counts).await);
        }
    }
    let log = match &mut program {
        Some(program) => {
            assert_eq!(program.ended(), None, "it ended by itself after {what}: {}", program.printed());
            program.signal("TERM").await;
            let code = program.end().await;
            assert!(code.is_some(), "it was ended by a signal after {what}: {}", program.printed());
            program.printed()
        }
        None => String::new(),
    };
    let mut sound = true;
    for args in [&["doctor"][..], &["audit", "verify"]] {
        let ran = damaged.run(args).await;
        let said = String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned();
        let code = ran.status.code();
        assert!(matches!(code, Some(0 | 1)) && !said.is_empty(), "{args:?} ended with {code:?} after {what}: {said}");
        assert!(!said.contains("panicked"), "{args:?} panicked after {what}: {said}");
        sound &= code == Some(0);
    }
    let loud = !sound || ["\"ERROR\"", "\"WARN\""].iter().any(|level| log.contains(level));
    assert!(loud || refused_live == 0, "{refused_live} keys are refused, and nothing says why, after {what}");
    assert!(!log.contains("panicked"), "it panicked after {what}: {log}");
    counts
}

/// A start that was refused.
fn says_why(ran: &Ran, what: &str) {
    let why = ran.err.lines().last().unwrap_or_default();
    assert!(ran.code == Some(1) && why.contains("keydesk: "), "it ended after {what} with {ran:?}");
}

/// Whether a call with this key goes ahead.
async fn lets_in(program: &Program, secret: &str, counts: &mut Counts) -> bool {
    counts.calls += 1;
    let asked = format!("/authz?scope={WANTED}");
    let (status, _) = request(&program.address, "GET", &asked, Some(secret), None).await.expect("an answer");
    status == 200
}
