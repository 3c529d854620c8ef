//! The signed ends: one for each installation, as of now.

use store::{on_both_databases, testing::TestDatabase};

use crate::test_keydesk::TestKeydesk;

on_both_databases!(each_log_has_a_head, a_head_that_can_not_be_trusted_is_not_signed);

async fn each_log_has_a_head(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let heads = desk.keydesk.audit_heads().await.unwrap();
    let names: Vec<_> = heads.iter().map(|head| (head.installation.as_str(), head.entries)).collect();
    assert_eq!(names, [("default", 3), ("other", 2)]);
    let checked = desk.keydesk.check_audit().await.unwrap();
    assert!(checked.iter().all(|log| log.broken.is_none() && log.audit_key.as_deref() == Some("a1")), "{checked:?}");
    // Another deployment's head is not ours.
    let elsewhere = TestKeydesk::open(TestDatabase::sqlite().await).await;
    let theirs = elsewhere.keydesk.audit_heads().await.unwrap().remove(0).head.unwrap().parse().unwrap();
    let wrong = desk.keydesk.check_audit_head(&theirs).await.unwrap();
    assert!(wrong.is_some_and(|wrong| wrong.contains("not signed by this deployment")));
}

async fn a_head_that_can_not_be_trusted_is_not_signed(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    desk.issue("Acme").await;
    let mut raw = desk.database.raw().await;
    let own = raw.id(desk.operator.installation.0);
    raw.execute(&format!("UPDATE audit_head SET entries = 2 WHERE installation_id = {own}")).await.unwrap();
    let heads = desk.keydesk.audit_heads().await.unwrap();
    assert_eq!((heads[0].head.as_ref(), heads[1].head.is_some()), (None, true));
    assert!(desk.keydesk.check_audit().await.unwrap()[0].broken.is_some());
}
