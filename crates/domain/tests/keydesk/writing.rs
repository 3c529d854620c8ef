//! Whether anything can be written is known soon, with the reason.

use std::time::Duration;

use domain::NotWritable;
use store::testing::TestDatabase;

use crate::test_keydesk::{TestKeydesk, new_key, within};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_another_program_holds_is_said_while_a_change_waits_for_it() {
    let desk = TestKeydesk::open(TestDatabase::sqlite().await).await;
    let background = desk.keydesk.start();
    let mut other = desk.database.raw().await;
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    let issuing = {
        let (keydesk, operator) = (desk.keydesk.clone(), desk.operator.clone());
        tokio::spawn(async move { keydesk.issue(&operator, new_key("Acme")).await })
    };
    let reason = async || desk.keydesk.ready().await.ok().and_then(|ready| ready.not_writable);
    within(Duration::from_secs(15), "the reason", async || reason().await == Some(NotWritable::Locked)).await;
    assert!(!issuing.is_finished(), "it was known before the change was refused");
    other.execute("ROLLBACK").await.unwrap();
    issuing.await.unwrap().unwrap();
    within(Duration::from_secs(60), "writing works again", async || reason().await.is_none()).await;
    background.stop().await;
}
