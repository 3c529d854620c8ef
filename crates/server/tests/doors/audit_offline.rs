//! An exported audit log is checked by the script of the documentation, with Python and without Keydesk.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Method, Request, request::Builder},
};
use domain::{AuditFormat, NewAdministrator};
use model::{Actor, AuditQuery, PlainSecret, Role};
use serde_json::Value;
use store::{on_both_databases, testing::TestDatabase};
use tokio::process::Command;

use crate::support::{FULL, TestApp};

on_both_databases!(
    an_export_is_verified_without_keydesk,
    what_was_tampered_with_is_found,
    a_person_who_was_forgotten_breaks_nothing
);

const SCRIPT: &str = include_str!("../../../../docs/verify_audit.py");
const ADA: &str = "ada@example.com";
const PASSWORD: &str = "correct horse battery staple";

/// An auditor, who has an export, the script, and the audit keys.
struct Auditor {
    folder: tempfile::TempDir,
}

impl Auditor {
    fn new(data: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keyring = fs::read_to_string(data.join("master.key")).unwrap();
        // As the page says it: `grep ^audit master.key`.
        let keys: String = keyring.split_inclusive('\n').filter(|line| line.starts_with("audit")).collect();
        fs::write(folder.path().join("audit.keys"), keys).unwrap();
        fs::write(folder.path().join("verify_audit.py"), SCRIPT).unwrap();
        Self { folder }
    }

    /// Whether the script is content with this text, and its one line.
    async fn judges(&self, text: &str, heads: &[&str]) -> (bool, String) {
        fs::write(self.folder.path().join("audit-log.ndjson"), text).unwrap();
        let python = std::env::var_os("TEST_PYTHON").map_or_else(|| "python3".into(), PathBuf::from);
        let mut command = Command::new(python);
        // Without what is installed beside Python.
        command.args(["-I", "-S", "verify_audit.py", "audit-log.ndjson", "audit.keys"]).args(heads);
        let ran = command.current_dir(&self.folder).output().await.expect("Python");
        let said = String::from_utf8([ran.stdout, ran.stderr].concat()).unwrap();
        assert_eq!(said.lines().count(), 1, "{said}");
        (ran.status.success(), said.trim_end().to_owned())
    }
}

fn from(peer: &str, request: Builder) -> Builder {
    let peer: SocketAddr = peer.parse().unwrap();
    request.extension(ConnectInfo(peer)).header("user-agent", "acme-sync/3.1 (x)")
}

/// A log that has a bit of everything: odd names, changes with and without an address, a person who signed in.
async fn busy(app: &TestApp) {
    let odd = app.key_in("default", "Müller & Söhne \"Nord\" \\ 🦀", &["contacts:read"]).await;
    let caller = app.client(FULL).await;
    let reveal = Request::post(format!("/api/v1/keys/{}/reveal", odd.id));
    let reveal = from("203.0.113.9:4711", reveal).header("authorization", format!("Bearer {}", caller.key()));
    assert_eq!(app.send(reveal.body(Body::empty()).unwrap()).await.status, 200);
    let change = serde_json::json!({"client_name": "Müller\u{a0}GmbH", "notes": "\"Nord\" \\ 🦀", "expires_at": null});
    assert_eq!(caller.patch(&format!("/api/v1/keys/{}", odd.id), change).await.status, 200);
    let owner = |email: &str| NewAdministrator {
        email: email.to_owned(),
        name: "Ada Lovelace".to_owned(),
        role: Role::Owner,
        password: PlainSecret::new(PASSWORD.to_owned()),
    };
    let installation = app.operator("default").await.installation;
    for email in [ADA, "grace@example.com"] {
        app.keydesk.create_administrator(Actor::Operator, installation, owner(email)).await.unwrap();
        let form = format!("email={email}&password={}", PASSWORD.replace(' ', "+"));
        let request = Request::post("/login")
            .header("host", "127.0.0.1")
            .header("origin", "http://127.0.0.1")
            .header("accept", "text/html")
            .header("content-type", "application/x-www-form-urlencoded");
        let request = from("127.0.0.1:4711", request).body(Body::from(form)).unwrap();
        assert_eq!(app.send(request).await.status, 303);
    }
}

/// The whole log, as it is exported.
async fn exported(app: &TestApp, format: AuditFormat) -> String {
    let operator = app.operator("default").await;
    let mut export = app.keydesk.export_audit(&operator, &AuditQuery::default(), format);
    let mut text = String::new();
    while let Some(part) = export.next().await.unwrap() {
        text.push_str(&part);
    }
    text
}

async fn head(app: &TestApp) -> String {
    let heads = app.keydesk.audit_heads().await.unwrap();
    heads.into_iter().find(|head| head.installation == "default").unwrap().head.unwrap()
}

async fn an_export_is_verified_without_keydesk(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    busy(&app).await;
    let auditor = Auditor::new(&database.dir());
    let kept = head(&app).await;
    let reader = app.client(&["audit:read"]).await;
    let lines = reader.call(Method::GET, "/api/v1/audit", None, &[("accept", "application/x-ndjson")]).await.text();
    let count = lines.lines().count();
    let whole = (true, format!("unbroken: entries 1 to {count}"));
    assert_eq!(auditor.judges(&lines, &[]).await, whole);
    let now = head(&app).await;
    assert_eq!(auditor.judges(&lines, &[&kept, &now]).await, whole, "with the ends that were signed on the way");
    // An end that somebody made up proves nothing.
    let parts: Vec<&str> = kept.splitn(4, '.').collect();
    let forged = format!("{}.{}.1.{}", parts[0], parts[1], parts[3]);
    let (holds, said) = auditor.judges(&lines, &[&forged]).await;
    assert!(!holds && said.contains("a head was not signed"), "{said}");
    // What is exported later goes on from there.
    let later = exported(&app, AuditFormat::Ndjson).await;
    assert!(later.starts_with(&lines), "an entry is exported alike for as long as its names are the same");
    assert_eq!(auditor.judges(&later, &[&kept, &now]).await.1, format!("unbroken: entries 1 to {}", count + 1));
    let table = exported(&app, AuditFormat::Csv).await;
    let (holds, said) = auditor.judges(&table, &[]).await;
    assert!(!holds && said.contains("export the log as NDJSON"), "{said}");
    assert_eq!(auditor.judges("", &[]).await, (false, "BROKEN: there are no entries".to_owned()));
    assert!(SCRIPT.lines().count() <= 40, "it is short enough to be read");
}

/// The number of the first entry of this action.
fn number(lines: &[String], action: &str) -> usize {
    let is = |line: &String| serde_json::from_str::<Value>(line).unwrap()["action"] == action;
    lines.iter().position(is).unwrap_or_else(|| panic!("there is no {action}")) + 1
}

async fn what_was_tampered_with_is_found(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    busy(&app).await;
    let auditor = Auditor::new(&database.dir());
    let text = exported(&app, AuditFormat::Ndjson).await;
    let lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    let (count, kept) = (lines.len(), head(&app).await);
    let reveal = number(&lines, "key.reveal");
    let judged = async |lines: &[String], heads: &[&str]| auditor.judges(&lines.concat(), heads).await;
    // One value of one entry, as somebody with an editor would alter it.
    let altered = |from: &str, to: &str| {
        let mut lines = lines.clone();
        assert!(lines[reveal - 1].contains(from), "{from}: {}", lines[reveal - 1]);
        lines[reveal - 1] = lines[reveal - 1].replacen(from, to, 1);
        lines
    };
    let at = serde_json::from_str::<Value>(&lines[reveal - 1]).unwrap()["at"].as_str().unwrap().to_owned();
    let earlier = format!("2020{}", &at[4..]);
    for (from, to) in [
        ("\"action\":\"key.reveal\"", "\"action\":\"key.rename\""),
        ("\"kind\":\"key\"", "\"kind\":\"administrator\""),
        ("\"environment\":\"live\"", "\"environment\":\"test\""),
        (at.as_str(), earlier.as_str()),
        ("\"detail\":{", "\"detail\":{\"by\":\"mistake\"COMMA"),
    ] {
        let empty = lines[reveal - 1].contains("\"detail\":{}");
        let to = &to.replace("COMMA", if empty { "" } else { "," });
        let (holds, said) = judged(&altered(from, to), &[]).await;
        assert!(!holds && said.starts_with("BROKEN: entry ") && said.contains("altered"), "{from}: {said}");
    }
    for (from, to) in [("203.0.113.9", "203.0.113.10"), ("acme-sync/3.1", "acme-sync/3.2")] {
        let said = format!("BROKEN: where entry {reveal} came from was altered");
        assert_eq!(judged(&altered(from, to), &[]).await, (false, said), "{from}");
    }
    let erased = altered("\"203.0.113.9\"", "null").concat().replacen("\"acme-sync/3.1 (x)\"", "null", 1);
    let (holds, said) = auditor.judges(&erased, &[]).await;
    assert!(!holds && said.contains("was erased"), "{said}");
    // Names stand beside the log, and are those of now: docs/audit.md says so.
    let renamed = altered("\"client_name\":\"Müller", "\"client_name\":\"Muller");
    assert!(judged(&renamed, &[]).await.0);

    let mut removed = lines.clone();
    removed.remove(reveal - 1);
    let missing = format!("BROKEN: entry {reveal} is missing");
    assert_eq!(judged(&removed, &[]).await, (false, missing.clone()));
    // Numbered anew, so that no number is missing.
    for (line, at) in removed.iter_mut().zip(1..).skip(reveal - 1) {
        *line = line.replacen(&format!("\"number\":{}", at + 1), &format!("\"number\":{at}"), 1);
    }
    let unchained = format!("BROKEN: entry {reveal} does not follow the one before it");
    assert_eq!(judged(&removed, &[]).await, (false, unchained));
    let mut swapped = lines.clone();
    swapped.swap(reveal - 1, reveal);
    assert_eq!(judged(&swapped, &[]).await, (false, missing));
    let mut twice = lines.clone();
    twice.insert(reveal, lines[reveal - 1].clone());
    assert!(!judged(&twice, &[]).await.0);

    // An end that was cut off is seen with a head that was kept, and only so; half a line is seen always.
    let cut = &lines[..count - 1];
    assert_eq!(judged(cut, &[]).await, (true, format!("unbroken: entries 1 to {}", count - 1)));
    let gone = format!("BROKEN: entry {count} is not there as it was when the head was signed");
    assert_eq!(judged(cut, &[&kept]).await, (false, gone));
    assert!(!auditor.judges(&text[..text.len() - 9], &[]).await.0);
    // Of a beginning that is missing it says that: the first number is not 1.
    assert_eq!(judged(&lines[2..], &[]).await.1, format!("unbroken: entries 3 to {count}"));
    // Somebody who has no audit key can sign nothing, and with another key nothing is proved.
    fs::write(auditor.folder.path().join("audit.keys"), format!("audit a1 {}\n", "A".repeat(43) + "=")).unwrap();
    assert!(!judged(&lines, &[]).await.0);
    fs::write(auditor.folder.path().join("audit.keys"), "# none\n").unwrap();
    let (holds, said) = judged(&lines, &[]).await;
    assert!(!holds && said.contains("the keyring lacks the audit key"), "{said}");
}

async fn a_person_who_was_forgotten_breaks_nothing(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    busy(&app).await;
    let before = exported(&app, AuditFormat::Ndjson).await;
    assert!(before.contains("\"actor_name\":\"Ada Lovelace\"") && before.contains("\"address\":\"127.0.0.1\""));
    app.keydesk.forget(&app.operator("default").await, ADA).await.unwrap();
    let auditor = Auditor::new(&database.dir());
    let after = exported(&app, AuditFormat::Ndjson).await;
    let count = after.lines().count();
    assert_eq!(auditor.judges(&after, &[&head(&app).await]).await, (true, format!("unbroken: entries 1 to {count}")));
    // Grace was not: that her address is gone is no forgetting.
    let sign_in = after.lines().rfind(|line| line.contains("\"action\":\"administrator.sign_in\"")).unwrap();
    let erased = sign_in.replace("\"127.0.0.1\"", "null").replace("\"acme-sync/3.1 (x)\"", "null");
    assert_ne!(erased, sign_in);
    let (holds, said) = auditor.judges(&after.replace(sign_in, &erased), &[]).await;
    assert!(!holds && said.contains("was erased"), "{said}");
}
