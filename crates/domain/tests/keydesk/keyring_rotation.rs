//! Peppers and master keys are rotated while Keydesk runs: every call is answered as before, and what took access away stays away,
//! under whichever digest a node has a secret in memory.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};

use domain::{Caller, ChangeKeyringError, Keydesk, KeyringKind, NewInstallation, OpenOptions};
use model::{Action, Actor, Code, KeyError, SecretId};
use store::{on_both_databases, testing::TestDatabase};
use uuid::Uuid;

use crate::test_keydesk::{DONE, HOUR, KNOWN, TestKeydesk, breathe, code, new_key, options, verify, within};

on_both_databases!(
    sealed_secrets_follow_while_every_call_is_answered,
    a_secret_that_is_shown_once_follows_when_it_is_used,
    what_is_revoked_is_revoked_under_the_former_digest,
    what_was_begun_is_gone_on_with,
    a_node_with_an_older_first_key_takes_nothing_back,
    a_keyring_that_can_not_be_used_changes_nothing,
    a_key_that_is_needed_is_retired_by_force_alone,
    a_master_key_that_signs_the_audit_log_stays,
    changes_of_every_kind_meet_the_rotation
);

const NEW: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const NEWER: &str = "HwABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4=";

fn path(desk: &TestKeydesk) -> PathBuf {
    desk.database.dir().join("master.key")
}

fn text(desk: &TestKeydesk) -> String {
    fs::read_to_string(path(desk)).unwrap()
}

async fn number(desk: &TestKeydesk, sql: &str) -> i64 {
    desk.database.raw().await.number(sql).await
}

/// How many secrets rest on a key of the keyring.
async fn resting(desk: &TestKeydesk, column: &str, id: &str) -> i64 {
    number(desk, &format!("SELECT COUNT(*) FROM api_key_secret WHERE {column} = '{id}'")).await
}

/// Another node, with a keyring of its own.
async fn node(desk: &TestKeydesk, name: &str, text: &str) -> Keydesk {
    let file = desk.database.dir().join(name);
    fs::write(&file, text).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let with = OpenOptions { keyring_file: Some(file), ..options(&desk.database, &desk.clock) };
    Keydesk::open(with).await.unwrap()
}

/// Adds a new key of each kind and uses it.
async fn rotate(keydesk: &Keydesk) {
    for (kind, id) in [(KeyringKind::Pepper, "p2"), (KeyringKind::Master, "m2")] {
        assert_eq!(keydesk.add_keyring_key(kind).await.unwrap(), id);
        assert!(keydesk.use_keyring_key(kind, id).await.unwrap());
        assert!(!keydesk.use_keyring_key(kind, id).await.unwrap(), "it was there already");
    }
}

/// Moves every sealed secret.
async fn renew_all(keydesk: &Keydesk) -> usize {
    let (mut after, mut digests) = (SecretId(Uuid::nil()), 0);
    while let Some(batch) = keydesk.renew_batch(after).await.unwrap() {
        assert_eq!(batch.unopened, 0);
        (after, digests) = (batch.last, digests + batch.digests);
    }
    digests
}

async fn issue(desk: &TestKeydesk, keys: usize) -> Vec<domain::Issued> {
    let new = (0..keys).map(|number| new_key(&format!("Client {number}"))).collect();
    desk.keydesk.issue_many(&desk.operator, new).await.unwrap()
}

/// An installation that shows secrets once.
async fn showing_once(desk: &TestKeydesk) -> Caller {
    let new = NewInstallation { name: "once".to_owned(), title: "Once".to_owned(), recoverable: false };
    Caller::operator(desk.keydesk.create_installation(Actor::Operator, new).await.unwrap().id)
}

/// Calls with all keys, one after the other, on both nodes, until it is told to stop. Returns how many there were.
fn calls(nodes: [&Keydesk; 2], secrets: &[String]) -> (Arc<AtomicBool>, Arc<AtomicU64>, tokio::task::JoinHandle<()>) {
    let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let (until, count) = (Arc::clone(&stop), Arc::clone(&answered));
    let (nodes, secrets) = (nodes.map(Keydesk::clone), secrets.to_vec());
    let task = tokio::spawn(async move {
        for number in 0.. {
            if until.load(Relaxed) {
                return;
            }
            for node in &nodes {
                assert_eq!(code(node, &secrets[number % secrets.len()]).await, Code::Valid, "call {number}");
                count.fetch_add(1, Relaxed);
            }
            breathe(number).await;
        }
    });
    (stop, answered, task)
}

async fn sealed_secrets_follow_while_every_call_is_answered(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let issued = issue(&desk, 450).await;
    let default = desk.keydesk.default_key(&desk.operator).await.unwrap().id;
    let default = desk.keydesk.reveal(&desk.operator, default).await.unwrap();
    let mut secrets: Vec<String> = issued.iter().map(|one| one.secret.expose().to_owned()).collect();
    let revoked = secrets.split_off(440);
    secrets.push(default.expose().to_owned());
    // It reads the same file when it has changed.
    let other = desk.second_node().await;
    let running = [desk.keydesk.start(), other.start()];
    let (stop, answered, calling) = calls([&desk.keydesk, &other], &secrets);
    // In the order of the docs: every node has the new keys before one uses them.
    for (kind, id) in [(KeyringKind::Pepper, "p2"), (KeyringKind::Master, "m2")] {
        assert_eq!(desk.keydesk.add_keyring_key(kind).await.unwrap(), id);
    }
    let has = async || other.keyring_keys().await.unwrap().iter().any(|key| key.id == "m2" && key.there);
    within(DONE, "the other has them", has).await;
    for (kind, id) in [(KeyringKind::Pepper, "p2"), (KeyringKind::Master, "m2")] {
        assert!(desk.keydesk.use_keyring_key(kind, id).await.unwrap());
    }
    within(DONE, "all secrets follow", async || {
        resting(&desk, "pepper_id", "p1").await + resting(&desk, "master_key_id", "m1").await == 0
    })
    .await;
    let before = answered.load(Relaxed);
    within(DONE, "calls go on", async || answered.load(Relaxed) > before + 1_000).await;
    for (number, one) in issued.iter().skip(440).enumerate() {
        let (here, there) = if number % 2 == 0 { (&desk.keydesk, &other) } else { (&other, &desk.keydesk) };
        here.delete(&desk.operator, one.key.id, None).await.unwrap();
        assert_eq!(code(here, &revoked[number]).await, Code::Revoked);
        within(KNOWN, "a deletion", async || code(there, &revoked[number]).await == Code::Revoked).await;
    }
    for (kind, id) in [(KeyringKind::Pepper, "p1"), (KeyringKind::Master, "m1")] {
        let retired = desk.keydesk.retire_keyring_key(kind, id, false).await.unwrap();
        assert!(retired.keys.is_empty() && retired.line_removed);
        assert!(matches!(
            desk.keydesk.use_keyring_key(kind, id).await,
            Err(ChangeKeyringError::Unknown { .. } | ChangeKeyringError::Retired { .. })
        ));
    }
    assert!(!text(&desk).contains("p1 ") && !text(&desk).contains("m1 "));
    let before = answered.load(Relaxed);
    within(DONE, "calls go on", async || answered.load(Relaxed) > before + 1_000).await;
    stop.store(true, Relaxed);
    calling.await.unwrap();
    for background in running {
        background.stop().await;
    }
    // Whoever opens it from now on has neither.
    let late = desk.second_node().await;
    for secret in &secrets {
        assert_eq!(code(&late, secret).await, Code::Valid);
    }
    for one in issued.iter().take(3) {
        let shown = late.reveal(&desk.operator, one.key.id).await.unwrap();
        assert_eq!(shown.expose(), one.secret.expose());
    }
    for secret in &revoked {
        assert_eq!(code(&late, secret).await, Code::Revoked);
    }
    let audited = |action: Action| {
        let desk = &desk;
        async move {
            let entries = desk.audit(&desk.operator).await;
            let own = entries.into_iter().filter(|entry| entry.action == action.as_str());
            own.map(|entry| serde_json::from_str::<serde_json::Value>(&entry.detail).unwrap()).collect::<Vec<_>>()
        }
    };
    let added = audited(Action::KeyringKeyAdded).await;
    let ids: Vec<_> = added.iter().map(|detail| detail["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["p2", "m2"], "once, whichever node was first");
    let retired = audited(Action::KeyringKeyRetired).await;
    assert_eq!(retired[0], serde_json::json!({"kind": "pepper", "id": "p1", "forced": false, "keys": 0}));
    assert_eq!(retired.len(), 2);
    assert!(late.check_audit().await.unwrap().iter().all(|log| log.broken.is_none()));
}

async fn a_secret_that_is_shown_once_follows_when_it_is_used(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let caller = showing_once(&desk).await;
    let unused = desk.keydesk.issue(&caller, new_key("Acme")).await.unwrap();
    let used = desk.keydesk.issue(&caller, new_key("Beta")).await.unwrap();
    rotate(&desk.keydesk).await;
    renew_all(&desk.keydesk).await;
    // The Default API Key of that installation is a third.
    assert_eq!(resting(&desk, "pepper_id", "p1").await, 3, "nobody can open them");
    for _ in 0..2 {
        assert_eq!(code(&desk.keydesk, used.secret.expose()).await, Code::Valid);
        assert_eq!(desk.keydesk.verifier().counters().used_secrets, 1, "each once");
    }
    let background = desk.keydesk.start();
    within(DONE, "it follows", async || resting(&desk, "pepper_id", "p1").await == 2).await;
    background.stop().await;
    assert_eq!(code(&desk.keydesk, used.secret.expose()).await, Code::Valid);
    assert_eq!(desk.keydesk.verifier().counters().used_secrets, 0, "it is found at once now");
    // A call that is refused proves nothing that is worth keeping.
    desk.keydesk.delete(&caller, unused.key.id, None).await.unwrap();
    assert_eq!(code(&desk.keydesk, unused.secret.expose()).await, Code::Revoked);
    assert_eq!(desk.keydesk.verifier().counters().used_secrets, 0);
}

/// A node that has not been told yet still has the secret in memory under the digest of before.
async fn what_is_revoked_is_revoked_under_the_former_digest(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let issued = issue(&desk, 3).await;
    let before = text(&desk);
    // As a second line first, as the docs say; it stays there on this node.
    let behind = node(&desk, "behind.key", &format!("{before}\npepper p2 {NEW}\n")).await;
    let other = node(&desk, "other.key", &format!("pepper p2 {NEW}\n{before}")).await;
    let running = behind.start();
    for one in &issued {
        for node in [&behind, &other] {
            assert_eq!(code(node, one.secret.expose()).await, Code::Valid);
        }
    }
    // The Default API Keys of both installations, too.
    assert_eq!(renew_all(&other).await, 5);
    let epoch = other.verifier().counters().epoch.max(number(&desk, "SELECT value FROM epoch").await);
    within(KNOWN, "it is told", async || behind.verifier().counters().epoch >= epoch).await;
    let misses = behind.verifier().counters().cache_misses;
    for one in &issued {
        assert_eq!(code(&behind, one.secret.expose()).await, Code::Valid);
    }
    assert_eq!(behind.verifier().counters().cache_misses, misses, "from memory, under the digest of before");
    other.delete(&desk.operator, issued[0].key.id, None).await.unwrap();
    other.bulk_set_enabled(&desk.operator, &[issued[1].key.id], false).await.unwrap();
    within(KNOWN, "a deletion", async || code(&behind, issued[0].secret.expose()).await == Code::Revoked).await;
    within(KNOWN, "disabling", async || code(&behind, issued[1].secret.expose()).await == Code::Disabled).await;
    // And on the node itself, which knows it under both.
    behind.delete(&desk.operator, issued[2].key.id, None).await.unwrap();
    assert_eq!(code(&behind, issued[2].secret.expose()).await, Code::Revoked);
    running.stop().await;
    // When the tombstones are gone, nothing of before is left behind them.
    desk.clock.advance(31 * 24 * HOUR);
    for _ in 0..3 {
        behind.verifier().forget_purged(behind.now());
    }
    assert_eq!(code(&behind, issued[0].secret.expose()).await, Code::NotFound);
}

async fn what_was_begun_is_gone_on_with(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let issued = issue(&desk, 450).await;
    rotate(&desk.keydesk).await;
    let batch = desk.keydesk.renew_batch(SecretId(Uuid::nil())).await.unwrap().unwrap();
    assert_eq!((batch.digests, batch.copies), (200, 200));
    assert_eq!(resting(&desk, "pepper_id", "p1").await, 252);
    // The node is gone; another one begins from the first on.
    let other = desk.second_node().await;
    assert_eq!(renew_all(&other).await, 252);
    assert!(desk.keydesk.renew_batch(batch.last).await.unwrap().is_none(), "nothing is left for this one");
    assert_eq!(resting(&desk, "pepper_id", "p1").await + resting(&desk, "master_key_id", "m1").await, 0);
    for one in &issued {
        for node in [&desk.keydesk, &other] {
            assert_eq!(code(node, one.secret.expose()).await, Code::Valid);
        }
    }
    let (one, other) = (&issued[0], &issued[449]);
    for issued in [one, other] {
        let shown = desk.keydesk.reveal(&desk.operator, issued.key.id).await.unwrap();
        assert_eq!(shown.expose(), issued.secret.expose());
    }
}

async fn a_node_with_an_older_first_key_takes_nothing_back(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let caller = showing_once(&desk).await;
    let once = desk.keydesk.issue(&caller, new_key("Once")).await.unwrap();
    let issued = desk.issue("Acme").await;
    let before = text(&desk);
    let behind = node(&desk, "behind.key", &format!("{before}\npepper p2 {NEW}\nmaster m2 {NEW}\n")).await;
    let other = node(&desk, "other.key", &format!("pepper p2 {NEW}\nmaster m2 {NEW}\n{before}")).await;
    renew_all(&other).await;
    let background = other.start();
    assert_eq!(code(&other, once.secret.expose()).await, Code::Valid);
    within(DONE, "it follows", async || other.verifier().counters().used_secrets == 0).await;
    background.stop().await;
    let on_new = async || (resting(&desk, "pepper_id", "p2").await, resting(&desk, "master_key_id", "m2").await);
    assert_eq!(on_new().await, (4, 3));
    assert_eq!(renew_all(&behind).await, 0);
    let background = behind.start();
    for secret in [&once.secret, &issued.secret] {
        assert_eq!(code(&behind, secret.expose()).await, Code::Valid);
    }
    within(DONE, "it is looked at", async || behind.verifier().counters().used_secrets == 0).await;
    background.stop().await;
    assert_eq!(on_new().await, (4, 3));
    // What it makes itself follows.
    let late = behind.issue(&desk.operator, new_key("Late")).await.unwrap();
    assert_eq!(code(&other, late.secret.expose()).await, Code::Valid);
    assert_eq!(renew_all(&other).await, 1);
    assert_eq!(code(&behind, late.secret.expose()).await, Code::Valid);
}

async fn a_keyring_that_can_not_be_used_changes_nothing(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let issued = desk.issue("Acme").await;
    let right = text(&desk);
    let own = |beginning: &str| right.lines().find(|line| line.starts_with(beginning)).unwrap().to_owned();
    let replaced = |beginning: &str, by: &str| right.replace(&own(beginning), by);
    let refused = async |text: &str| {
        fs::write(path(&desk), text).unwrap();
        let refused = desk.keydesk.reload_keyring(Actor::System).await.unwrap_err().to_string();
        assert!(!refused.contains('\n') && !refused.contains(NEW) && !refused.contains(NEWER), "{refused}");
        assert_eq!(code(&desk.keydesk, issued.secret.expose()).await, Code::Valid);
        let more = desk.issue("More").await;
        assert_eq!(code(&desk.keydesk, more.secret.expose()).await, Code::Valid);
        desk.keydesk.reveal(&desk.operator, more.key.id).await.unwrap();
        assert_eq!(resting(&desk, "pepper_id", "p2").await + resting(&desk, "master_key_id", "m2").await, 0);
        refused
    };
    let new = format!("pepper p2 {NEW}\nmaster m2 {NEW}\n");
    for (text, named) in [
        (String::new(), "needs a pepper and a master key"),
        (right[..right.len() - 30].to_owned(), "line 5 of the keyring"),
        (format!("{new}{}", replaced("pepper p1", &format!("pepper p1 {NEWER}"))), "pepper key p1"),
        (format!("{new}{}", replaced("master m1", &format!("master m1 {NEWER}"))), "master key m1"),
        (format!("{new}{}", replaced("audit a1", &format!("audit a1 {NEWER}"))), "audit key a1"),
        (format!("{new}{}", replaced("audit a1", "")), "audit key a1"),
        (format!("{new}{}", replaced("pepper p1", "")), "the pepper key p1 is missing, and is still needed by "),
        (format!("{new}{}", replaced("master m1", "")), "the master key m1 is missing, and is still needed by "),
    ] {
        let refused = refused(&text).await;
        assert!(refused.contains(named), "{named:?} is not in {refused:?}");
    }
    fs::write(path(&desk), format!("{new}{right}")).unwrap();
    fs::set_permissions(path(&desk), fs::Permissions::from_mode(0o644)).unwrap();
    assert!(desk.keydesk.reload_keyring(Actor::System).await.unwrap_err().to_string().contains("mode 644"));
    fs::remove_file(path(&desk)).unwrap();
    assert!(desk.keydesk.reload_keyring(Actor::System).await.unwrap_err().to_string().contains("is missing"));
    assert_eq!(code(&desk.keydesk, issued.secret.expose()).await, Code::Valid);
    // The right one is taken at last, and is no other the second time.
    fs::write(path(&desk), format!("{new}{right}")).unwrap();
    fs::set_permissions(path(&desk), fs::Permissions::from_mode(0o600)).unwrap();
    assert!(desk.keydesk.reload_keyring(Actor::System).await.unwrap());
    assert!(!desk.keydesk.reload_keyring(Actor::System).await.unwrap());
    desk.issue("New").await;
    assert_eq!((resting(&desk, "pepper_id", "p2").await, resting(&desk, "master_key_id", "m2").await), (1, 1));
    assert_eq!(code(&desk.keydesk, issued.secret.expose()).await, Code::Valid);
    desk.keydesk.reveal(&desk.operator, issued.key.id).await.unwrap();
}

async fn a_key_that_is_needed_is_retired_by_force_alone(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let caller = showing_once(&desk).await;
    let once = desk.keydesk.issue(&caller, new_key("Once")).await.unwrap();
    let sealed = desk.issue("Acme").await;
    let deleted = desk.keydesk.issue(&caller, new_key("Deleted")).await.unwrap();
    desk.keydesk.delete(&caller, deleted.key.id, None).await.unwrap();
    let link = desk.keydesk.create_handover(&desk.operator, sealed.key.id).await.unwrap();
    let retire = |kind, id: &'static str, force| {
        let keydesk = desk.keydesk.clone();
        async move { keydesk.retire_keyring_key(kind, id, force).await }
    };
    let in_use = retire(KeyringKind::Pepper, "p1", true).await.unwrap_err();
    assert!(matches!(in_use, ChangeKeyringError::InUse { .. }), "{in_use}");
    rotate(&desk.keydesk).await;
    renew_all(&desk.keydesk).await;
    let unknown = retire(KeyringKind::Pepper, "p9", true).await.unwrap_err();
    assert!(matches!(unknown, ChangeKeyringError::Unknown { .. }), "{unknown}");
    let before = text(&desk);
    let needed = retire(KeyringKind::Pepper, "p1", false).await.unwrap_err();
    assert!(needed.to_string().starts_with("the pepper key p1 is still needed by 3 secrets; --force "), "{needed}");
    let ChangeKeyringError::Needed { keys, .. } = needed else { panic!("{needed}") };
    let default = desk.keydesk.default_key(&caller).await.unwrap().id;
    let named = |keys: &[domain::RestingKey]| -> Vec<_> { keys.iter().map(|key| (key.key, key.deleted)).collect() };
    let mut expected = vec![(default, false), (once.key.id, false), (deleted.key.id, true)];
    expected.sort_unstable();
    assert_eq!(named(&keys), expected);
    let needed = retire(KeyringKind::Master, "m1", false).await.unwrap_err().to_string();
    assert!(needed.starts_with("the master key m1 is still needed by 1 hand-over link; --force "), "{needed}");
    assert_eq!(text(&desk), before);
    let found = desk.keydesk.examine().await;
    let found: Vec<_> = found.iter().filter(|finding| finding.what == "keys in use").map(|one| &*one.found).collect();
    assert_eq!(
        found,
        [
            "1 hand-over link rests on the master key m1, which is no longer the newest",
            "3 secrets rest on the pepper key p1, which is no longer the newest"
        ]
    );

    let other = desk.second_node().await;
    let retired = retire(KeyringKind::Pepper, "p1", true).await.unwrap();
    assert!(retired.line_removed);
    assert_eq!(named(&retired.keys), expected);
    // The other node takes it, since it was given up, and both go on with what moved.
    assert!(other.reload_keyring(Actor::System).await.unwrap());
    for node in [&desk.keydesk, &other] {
        assert_eq!(code(node, once.secret.expose()).await, Code::NotFound);
        assert_eq!(code(node, sealed.secret.expose()).await, Code::Valid);
    }
    let entries = desk.audit(&caller).await;
    let entry = entries.iter().find(|entry| entry.action == Action::KeyringKeyRetired.as_str()).unwrap();
    let detail: serde_json::Value = serde_json::from_str(&entry.detail).unwrap();
    assert_eq!(detail, serde_json::json!({"kind": "pepper", "id": "p1", "forced": true, "keys": 3}));
    let found = desk.keydesk.examine().await;
    let bad: Vec<_> = found.iter().filter(|finding| finding.what == "keys in use" && !finding.ok).collect();
    assert!(bad.len() == 1 && bad[0].found.contains("pepper key p1, which is missing"), "{bad:?}");
    // Its id is never used again, by whatever hand.
    fs::write(path(&desk), format!("pepper p1 {NEWER}\n{}", text(&desk))).unwrap();
    let refused = desk.keydesk.reload_keyring(Actor::System).await.unwrap_err().to_string();
    assert!(refused.contains("pepper key p1 of this keyring was retired"), "{refused}");
    fs::write(path(&desk), text(&desk).split_once('\n').unwrap().1).unwrap();
    // The client gets a new secret.
    let rotated = desk.keydesk.rotate(&caller, once.key.id, crate::test_keydesk::overlap(0), None).await.unwrap();
    assert_eq!(code(&other, rotated.secret.expose()).await, Code::Valid);

    retire(KeyringKind::Master, "m1", true).await.unwrap();
    let via = domain::Via::default();
    let opened = desk.keydesk.open_handover(&link.token, &via).await.map(drop);
    assert_eq!(opened, Err(KeyError::Unavailable));
    desk.keydesk.reveal(&desk.operator, sealed.key.id).await.unwrap();
    // It opens again without the first pepper, by which the deployment was made.
    assert_eq!(code(&desk.second_node().await, sealed.secret.expose()).await, Code::Valid);
}

async fn a_master_key_that_signs_the_audit_log_stays(database: TestDatabase) {
    // A keyring of before there were audit keys: one is derived.
    let file = database.dir().join("master.key");
    fs::write(&file, format!("pepper p1 {NEWER}\nmaster m1 {NEWER}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let desk = TestKeydesk::open(database).await;
    rotate(&desk.keydesk).await;
    renew_all(&desk.keydesk).await;
    let refused = desk.keydesk.retire_keyring_key(KeyringKind::Master, "m1", true).await.unwrap_err().to_string();
    assert!(refused.contains("for as long as the log"), "{refused}");
    assert!(text(&desk).contains("master m1 "));
    desk.issue("Acme").await;
    assert!(desk.keydesk.check_audit().await.unwrap().iter().all(|log| log.broken.is_none()));
}

/// Keys are issued, rotated, disabled and deleted on two nodes while their secrets move: at the end each works, or does not, as the
/// last change says, on both.
async fn changes_of_every_kind_meet_the_rotation(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let other = desk.second_node().await;
    let issued = issue(&desk, 120).await;
    for one in &issued {
        assert_eq!(code(&other, one.secret.expose()).await, Code::Valid);
    }
    let running = [desk.keydesk.start(), other.start()];
    for (round, (kind, id)) in
        [(KeyringKind::Pepper, "p2"), (KeyringKind::Master, "m2"), (KeyringKind::Pepper, "p3")].into_iter().enumerate()
    {
        desk.keydesk.add_keyring_key(kind).await.unwrap();
        let has = async || other.keyring_keys().await.unwrap().iter().any(|key| key.id == id && key.there);
        within(DONE, "the other has it", has).await;
        desk.keydesk.use_keyring_key(kind, id).await.unwrap();
        for one in issued.iter().skip(round * 40).take(40) {
            let node = if one.key.id.0.as_u128() % 2 == 0 { &desk.keydesk } else { &other };
            match one.key.id.0.as_u128() % 3 {
                0 => node.delete(&desk.operator, one.key.id, None).await.unwrap(),
                1 => {
                    let name = model::SettingsPatch::name("Renamed");
                    node.update(&desk.operator, one.key.id, name, None).await.map(drop).unwrap();
                }
                _ => {
                    let new = node.rotate(&desk.operator, one.key.id, crate::test_keydesk::overlap(0), None).await;
                    assert_eq!(code(node, new.unwrap().secret.expose()).await, Code::Valid);
                }
            }
        }
    }
    within(DONE, "all secrets follow", async || {
        let living = "SELECT COUNT(*) FROM api_key_secret WHERE expires_at IS NULL AND ";
        number(&desk, &format!("{living} (pepper_id <> 'p3' OR master_key_id <> 'm2')")).await == 0
    })
    .await;
    let epoch = number(&desk, "SELECT value FROM epoch").await;
    let told = async || [&desk.keydesk, &other].iter().all(|node| node.verifier().counters().epoch >= epoch);
    within(DONE, "both are told", told).await;
    for one in &issued {
        let expected = if one.key.id.0.as_u128() % 3 == 1 { Code::Valid } else { Code::Revoked };
        for node in [&desk.keydesk, &other] {
            let verdict = verify(node, one.secret.expose()).await;
            assert_eq!(verdict.code, expected);
            if expected == Code::Valid {
                assert_eq!(verdict.record.unwrap().client_name().as_str(), "Renamed");
            }
        }
    }
    for background in running {
        background.stop().await;
    }
}
