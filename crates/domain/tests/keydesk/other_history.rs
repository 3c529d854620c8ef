//! The database is set back or replaced under running nodes: by a failover to a standby that lags, or a backup that is
//! restored. They notice, whatever the epoch is then, and answer from what is true now.

use domain::{Background, Keydesk};
use model::Code;
use store::{on_both_databases, testing::TestDatabase};

use crate::test_keydesk::{DONE, KNOWN, TestKeydesk, code, new_key, options, verify, within};

on_both_databases!(
    set_back_to_a_lower_epoch,
    set_back_to_the_same_epoch,
    set_back_to_a_higher_epoch,
    a_change_that_was_lost_is_forgotten_by_the_node_that_made_it,
    the_history_goes_on_for_whoever_only_looks
);

/// Where the epoch stands, after the database was set back, to what the nodes knew.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    Lower,
    Equal,
    Higher,
}

/// Two nodes that are at work.
struct Nodes {
    desk: TestKeydesk,
    other: Keydesk,
    running: Vec<Background>,
}

impl Nodes {
    async fn start(database: TestDatabase) -> Self {
        let desk = TestKeydesk::open(database).await;
        let other = desk.second_node().await;
        let running = vec![desk.keydesk.start(), other.start()];
        Self { desk, other, running }
    }

    fn all(&self) -> [&Keydesk; 2] {
        [&self.desk.keydesk, &self.other]
    }

    /// Both nodes say so of a key, within the time in which a change must be known.
    async fn say(&self, key: &str, expected: Code, what: &str) {
        for node in self.all() {
            let holds = async || node.verifier().verify(crate::test_keydesk::call(key), node.now()).await;
            within(KNOWN, what, async || holds().await.is_ok_and(|verdict| verdict.code == expected)).await;
        }
    }

    async fn noticed(&self) {
        for node in self.all() {
            let noticed = async || node.verifier().counters().histories >= 1 && node.ready().await.is_ok();
            within(DONE, "the node notices and is ready again", noticed).await;
        }
    }

    async fn stop(self) {
        for background in self.running {
            background.stop().await;
        }
    }
}

async fn set_back_to_a_lower_epoch(database: TestDatabase) {
    set_back(database, Then::Lower).await;
}

async fn set_back_to_the_same_epoch(database: TestDatabase) {
    set_back(database, Then::Equal).await;
}

async fn set_back_to_a_higher_epoch(database: TestDatabase) {
    set_back(database, Then::Higher).await;
}

async fn set_back(database: TestDatabase, then: Then) {
    let nodes = Nodes::start(database).await;
    let (desk, other) = (&nodes.desk, &nodes.other);
    let [untouched, deleted, disabled, revoked_there] =
        [desk.issue("A").await, desk.issue("B").await, desk.issue("C").await, desk.issue("D").await];
    let snapshot = desk.database.snapshot().await;

    // What is lost.
    desk.keydesk.delete(&desk.operator, deleted.key.id, None).await.unwrap();
    other.set_enabled(&desk.operator, disabled.key.id, false, None).await.unwrap();
    let lost = other.issue(&desk.operator, new_key("Lost")).await.unwrap();
    let secrets = [&untouched, &deleted, &disabled, &revoked_there, &lost].map(|issued| issued.secret.expose());
    let [untouched, deleted, disabled, revoked_there, lost] = secrets;
    nodes.say(untouched, Code::Valid, "a key that nobody touches").await;
    nodes.say(deleted, Code::Revoked, "a deletion").await;
    nodes.say(disabled, Code::Disabled, "a disabling").await;
    nodes.say(lost, Code::Valid, "a new key").await;

    // What happened in the other history, before anybody looks.
    let knew = desk.database.raw().await.number("SELECT value FROM epoch").await;
    let mut options = options(&desk.database, &desk.clock);
    options.database = snapshot.address().to_owned();
    let elsewhere = Keydesk::open(options).await.unwrap();
    if then != Then::Lower {
        elsewhere.delete(&desk.operator, secret_of(&elsewhere, revoked_there).await, None).await.unwrap();
        let mut epoch = snapshot.number("SELECT value FROM epoch").await;
        let target = if then == Then::Equal { knew } else { knew + 3 };
        assert!(epoch <= target, "{epoch} of {target}");
        while epoch < target {
            elsewhere.issue(&desk.operator, new_key("Filler")).await.unwrap();
            epoch += 1;
        }
        assert_eq!(snapshot.number("SELECT value FROM epoch").await, target);
    }
    elsewhere.close().await;
    desk.database.set_back(snapshot).await;

    nodes.noticed().await;
    nodes.say(untouched, Code::Valid, "a key that nobody touched").await;
    nodes.say(deleted, Code::Valid, "its deletion is lost").await;
    nodes.say(disabled, Code::Valid, "its disabling is lost").await;
    nodes.say(lost, Code::NotFound, "it was never made").await;
    let expected = if then == Then::Lower { Code::Valid } else { Code::Revoked };
    nodes.say(revoked_there, expected, "what was done in the history that is true now").await;

    // And from now on changes are known as ever: at once where they are made, and soon elsewhere.
    let id = verify(&desk.keydesk, deleted).await.record.unwrap().key_id();
    desk.keydesk.delete(&desk.operator, id, None).await.unwrap();
    assert_eq!(code(&desk.keydesk, deleted).await, Code::Revoked);
    nodes.say(deleted, Code::Revoked, "a deletion afterwards").await;
    nodes.stop().await;
}

/// The id of the key that a secret belongs to.
async fn secret_of(keydesk: &Keydesk, secret: &str) -> model::KeyId {
    verify(keydesk, secret).await.record.unwrap().key_id()
}

/// The node that made the change had not looked since: what it committed itself counts as seen.
async fn a_change_that_was_lost_is_forgotten_by_the_node_that_made_it(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let kept = desk.issue("Kept").await;
    let snapshot = desk.database.snapshot().await;
    // Nothing polls yet, so only the change itself can have told the node of the epoch.
    let lost = desk.issue("Lost").await;
    desk.keydesk.delete(&desk.operator, kept.key.id, None).await.unwrap();
    assert_eq!(code(&desk.keydesk, kept.secret.expose()).await, Code::Revoked);
    desk.database.set_back(snapshot).await;
    let background = desk.keydesk.start();
    let noticed = async || desk.keydesk.verifier().counters().histories == 1;
    within(DONE, "it notices", noticed).await;
    let says = async |key: &str, expected| {
        let asked = desk.keydesk.verifier().verify(crate::test_keydesk::call(key), desk.keydesk.now()).await;
        asked.is_ok_and(|verdict| verdict.code == expected)
    };
    within(DONE, "the key lives", async || says(kept.secret.expose(), Code::Valid).await).await;
    within(DONE, "the key never was", async || says(lost.secret.expose(), Code::NotFound).await).await;
    background.stop().await;
}

async fn the_history_goes_on_for_whoever_only_looks(database: TestDatabase) {
    let nodes = Nodes::start(database).await;
    let mut key = nodes.desk.issue("Acme").await;
    for number in 0..20 {
        let node = nodes.all()[number % 2];
        node.delete(&nodes.desk.operator, key.key.id, None).await.unwrap();
        nodes.say(key.secret.expose(), Code::Revoked, "a deletion").await;
        key = node.issue(&nodes.desk.operator, new_key("Acme")).await.unwrap();
        nodes.say(key.secret.expose(), Code::Valid, "a new key").await;
    }
    // Many at once share a COMMIT.
    let mut together = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let (keydesk, operator) = (nodes.desk.keydesk.clone(), nodes.desk.operator.clone());
        together.spawn(async move { keydesk.issue(&operator, new_key("Together")).await.unwrap() });
    }
    for issued in together.join_all().await {
        nodes.say(issued.secret.expose(), Code::Valid, "a new key").await;
    }
    assert_eq!(nodes.all().map(|node| node.verifier().counters().histories), [0, 0]);
    nodes.stop().await;
}

/// Whether this process has this database's shared memory open, also where it is gone.
fn is_shared(file: &std::path::Path) -> bool {
    let shared = format!("{}-shm", file.display());
    let open = std::fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
    let mut open = open.filter_map(|open| std::fs::read_link(open.path()).ok());
    open.any(|open| open.to_string_lossy().starts_with(&shared))
}

/// The file is replaced under the server, by hand: what is there now is not read, since its log would be another file's; and
/// nothing is written any more to the one that is gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_replaced_under_the_server_is_noticed_and_nothing_is_lost_in_silence() {
    for moved in ["away", "replaced"] {
        let desk = TestKeydesk::open(TestDatabase::sqlite().await).await;
        let (issued, later) = (desk.issue("Acme").await, desk.issue("Later").await);
        let copy = desk.database.snapshot().await;
        let background = desk.keydesk.start();
        assert_eq!(code(&desk.keydesk, issued.secret.expose()).await, Code::Valid);
        let file = desk.database.dir().join("keydesk.db");
        if moved == "away" {
            std::fs::rename(&file, desk.database.dir().join("moved.db")).unwrap();
        } else {
            copy.replace_file(&file);
        }
        let refused = async || {
            desk.keydesk.ready().await == Err(domain::NotReady::Replaced)
                && desk.keydesk.delete(&desk.operator, issued.key.id, None).await.is_err()
        };
        within(DONE, "it is noticed", refused).await;
        let asked = async |key: &str| {
            let call = crate::test_keydesk::call(key);
            desk.keydesk.verifier().verify(call, desk.keydesk.now()).await.map(|verdict| verdict.code)
        };
        within(DONE, "known keys are refused", async || asked(issued.secret.expose()).await.is_err()).await;
        assert!(asked(later.secret.expose()).await.is_err(), "and those that must be looked up");
        background.stop().await;
        desk.keydesk.clone().close().await;
        if moved == "replaced" {
            // The next start finds the file as it was put there. SQLite takes a connection of this process that is still open for its own,
            // and would shorten the memory that both share under it.
            within(DONE, "all is closed", async || !is_shared(&file)).await;
            let again = desk.second_node().await;
            assert_eq!(code(&again, issued.secret.expose()).await, Code::Valid);
            assert_eq!(desk.database.raw().await.texts("PRAGMA integrity_check").await, ["ok"]);
            again.close().await;
        }
    }
}
