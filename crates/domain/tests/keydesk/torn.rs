//! The power goes in the middle of a write: what was answered before is there, whatever became of the rest.

use std::{fs, path::Path};

use domain::{Issued, Keydesk, OpenOptions};
use model::Code;
use store::testing::TestDatabase;

use crate::test_keydesk::{TestKeydesk, code, options};

/// The files of a database as they are now.
struct Image {
    database: Vec<u8>,
    log: Vec<u8>,
}

impl Image {
    fn of(dir: &Path) -> Self {
        let read = |name: &str| fs::read(dir.join(name)).unwrap();
        Self { database: read("keydesk.db"), log: read("keydesk.db-wal") }
    }
}

/// Keys are deleted one after the other. After each, the write of the next is torn at different places: cut off, or with
/// sectors that never reached the disk.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_torn_write_undoes_nothing_that_was_answered() {
    let desk = TestKeydesk::open(TestDatabase::sqlite().await).await;
    let dir = desk.database.dir();
    let mut keys: Vec<Issued> = Vec::new();
    for number in 0..8 {
        keys.push(desk.issue(&format!("Client {number}")).await);
    }
    // From here on the log only grows.
    desk.database.raw().await.execute("PRAGMA wal_checkpoint(TRUNCATE)").await.unwrap();
    let mut images = Vec::new();
    for key in &keys {
        images.push(Image::of(&dir));
        desk.keydesk.delete(&desk.operator, key.key.id, None).await.unwrap();
    }
    images.push(Image::of(&dir));
    let mut opened = 0;
    for (deleted, pair) in images.windows(2).enumerate() {
        let [before, after] = pair else { panic!("two images") };
        assert_eq!(before.database, after.database, "the log was not written back meanwhile");
        let written = &after.log[before.log.len()..];
        assert!(after.log.starts_with(&before.log) && !written.is_empty());
        for eighth in 0..8 {
            let cut = written.len() * eighth / 8;
            // Cut off there; a lost sector there; and both.
            let mut lost = written.to_vec();
            lost[cut..(cut + 512).min(written.len())].fill(0);
            for tail in [&written[..cut], &lost] {
                let log = [&before.log, tail].concat();
                check(&desk, &before.database, &log, &keys, deleted).await;
                opened += 1;
            }
        }
    }
    assert_eq!(opened, 8 * 16);
}

/// Opens an image: the first `deleted` keys are refused, the next one may be, and the others work.
async fn check(desk: &TestKeydesk, database: &[u8], log: &[u8], keys: &[Issued], deleted: usize) {
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let place = folder.path().join("keydesk.db");
    fs::write(&place, database).unwrap();
    fs::write(folder.path().join("keydesk.db-wal"), log).unwrap();
    let keyring = fs::read_to_string(desk.database.dir().join("master.key")).unwrap();
    let node = Keydesk::open(OpenOptions {
        database: format!("sqlite:{}", place.display()),
        data_dir: folder.path().to_owned(),
        keyring: Some(keyring),
        ..options(&desk.database, &desk.clock)
    });
    let node = node.await.unwrap();
    for (number, key) in keys.iter().enumerate() {
        let found = code(&node, key.secret.expose()).await;
        let expected: &[Code] = match number {
            _ if number < deleted => &[Code::Revoked],
            _ if number == deleted => &[Code::Revoked, Code::Valid],
            _ => &[Code::Valid],
        };
        assert!(expected.contains(&found), "key {number} of {deleted} deleted: {found:?}");
    }
    let unsound: Vec<_> = node
        .examine()
        .await
        .into_iter()
        .filter(|finding| ["integrity", "consistency", "audit log"].contains(&finding.what) && !finding.ok)
        .collect();
    assert!(unsound.is_empty(), "{unsound:?}");
    node.close().await;
}
