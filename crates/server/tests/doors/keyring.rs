//! The operator rotates what is in the keyring while the real program serves: by commands, and by hand.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};

use domain::{Caller, Keydesk, NewKey, OpenOptions};
use model::SettingsPatch;
use serde_json::Value;
use store::{on_both_databases, testing::TestDatabase};
use tokio::task::JoinHandle;

use crate::support::{Program, init, keydesk, ran, request, wait_until};

on_both_databases!(a_rotation_under_load_and_through_a_kill_refuses_nobody);

/// A deployment, and how its commands name it.
struct Desk {
    data: PathBuf,
    config: String,
    database: TestDatabase,
}

impl Desk {
    fn of(database: TestDatabase) -> Self {
        let data = database.dir();
        let config = data.join("keydesk.toml");
        fs::write(&config, format!("database = {:?}\n", database.address())).unwrap();
        Self { config: config.to_str().unwrap().to_owned(), data, database }
    }

    async fn serve(&self) -> Program {
        Program::serve(&self.data, &["--config", &self.config]).await
    }

    /// Runs a command that succeeds, and returns what it printed.
    async fn did(&self, args: &[&str]) -> String {
        let output = keydesk(&self.data, &[args, &["--config", &self.config]].concat()).await;
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    async fn resting(&self, column: &str, id: &str) -> i64 {
        let sql = format!("SELECT COUNT(*) FROM api_key_secret WHERE {column} = '{id}'");
        self.database.raw().await.number(&sql).await
    }

    fn keyring(&self) -> PathBuf {
        self.data.join("master.key")
    }
}

/// New keys' secrets.
async fn issued(desk: &Desk, keys: usize) -> Arc<Vec<String>> {
    let opened = Keydesk::open(OpenOptions::founding(desk.database.address(), &desk.data)).await.unwrap();
    let operator = Caller::operator(opened.installation("default").await.unwrap().unwrap().id);
    let new = (0..keys).map(|number| NewKey::of(SettingsPatch::name(format!("Client {number}"))));
    let issued = opened.issue_many(&operator, new.collect()).await.unwrap();
    opened.close().await;
    Arc::new(issued.iter().map(|one| one.secret.expose().to_owned()).collect())
}

/// Calls with one key after the other until it is told to stop, or nobody answers because the program was killed.
struct Calls {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
    task: JoinHandle<Result<(), String>>,
}

impl Calls {
    fn begin(program: &Program, secrets: &Arc<Vec<String>>) -> Self {
        let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (until, count) = (Arc::clone(&stop), Arc::clone(&answered));
        let (address, secrets) = (program.address.clone(), Arc::clone(secrets));
        let task = tokio::spawn(async move {
            for secret in secrets.iter().cycle() {
                if until.load(Relaxed) {
                    break;
                }
                match request(&address, "GET", "/api/v1/whoami", Some(secret), None).await {
                    Ok((200, _)) => count.fetch_add(1, Relaxed),
                    Ok((status, answer)) if status > 0 => return Err(format!("{status}: {answer}")),
                    _ => break,
                };
            }
            Ok(())
        });
        Self { stop, answered, task }
    }

    /// Waits for more answers than there are keys.
    async fn go_on(&self, secrets: &[String]) {
        let before = self.answered.load(Relaxed);
        let more = secrets.len() as u64;
        let went_on = wait_until(async || self.task.is_finished() || self.answered.load(Relaxed) > before + more).await;
        assert!(went_on && !self.task.is_finished(), "calls go on");
    }

    async fn end(self) -> u64 {
        self.stop.store(true, Relaxed);
        self.task.await.unwrap().unwrap();
        self.answered.load(Relaxed)
    }
}

/// A gauge of the keyring.
async fn gauge(program: &Program, kind: &str, id: &str) -> Option<u64> {
    let (_, answer) = request(&program.ops_address, "GET", "/metrics", None, None).await.unwrap();
    let name = format!("keydesk_keyring_uses{{kind=\"{kind}\",id=\"{id}\",what=\"secrets\"}} ");
    answer.lines().find_map(|line| line.strip_prefix(&name)).map(|value| value.trim().parse().unwrap())
}

async fn a_rotation_under_load_and_through_a_kill_refuses_nobody(database: TestDatabase) {
    let desk = Desk::of(database);
    init(&desk.data, &["--config", &desk.config]).await;
    let secrets = issued(&desk, 450).await;
    let first = desk.serve().await;
    // On PostgreSQL another node, with the same file.
    let second = if desk.database.is_postgres() { Some(desk.serve().await) } else { None };
    let nodes: Vec<&Program> = std::iter::once(&first).chain(&second).collect();
    for node in &nodes {
        assert!(wait_until(async || gauge(node, "pepper", "p1").await == Some(451)).await, "{}", node.printed());
    }
    let calls_of_first = Calls::begin(&first, &secrets);
    let calls_of_second = second.as_ref().map(|second| Calls::begin(second, &secrets));
    for (kind, id) in [("pepper", "p2"), ("master", "m2")] {
        let added = desk.did(&["keyring", "add", kind]).await;
        assert!(added.contains(&format!("keydesk keyring use {kind} {id}")), "{added}");
    }
    for node in &nodes {
        assert!(wait_until(async || gauge(node, "master", "m2").await == Some(0)).await, "{}", node.printed());
    }
    for (kind, id) in [("pepper", "p2"), ("master", "m2")] {
        desk.did(&["keyring", "use", kind, id]).await;
    }
    // In the middle, as far as the machine's speed allows, and at whatever moment otherwise.
    assert!(wait_until(async || desk.resting("pepper_id", "p2").await > 0).await, "{}", first.printed());
    first.kill().await;
    assert!(calls_of_first.end().await > 0);
    let first = desk.serve().await;
    let calls_of_first = Calls::begin(&first, &secrets);
    let moved = async || desk.resting("pepper_id", "p1").await + desk.resting("master_key_id", "m1").await == 0;
    assert!(wait_until(moved).await, "{}", first.printed());
    calls_of_first.go_on(&secrets).await;
    for (kind, id) in [("pepper", "p1"), ("master", "m1")] {
        let retired = desk.did(&["keyring", "retire", kind, id]).await;
        assert_eq!(retired, format!("The {kind} key {id} was retired, and its line is removed.\n"));
    }
    let nodes: Vec<&Program> = std::iter::once(&first).chain(&second).collect();
    for node in &nodes {
        assert!(wait_until(async || gauge(node, "pepper", "p1").await.is_none()).await, "{}", node.printed());
    }
    calls_of_first.go_on(&secrets).await;
    if let Some(calls) = &calls_of_second {
        calls.go_on(&secrets).await;
    }

    // A keyring that is spoilt by hand changes nothing, and is told once.
    let right = fs::read_to_string(desk.keyring()).unwrap();
    fs::write(desk.keyring(), right.replace("pepper p2 ", "pepper p2 =")).unwrap();
    const REFUSED: &str = "the keyring was changed, and can't be used; the one that was read before stays in use";
    for node in &nodes {
        let line = node.line(REFUSED).await;
        assert!(line["error"].as_str().unwrap().starts_with("line 3 of the keyring is not "), "{line}");
    }
    calls_of_first.go_on(&secrets).await;
    fs::write(desk.keyring(), &right).unwrap();
    desk.did(&["keyring", "add", "pepper"]).await;
    for node in &nodes {
        assert!(wait_until(async || gauge(node, "pepper", "p3").await == Some(0)).await, "{}", node.printed());
        assert_eq!(node.printed().matches(REFUSED).count(), 1);
    }
    calls_of_first.end().await;
    if let Some(calls) = calls_of_second {
        calls.end().await;
    }
    let list = desk.did(&["keyring", "list"]).await;
    let expected = "pepper  p2  in use: 451 secrets\npepper  p3  older: nothing\nmaster  m2  in use: 451 secrets\n\
                    token   master:m2  in use: new tokens\n";
    assert_eq!(list, expected);
    assert!(desk.did(&["audit", "verify"]).await.contains("unbroken"));
}

/// Secrets that nobody can open follow when they are used; what is left is given up by force alone, which names the keys.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_of_the_keyring_that_is_needed_is_retired_by_force_alone() {
    let desk = Desk::of(TestDatabase::empty_sqlite());
    init(&desk.data, &["--config", &desk.config]).await;
    desk.did(&["installation", "create", "once", "--title", "Once", "--show-once"]).await;
    let create = async |name: &str| -> Value {
        let args = ["key", "create", "--client-name", name, "--installation", "once", "--json"];
        serde_json::from_str(&desk.did(&args).await).unwrap()
    };
    let (used, unused) = (create("Used").await, create("Unused").await);
    let program = desk.serve().await;
    desk.did(&["keyring", "add", "pepper"]).await;
    desk.did(&["keyring", "use", "pepper", "p2"]).await;
    assert!(wait_until(async || gauge(&program, "pepper", "p2").await.is_some()).await, "{}", program.printed());
    let whoami = async |key: &Value| {
        let key = key["key"].as_str().unwrap();
        request(&program.address, "GET", "/api/v1/whoami", Some(key), None).await.unwrap().0
    };
    assert_eq!(whoami(&used).await, 200);
    // The other one, and the Default API Key of the installation.
    assert!(wait_until(async || desk.resting("pepper_id", "p1").await == 2).await, "{}", program.printed());

    let named =
        ["keyring", "retire", "pepper", "p1", "--data-dir", desk.data.to_str().unwrap(), "--config", &desk.config];
    let refused = ran(&[], &named).await;
    assert_eq!(refused.code, Some(1));
    let sentence = "keydesk: the pepper key p1 is still needed by 2 secrets; --force gives it up all the same, and what needs it ends\n";
    assert_eq!(refused.err, sentence);
    let id = unused["id"].as_str().unwrap();
    assert!(refused.out.starts_with("Keys whose secrets end with it; rotate them:\n"), "{}", refused.out);
    assert!(
        refused.out.contains(&format!("{id}  once  Unused\n")) && !refused.out.contains("  Used"),
        "{}",
        refused.out
    );
    let doctor = desk.did(&["doctor"]).await;
    assert!(
        doctor.contains("ok   keys in use: 2 secrets rest on the pepper key p1, which is no longer the newest"),
        "{doctor}"
    );

    // Whoever removes the line by hand is refused, and told what needs it.
    let before = fs::read_to_string(desk.keyring()).unwrap();
    let without: String =
        before.lines().filter(|line| !line.starts_with("pepper p1 ")).map(|line| format!("{line}\n")).collect();
    fs::write(desk.keyring(), without).unwrap();
    let line = program.line("the keyring was changed, and can't be used").await;
    assert!(
        line["error"].as_str().unwrap().starts_with("the pepper key p1 is missing, and is still needed by 2 secrets"),
        "{line}"
    );
    assert_eq!((whoami(&used).await, whoami(&unused).await), (200, 200), "also the one that is looked up under it");
    fs::write(desk.keyring(), &before).unwrap();
    assert!(wait_until(async || desk.resting("pepper_id", "p1").await == 1).await, "it followed, since it was used");

    let forced = desk.did(&["keyring", "retire", "pepper", "p1", "--force", "--json"]).await;
    let forced: Value = serde_json::from_str(&forced).unwrap();
    assert_eq!(forced["line_removed"], true);
    let ending = forced["keys"].as_array().unwrap();
    assert_eq!(ending.len(), 1, "the Default API Key of that installation, whose secret nobody has used: {forced}");
    assert_eq!(ending[0]["installation"], "once");
    assert!(wait_until(async || gauge(&program, "pepper", "p1").await == Some(1)).await, "{}", program.printed());
    assert_eq!((whoami(&used).await, whoami(&unused).await), (200, 200));
    let entries = desk.did(&["audit", "export", "--action", "keyring.key_retired", "--installation", "once"]).await;
    assert!(entries.contains("\"forced\":true") && entries.contains("\"keys\":1"), "{entries}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_keyring_that_the_operator_writes_is_left_to_them() {
    let desk = Desk::of(TestDatabase::empty_sqlite());
    init(&desk.data, &["--config", &desk.config]).await;
    let text = fs::read_to_string(desk.keyring()).unwrap();
    let elsewhere = desk.data.join("keyring");
    fs::rename(desk.keyring(), &elsewhere).unwrap();
    let data = desk.data.to_str().unwrap();
    let add = ["keyring", "add", "pepper", "--data-dir", data, "--config", &desk.config];
    let elsewhere = elsewhere.to_str().unwrap();
    for (variable, value, named) in
        [("KEYDESK_KEYRING", text.as_str(), "KEYDESK_KEYRING"), ("KEYDESK_KEYRING_FILE", elsewhere, elsewhere)]
    {
        let refused = ran(&[(variable, value)], &add).await;
        refused.is_refused(&format!("the keyring is not Keydesk's to write ({named})"));
    }
    assert_eq!(fs::read_to_string(Path::new(elsewhere)).unwrap(), text);
}
