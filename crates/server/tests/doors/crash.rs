//! The server is killed in the middle of its work, twenty times with few callers, and with so many that their changes
//! are committed together. Every acknowledged change is there, with its audit entry, and no change is half done.

use std::{
    collections::HashMap,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use model::KeyId;
use serde_json::{Value, json};
use store::testing::TestDatabase;

use crate::support::{Program, init, keydesk, request};

/// The answers that one caller got.
#[derive(Default)]
struct Told {
    /// Created and not deleted.
    alive: Vec<String>,
    deleted: Vec<String>,
    /// Names of keys whose creation was asked for, but not answered.
    unanswered_names: Vec<String>,
    /// Keys whose deletion was asked for, but not answered.
    unanswered_deletes: Vec<String>,
}

/// The time between two kills.
#[derive(Default)]
struct Round {
    /// How many creations were answered.
    answered: AtomicUsize,
    over: AtomicBool,
}

/// Creates keys, and deletes every second one, until nobody answers.
async fn stream(address: String, key: String, name: String, round: Arc<Round>) -> Told {
    let mut told = Told::default();
    for number in 0.. {
        if round.over.load(Relaxed) {
            break;
        }
        let client_name = format!("{name} {number}");
        let body = json!({"client_name": client_name}).to_string();
        let Ok((201, answer)) = request(&address, "POST", "/api/v1/keys", Some(&key), Some(&body)).await else {
            told.unanswered_names.push(client_name);
            break;
        };
        round.answered.fetch_add(1, Relaxed);
        let created: Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap_or_default()).expect("a key");
        let id = created["id"].as_str().expect("an id").to_owned();
        if number % 2 == 0 {
            told.alive.push(id);
            continue;
        }
        match request(&address, "DELETE", &format!("/api/v1/keys/{id}"), Some(&key), None).await {
            Ok((204, _)) => told.deleted.push(id),
            _ => {
                told.unanswered_deletes.push(id);
                break;
            }
        }
    }
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_changes_survive_and_none_is_half_done() {
    let acknowledged = killed(20, 3).await;
    assert!(acknowledged > 20, "the streams did too little to prove anything: {acknowledged}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_acknowledged_together_survive_and_none_is_half_done() {
    let acknowledged = killed(6, 32).await;
    assert!(acknowledged > 60, "the streams did too little to prove anything: {acknowledged}");
}

/// Kills the server this many times, with this many callers, and checks after each. Returns how many changes were
/// acknowledged.
async fn killed(rounds: u64, callers: usize) -> usize {
    let database = TestDatabase::sqlite().await;
    let data = database.dir();
    init(&data, &[]).await;
    let args = ["key", "create", "--client-name", "Caller", "--scope", "keys:*", "--json"];
    let caller: Value = serde_json::from_slice(&keydesk(&data, &args).await.stdout).expect("a key");
    let key = caller["key"].as_str().expect("a secret").to_owned();
    let mut acknowledged = 0;
    for round in 0..rounds {
        let program = Program::serve(&data, &[]).await;
        let moment = Arc::new(Round::default());
        let streams: Vec<_> = (0..callers)
            .map(|caller| {
                let name = format!("Round {round} caller {caller}");
                tokio::spawn(stream(program.address.clone(), key.clone(), name, Arc::clone(&moment)))
            })
            .collect();
        // At a different moment each time, and not before there is something to be lost, however slow the machine is.
        while moment.answered.load(Relaxed) < 12 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(17 * (round % 7))).await;
        program.kill().await;
        moment.over.store(true, Relaxed);
        let mut told = Vec::new();
        for stream in streams {
            told.push(stream.await.expect("a stream's end"));
        }
        acknowledged += told.iter().map(|told| told.alive.len() + told.deleted.len()).sum::<usize>();
        check(&data, &database, &told).await;
    }
    acknowledged
}

async fn check(data: &Path, database: &TestDatabase, told: &[Told]) {
    let doctor = keydesk(data, &["doctor", "--json"]).await;
    let report: Value = serde_json::from_slice(&doctor.stdout).expect("a report");
    let ok = |what: &str| {
        let findings = report["findings"].as_array().expect("findings");
        findings.iter().any(|finding| finding["what"] == what && finding["ok"] == true)
    };
    // Integrity is SQLite's own check; consistency looks for keys without secrets and the like.
    for what in ["integrity", "consistency", "audit log", "migrations"] {
        assert!(ok(what), "{what}: {report}");
    }
    let listed = keydesk(data, &["key", "list", "--json"]).await;
    let listed: Value = serde_json::from_slice(&listed.stdout).expect("a list");
    let alive: HashMap<&str, &str> = listed["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|key| (key["id"].as_str().expect("an id"), key["client_name"].as_str().expect("a name")))
        .collect();
    let deeds = deeds(database).await;
    let done = |action: &str, id: &str| deeds.get(&(action.to_owned(), id.to_owned())).copied().unwrap_or_default();
    for told in told {
        for id in &told.alive {
            assert!(alive.contains_key(id.as_str()), "an acknowledged key is gone");
            assert_eq!((done("key.issue", id), done("key.delete", id)), (1, 0));
        }
        for id in &told.deleted {
            assert!(!alive.contains_key(id.as_str()), "an acknowledged deletion is undone");
            assert_eq!((done("key.issue", id), done("key.delete", id)), (1, 1));
        }
        // Not acknowledged: it has happened as a whole or not at all.
        for id in &told.unanswered_deletes {
            assert_eq!(done("key.delete", id), usize::from(!alive.contains_key(id.as_str())));
        }
        for name in &told.unanswered_names {
            for (id, _) in alive.iter().filter(|(_, alive)| *alive == name) {
                assert_eq!(done("key.issue", id), 1);
            }
        }
    }
}

/// How often the audit log has each action on each key.
async fn deeds(database: &TestDatabase) -> HashMap<(String, String), usize> {
    let sql = "SELECT action || ' ' || lower(hex(key_id)) FROM audit_entry WHERE key_id IS NOT NULL";
    let mut deeds = HashMap::new();
    for entry in database.raw().await.texts(sql).await {
        let (action, id) = entry.split_once(' ').expect("an action and an id");
        let id: KeyId = id.parse().expect("an id");
        *deeds.entry((action.to_owned(), id.to_string())).or_default() += 1;
    }
    deeds
}
