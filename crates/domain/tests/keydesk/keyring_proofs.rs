//! A keyring with the right ids and wrong keys is refused at the start, and `doctor` tells which keys are still needed.

use domain::{Finding, Keydesk, OpenOptions};
use store::{on_both_databases, testing::TestDatabase};

use crate::test_keydesk::{TestKeydesk, options};

on_both_databases!(
    a_wrong_key_of_either_kind_is_refused,
    a_wrong_key_is_noticed_where_no_proof_was_kept,
    doctor_says_who_still_needs_an_old_key
);

const WRONG: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn keyring(desk: &TestKeydesk) -> String {
    std::fs::read_to_string(desk.database.dir().join("master.key")).unwrap()
}

/// The keyring with another key under an id.
fn swapped(text: &str, beginning: &str) -> String {
    let line = |line: &str| if line.starts_with(beginning) { format!("{beginning}{WRONG}") } else { line.to_owned() };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

async fn open(desk: &TestKeydesk, text: &str) -> Result<Keydesk, String> {
    let with = OpenOptions { keyring: Some(text.to_owned()), ..options(&desk.database, &desk.clock) };
    Keydesk::open(with).await.map_err(|error| error.to_string())
}

async fn a_wrong_key_of_either_kind_is_refused(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let right = keyring(&desk);
    // Both are rotated once, and both old keys stay.
    let rotated = format!("pepper p2 {WRONG}\nmaster m2 {WRONG}\n{right}");
    open(&desk, &rotated).await.unwrap();
    for (beginning, named) in [
        ("master m1 ", "master key m1"),
        ("pepper p1 ", "keyring"),
        ("master m2 ", "master key m2"),
        ("pepper p2 ", "pepper key p2"),
    ] {
        let other = "HwABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4=";
        let wrong =
            swapped(&rotated, beginning).replace(&format!("{beginning}{WRONG}"), &format!("{beginning}{other}"));
        assert_ne!(wrong, rotated);
        let refused = open(&desk, &wrong).await.map(drop).unwrap_err();
        assert!(refused.contains(named) && !refused.contains('\n'), "{beginning}: {refused}");
    }
    open(&desk, &rotated).await.unwrap();
}

/// As in a database that an earlier release left.
async fn a_wrong_key_is_noticed_where_no_proof_was_kept(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    desk.issue("Acme").await;
    let right = keyring(&desk);
    let forget = "DELETE FROM keyring_proof";
    desk.database.raw().await.execute(forget).await.unwrap();
    let refused = open(&desk, &swapped(&right, "master m1 ")).await.map(drop).unwrap_err();
    assert!(refused.contains("master key m1"), "{refused}");
    open(&desk, &right).await.unwrap();
    assert_eq!(desk.database.raw().await.number("SELECT COUNT(*) FROM keyring_proof").await, 2);
}

async fn doctor_says_who_still_needs_an_old_key(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    desk.issue("Acme").await;
    let right = keyring(&desk);
    let keyring_of = async |keydesk: &Keydesk| -> Vec<Finding> {
        keydesk.examine().await.into_iter().filter(|finding| finding.what == "keys in use").collect()
    };
    assert_eq!(keyring_of(&desk.keydesk).await, []);
    // Both Default API Keys, and one that was issued.
    let rotated = open(&desk, &format!("pepper p2 {WRONG}\nmaster m2 {WRONG}\n{right}")).await.unwrap();
    let found = keyring_of(&rotated).await;
    assert!(found.iter().all(|finding| finding.ok), "{found:?}");
    let told: Vec<_> = found.iter().map(|finding| finding.found.as_str()).collect();
    assert_eq!(
        told,
        [
            "3 secrets rest on the master key m1, which is no longer the newest",
            "3 secrets rest on the pepper key p1, which is no longer the newest"
        ]
    );
    if desk.database.is_postgres() {
        // Its audit log is signed under a key from the master key: without that it does not start.
        return;
    }
    let lost: String = right
        .lines()
        .filter(|line| !line.starts_with("master m1 "))
        .fold(String::new(), |text, line| text + line + "\n");
    let without = open(&desk, &format!("{lost}master m2 {WRONG}\n")).await.unwrap();
    let found = keyring_of(&without).await;
    assert_eq!(found.len(), 1);
    assert!(!found[0].ok && found[0].found.contains("master key m1, which is missing"), "{found:?}");
}
