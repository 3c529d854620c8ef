use std::{fs, net::Ipv4Addr, os::unix::fs::PermissionsExt as _, path::PathBuf};

use domain::{
    Caller, Cleaned, Keydesk, NewAdministrator, OpenOptions, RestoreError, Restored, Restoring, Revocation, Via,
    after_restore,
};
use model::{Action, Actor, Code, KeyError, KeyId, KeyStatus, Overlap, PlainSecret, Role};
use store::{on_both_databases, testing::TestDatabase};

use crate::{
    people::in_at_once,
    test_keydesk::{HOUR, TestKeydesk, code, new_key, once, options, overlap},
};

on_both_databases!(a_database_that_another_tool_restored_is_made_ready);

const PASSWORD: &str = "correct horse battery staple";

/// A person who is signed in; the token.
async fn signed_in(desk: &TestKeydesk) -> PlainSecret {
    let new = NewAdministrator {
        email: "ada@example.com".to_owned(),
        name: "Ada".to_owned(),
        role: Role::Owner,
        password: PlainSecret::new(PASSWORD.to_owned()),
    };
    desk.keydesk.create_administrator(Actor::Operator, desk.operator.installation, new).await.unwrap();
    let password = PlainSecret::new(PASSWORD.to_owned());
    let from = std::net::IpAddr::from(Ipv4Addr::LOCALHOST);
    in_at_once(desk.keydesk.sign_in("ada@example.com", password, from, None).await.unwrap()).token
}

/// What lets somebody in without an account of its own: a session, a link, a kept answer.
struct WaysIn {
    session: PlainSecret,
    link: PlainSecret,
    first: KeyId,
}

impl WaysIn {
    async fn open(desk: &TestKeydesk) -> Self {
        let session = signed_in(desk).await;
        let first = desk.keydesk.issue_once(&desk.operator, new_key("Once"), once("a", "b")).await.unwrap().key.id;
        let link = desk.keydesk.create_handover(&desk.operator, first).await.unwrap().token;
        Self { session, link, first }
    }

    async fn are_closed(&self, keydesk: &Keydesk, operator: &Caller) {
        assert!(keydesk.session(self.session.expose()).await.unwrap().is_none(), "the session");
        let sender = keydesk.handover_sender(self.link.expose(), &Via::default()).await;
        assert_eq!(sender, Ok(None), "the link");
        let again = keydesk.issue_once(operator, new_key("Once"), once("a", "b")).await.unwrap();
        assert_ne!(again.key.id, self.first, "the kept answer");
    }
}

pub(crate) fn file(desk: &TestKeydesk) -> PathBuf {
    desk.database.dir().join("backup.db")
}

/// Restores the backup over the desk's database, which nobody has open any more, and opens it.
async fn restored(desk: &TestKeydesk, revoke_again: bool) -> (Restored, Keydesk) {
    let options = options(&desk.database, &desk.clock);
    let restoring = Restoring::prepare(options.clone(), &file(desk)).await.unwrap();
    let restored = restoring.finish(revoke_again).await.unwrap();
    (restored, Keydesk::open(options).await.unwrap())
}

async fn actions(desk: &TestKeydesk, caller: &Caller) -> Vec<Action> {
    desk.audit(caller).await.iter().map(|entry| entry.action().unwrap()).collect()
}

pub(crate) async fn is_well(keydesk: &Keydesk) {
    let bad: Vec<_> = keydesk.examine().await.into_iter().filter(|finding| !finding.ok).collect();
    assert!(bad.is_empty(), "{bad:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_and_links_in_the_backup_no_longer_work() {
    let desk = TestKeydesk::open(TestDatabase::sqlite().await).await;
    let ways = WaysIn::open(&desk).await;
    desk.keydesk.backup(&file(&desk)).await.unwrap();
    let epoch = async |desk: &TestKeydesk| desk.database.raw().await.number("SELECT value FROM epoch").await;
    for name in ["Lost 1", "Lost 2"] {
        desk.issue(name).await;
    }
    let before = epoch(&desk).await;
    desk.keydesk.clone().close().await;
    let (restored, keydesk) = restored(&desk, true).await;
    let expected = Cleaned { sessions: 1, handovers: 1, account_links: 0, answers: 1, revoked: 0, not_revoked: 0 };
    assert_eq!(restored.cleaned, expected);
    assert!(epoch(&desk).await > before, "no node takes an old record for a newer one");
    ways.are_closed(&keydesk, &desk.operator).await;
    is_well(&keydesk).await;
    for caller in [&desk.operator, &desk.other] {
        let actions = actions(&desk, caller).await;
        assert!(actions.contains(&Action::BackupCreate) && actions.contains(&Action::BackupRestore), "{actions:?}");
    }
    let entry =
        desk.audit(&desk.operator).await.into_iter().find(|entry| entry.action().unwrap() == Action::BackupRestore);
    let entry = entry.unwrap();
    assert_eq!(entry.actor().unwrap(), Actor::Operator);
    assert!(entry.detail.contains("\"backup.db\"") && entry.detail.contains("\"entries_lost\":2"), "{}", entry.detail);
    // The one before is whole, and aside.
    let aside = restored.aside.unwrap();
    let before =
        Keydesk::open(OpenOptions::new(format!("sqlite:{}", aside.display()), desk.database.dir())).await.unwrap();
    assert_eq!(before.count_named(&desk.operator, "Lost 2", None).await.unwrap(), 1);
    assert!(!desk.database.dir().join("keydesk.db.restoring").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_revoked_since_is_listed_and_revoked_again_if_wanted() {
    use Revocation::{Deleted, Disabled, InstallationDisabled, OverlapEnded, Rotated};
    for again in [true, false] {
        let desk = TestKeydesk::open(TestDatabase::sqlite().await).await;
        let (keydesk, operator) = (&desk.keydesk, &desk.operator);
        let kept = desk.issue("Kept").await;
        let [deleted, disabled, rotated, overlapping] = [
            desk.issue("Deleted").await,
            desk.issue("Disabled").await,
            desk.issue("Rotated").await,
            desk.issue("Ended").await,
        ];
        let back = desk.issue("Deleted and restored").await;
        let foreign = keydesk.issue(&desk.other, new_key("Elsewhere")).await.unwrap();
        keydesk.rotate(operator, overlapping.key.id, overlap(3_600), None).await.unwrap();
        let default = keydesk.default_key(operator).await.unwrap().id;
        let default_secret = keydesk.reveal(operator, default).await.unwrap();
        keydesk.backup(&file(&desk)).await.unwrap();
        keydesk.bulk_delete(operator, &[deleted.key.id, back.key.id]).await.unwrap();
        keydesk.restore(operator, back.key.id).await.unwrap();
        keydesk.set_enabled(operator, disabled.key.id, false, None).await.unwrap();
        keydesk.rotate(operator, rotated.key.id, overlap(7_200), None).await.unwrap();
        keydesk.end_overlap(operator, overlapping.key.id, None).await.unwrap();
        keydesk.rotate(operator, default, Overlap::NONE, None).await.unwrap();
        keydesk.delete(&desk.other, foreign.key.id, None).await.unwrap();
        let new = desk.issue("Made and deleted since").await;
        keydesk.delete(operator, new.key.id, None).await.unwrap();
        // Also where the module is off.
        keydesk.set_module(Actor::Operator, "other", false).await.unwrap();
        keydesk.clone().close().await;
        desk.clock.advance(HOUR / 2);

        let options = options(&desk.database, &desk.clock);
        let restoring = Restoring::prepare(options.clone(), &file(&desk)).await.unwrap();
        let listed: Vec<_> =
            restoring.revoked_since().unwrap().iter().map(|one| (&*one.installation, one.key_id, one.how)).collect();
        let mut expected = vec![
            ("default", Some(deleted.key.id), Deleted),
            ("default", Some(disabled.key.id), Disabled),
            ("default", Some(rotated.key.id), Rotated),
            ("default", Some(overlapping.key.id), OverlapEnded),
            ("default", Some(default), Rotated),
        ];
        expected.sort_by_key(|(_, id, _)| *id);
        expected.push(("other", None, InstallationDisabled));
        expected.push(("other", Some(foreign.key.id), Deleted));
        assert_eq!(listed, expected);
        assert_eq!(restoring.entries_lost(), Some(11));
        let restored = restoring.finish(again).await.unwrap();
        assert_eq!(restored.cleaned.revoked, if again { 7 } else { 0 });

        let keydesk = Keydesk::open(options).await.unwrap();
        is_well(&keydesk).await;
        let works = async |secret: &PlainSecret| code(&keydesk, secret.expose()).await;
        assert_eq!((works(&kept.secret).await, works(&back.secret).await), (Code::Valid, Code::Valid));
        let revoked = [
            (&deleted.secret, Code::Revoked),
            (&disabled.secret, Code::Disabled),
            (&overlapping.secret, Code::Revoked),
            (&default_secret, Code::Revoked),
            (&foreign.secret, Code::Revoked),
        ];
        for (number, (secret, expected)) in revoked.into_iter().enumerate() {
            assert_eq!(works(secret).await, if again { expected } else { Code::Valid }, "{number}");
        }
        // The rest of the overlap is kept: clients that have not changed yet go on until then.
        assert_eq!(works(&rotated.secret).await, Code::Valid);
        desk.clock.advance(2 * HOUR);
        assert_eq!(works(&rotated.secret).await, if again { Code::Revoked } else { Code::Valid });
        let status = keydesk.get(operator, deleted.key.id).await.unwrap().status;
        assert_eq!(status, if again { KeyStatus::Revoked } else { KeyStatus::Active });
        assert_eq!(keydesk.default_key(operator).await.unwrap().status, KeyStatus::Active);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_backup_of_this_deployment_is_refused_and_nothing_changes() {
    let desk = TestKeydesk::open(TestDatabase::sqlite().await).await;
    let issued = desk.issue("Acme").await;
    let dir = desk.database.dir();
    let options = options(&desk.database, &desk.clock);
    let prepare = async |file: PathBuf| Restoring::prepare(options.clone(), &file).await.map(drop);
    let backup = file(&desk);
    desk.keydesk.backup(&backup).await.unwrap();
    assert!(matches!(prepare(backup.clone()).await, Err(RestoreError::AtWork)), "it is open");
    desk.keydesk.clone().close().await;

    let text = dir.join("text");
    fs::write(&text, "a shopping list that is long enough").unwrap();
    let damaged = dir.join("damaged.db");
    let mut bytes = fs::read(&backup).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 20_000].fill(0x55);
    fs::write(&damaged, bytes).unwrap();
    let foreign = TestDatabase::sqlite().await;
    let elsewhere = Keydesk::open(OpenOptions::founding(foreign.address(), foreign.dir())).await.unwrap();
    elsewhere.close().await;
    let newer = TestDatabase::sqlite().await;
    fs::copy(&backup, newer.dir().join("keydesk.db")).unwrap();
    let sql = "INSERT INTO _sqlx_migrations SELECT 9999, description, installed_on, success, checksum, execution_time \
               FROM _sqlx_migrations WHERE version = 1";
    newer.raw().await.execute(sql).await.unwrap();
    let other = TestDatabase::sqlite().await;
    fs::write(other.dir().join("keydesk.db"), "").unwrap();
    other.raw().await.execute("CREATE TABLE bills (id INTEGER)").await.unwrap();
    let of = |database: &TestDatabase| database.dir().join("keydesk.db");
    for (file, words) in [
        (dir.join("nowhere"), "No such file"),
        (text, "not a SQLite database"),
        (damaged, "it is damaged"),
        (of(&other), "not a Keydesk database"),
        (of(&newer), "newer release"),
        (of(&foreign), "belongs to another database"),
        (of(&desk.database), "is the database itself"),
    ] {
        let refused = prepare(file).await.unwrap_err().to_string();
        assert!(refused.contains(words), "{refused}");
    }
    let keydesk = Keydesk::open(options).await.unwrap();
    assert_eq!(code(&keydesk, issued.secret.expose()).await, Code::Valid);
    assert!(!actions(&desk, &desk.operator).await.contains(&Action::BackupRestore));
    assert_eq!(fs::read_dir(&dir).unwrap().filter(|file| file.as_ref().unwrap().path().is_dir()).count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_is_restored_where_there_is_no_database_or_a_broken_one() {
    for broken in [false, true] {
        let desk = TestKeydesk::open(TestDatabase::sqlite().await).await;
        let issued = desk.issue("Acme").await;
        desk.keydesk.backup(&file(&desk)).await.unwrap();
        desk.keydesk.clone().close().await;
        let database = desk.database.dir().join("keydesk.db");
        if broken {
            fs::write(&database, "no database any more").unwrap();
            fs::write(desk.database.dir().join("keydesk.db-wal"), "nor its log").unwrap();
        } else {
            fs::remove_file(&database).unwrap();
        }
        let options = options(&desk.database, &desk.clock);
        let restoring = Restoring::prepare(options.clone(), &file(&desk)).await.unwrap();
        assert!(restoring.revoked_since().is_none());
        let restored = restoring.finish(true).await.unwrap();
        assert_eq!(restored.aside.is_some(), broken);
        if let Some(aside) = restored.aside {
            assert_eq!(fs::read_to_string(aside).unwrap(), "no database any more");
        }
        let keydesk = Keydesk::open(options).await.unwrap();
        assert_eq!(code(&keydesk, issued.secret.expose()).await, Code::Valid);
        is_well(&keydesk).await;
    }
}

/// What a killed server leaves when somebody moves its database away: the log belongs to that one, and must not be written into
/// the one that is restored.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_without_its_database_goes_aside() {
    let desk = TestKeydesk::open(TestDatabase::sqlite().await).await;
    let issued = desk.issue("Acme").await;
    desk.keydesk.backup(&file(&desk)).await.unwrap();
    let dir = desk.database.dir();
    let (database, log) = (dir.join("keydesk.db"), dir.join("keydesk.db-wal"));
    desk.issue("Lost").await;
    let left = fs::read(&log).unwrap();
    assert!(!left.is_empty());
    desk.keydesk.clone().close().await;
    fs::rename(&database, dir.join("away.db")).unwrap();
    fs::write(&log, &left).unwrap();
    fs::set_permissions(&log, fs::Permissions::from_mode(0o644)).unwrap();
    let options = options(&desk.database, &desk.clock);
    let refused =
        Keydesk::open(OpenOptions { found: true, ..options.clone() }).await.map(drop).unwrap_err().to_string();
    assert!(refused.contains("belongs to a database that is missing"), "{refused}");
    assert!(!database.exists());
    let restoring = Restoring::prepare(options.clone(), &file(&desk)).await.unwrap();
    let aside = restoring.finish(true).await.unwrap().aside.unwrap();
    assert!(!log.exists() && aside.display().to_string().ends_with("-wal"), "{}", aside.display());
    assert_eq!(fs::read(&aside).unwrap(), left);
    assert_eq!(fs::metadata(&aside).unwrap().permissions().mode() & 0o777, 0o600);
    let keydesk = Keydesk::open(options).await.unwrap();
    assert_eq!(code(&keydesk, issued.secret.expose()).await, Code::Valid);
    is_well(&keydesk).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_was_open_is_kept_for_its_owner_alone() {
    let desk = TestKeydesk::open(TestDatabase::sqlite().await).await;
    desk.keydesk.backup(&file(&desk)).await.unwrap();
    desk.keydesk.clone().close().await;
    let open = |name: &str| {
        let file = desk.database.dir().join(name);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        file
    };
    open("keydesk.db");
    let (restored, keydesk) = restored(&desk, true).await;
    let aside = restored.aside.unwrap();
    assert_eq!(fs::metadata(&aside).unwrap().permissions().mode() & 0o777, 0o600);
    // Files that are not made private as the database is opened are found by the doctor.
    for name in ["set-up.over", "master.0123456789abcdef", aside.file_name().unwrap().to_str().unwrap()] {
        let path = desk.database.dir().join(name);
        if !path.exists() {
            fs::write(&path, "").unwrap();
        }
        open(name);
        let found = keydesk.examine().await.into_iter().find(|finding| finding.what == "database files").unwrap();
        assert!(!found.ok && found.found.contains(name), "{found:?}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    is_well(&keydesk).await;
}

async fn a_database_that_another_tool_restored_is_made_ready(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let ways = WaysIn::open(&desk).await;
    let kept = desk.issue("Kept").await;
    let options = options(&desk.database, &desk.clock);
    assert!(matches!(after_restore(options.clone()).await, Err(RestoreError::AtWork)));
    let epoch = desk.database.raw().await.number("SELECT value FROM epoch").await;
    desk.keydesk.clone().close().await;
    let cleaned = after_restore(options.clone()).await.unwrap();
    assert_eq!(
        cleaned,
        Cleaned { sessions: 1, handovers: 1, account_links: 0, answers: 1, revoked: 0, not_revoked: 0 }
    );
    assert!(desk.database.raw().await.number("SELECT value FROM epoch").await > epoch + 1_000_000);
    let keydesk = Keydesk::open(options.clone()).await.unwrap();
    ways.are_closed(&keydesk, &desk.operator).await;
    assert_eq!(code(&keydesk, kept.secret.expose()).await, Code::Valid);
    is_well(&keydesk).await;
    for caller in [&desk.operator, &desk.other] {
        assert!(actions(&desk, caller).await.contains(&Action::BackupRestore));
    }
    if desk.database.is_postgres() {
        let refused = Restoring::prepare(options, &file(&desk)).await.map(drop).unwrap_err();
        assert!(refused.to_string().contains("pg_restore"), "{refused}");
    }
    assert_eq!(keydesk.get(&desk.other, kept.key.id).await.unwrap_err(), KeyError::NotFound);
}
