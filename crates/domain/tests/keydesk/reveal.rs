use domain::{Caller, NewInstallation};
use model::{Actor, Code, KeyError};
use store::{on_both_databases, testing::TestDatabase};

use crate::test_keydesk::{TestKeydesk, code, new_key, once, verify};

on_both_databases!(
    an_issued_secret_can_be_revealed,
    an_installation_that_shows_once_seals_nothing,
    a_copy_that_was_moved_does_not_open
);

async fn an_issued_secret_can_be_revealed(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let issued = desk.issue("Acme").await;
    for node in [&desk.keydesk, &desk.second_node().await] {
        let shown = node.reveal(&desk.operator, issued.key.id).await.unwrap();
        assert_eq!(shown.expose(), issued.secret.expose());
    }
}

async fn an_installation_that_shows_once_seals_nothing(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let new = NewInstallation { name: "once".to_owned(), title: "Once".to_owned(), recoverable: false };
    let installation = desk.keydesk.create_installation(Actor::Operator, new).await.unwrap();
    let caller = Caller::operator(installation.id);
    let issued = desk.keydesk.issue_once(&caller, new_key("Acme"), once("a", "b")).await.unwrap().issued().unwrap();
    let entries = desk.audit(&caller).await.len();
    let default = desk.keydesk.default_key(&caller).await.unwrap().id;
    for id in [issued.key.id, default] {
        assert_eq!(desk.keydesk.reveal(&caller, id).await.map(drop), Err(KeyError::NotRecoverable));
    }
    assert_eq!(desk.audit(&caller).await.len(), entries, "nothing was shown, so nothing is written");
    assert_eq!(code(&desk.keydesk, issued.secret.expose()).await, Code::Valid);
    let mut raw = desk.database.raw().await;
    let own = raw.id(installation.id.0);
    let secrets = format!("SELECT COUNT(*) FROM api_key_secret WHERE installation_id = {own}");
    assert_eq!(raw.number(&secrets).await, 2);
    let sealed = "(sealed_secret IS NOT NULL OR wrapped_key IS NOT NULL OR master_key_id IS NOT NULL)";
    assert_eq!(raw.number(&format!("{secrets} AND {sealed}")).await, 0);
}

async fn a_copy_that_was_moved_does_not_open(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (one, two) = (desk.issue("Acme").await, desk.issue("Beta").await);
    let mut raw = desk.database.raw().await;
    let (from, to) = (raw.id(one.key.id.0), raw.id(two.key.id.0));
    let of = |column: &str| format!("{column} = (SELECT {column} FROM api_key_secret WHERE key_id = {from})");
    let sql = format!("UPDATE api_key_secret SET {}, {} WHERE key_id = {to}", of("sealed_secret"), of("wrapped_key"));
    assert_eq!(raw.execute(&sql).await, Ok(1));
    assert_eq!(desk.keydesk.reveal(&desk.operator, two.key.id).await.map(drop), Err(KeyError::Unavailable));
    assert!(desk.keydesk.reveal(&desk.operator, one.key.id).await.is_ok());
    assert!(verify(&desk.keydesk, two.secret.expose()).await.allowed(), "it verifies all the same");
}
