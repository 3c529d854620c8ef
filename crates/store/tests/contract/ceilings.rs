use model::{Ceiling, Client, Environment};
use store::{StoredCeiling, on_both_databases, testing::TestDatabase};

use crate::fixture::{at, installation, name, two_installations};

on_both_databases!(
    a_ceiling_is_put_read_and_put_again,
    ceilings_of_all_are_read_in_pages_and_by_epoch,
    a_ceiling_that_can_not_be_read_limits_nothing_and_hides_no_other,
    no_row_is_of_half_a_client
);

fn ceiling(rate: &str) -> Ceiling {
    let rate_limits = serde_json::from_str(rate).unwrap();
    Ceiling { rate_limits, ..Ceiling::default() }
}

const SIX: &str = r#"[{"name":"default","limit":6,"window_seconds":60}]"#;

async fn a_ceiling_is_put_read_and_put_again(database: TestDatabase) {
    let store = two_installations(&database).await;
    let acme = name("Acme CRM");
    let client = Client::of(&acme, Environment::Live);
    assert_eq!(store.ceiling(installation(1), Some(&client)).await.unwrap(), None);
    let mut change = store.change().await.unwrap();
    change.put_ceiling(installation(1), Some((&client, &acme)), &ceiling(SIX), at(7)).await.unwrap();
    change.put_ceiling(installation(1), None, &Ceiling::default(), at(8)).await.unwrap();
    let seen = change.ceiling(installation(1), Some(&client)).await.unwrap();
    let epoch = change.epoch();
    change.commit().await.unwrap();
    let expected = StoredCeiling {
        installation: installation(1),
        client: Some((client.clone(), acme.clone())),
        ceiling: ceiling(SIX),
        version: 1,
        updated_at: at(7),
        epoch,
    };
    assert_eq!(seen.as_ref(), Some(&expected));
    let again = Client::of(&name(" ÁCME  crm"), Environment::Live);
    assert_eq!(store.ceiling(installation(1), Some(&again)).await.unwrap(), Some(expected));
    let own = store.ceiling(installation(1), None).await.unwrap().unwrap();
    assert!(own.client.is_none() && own.ceiling.is_empty());
    let test = Client::of(&acme, Environment::Test);
    assert_eq!(store.ceiling(installation(1), Some(&test)).await.unwrap(), None, "another environment");
    assert_eq!(store.ceiling(installation(2), Some(&client)).await.unwrap(), None, "another installation");

    let mut change = store.change().await.unwrap();
    change.put_ceiling(installation(1), Some((&client, &acme)), &Ceiling::default(), at(9)).await.unwrap();
    change.commit().await.unwrap();
    let cleared = store.ceiling(installation(1), Some(&client)).await.unwrap().unwrap();
    assert_eq!((cleared.version, cleared.updated_at, cleared.epoch), (2, at(9), epoch + 1));
    assert!(cleared.ceiling.is_empty());
}

async fn ceilings_of_all_are_read_in_pages_and_by_epoch(database: TestDatabase) {
    let store = two_installations(&database).await;
    let before = store.epoch().await.unwrap();
    let names: Vec<_> = (0..1_100).map(|number| name(&format!("Client {number}"))).collect();
    let mut change = store.change().await.unwrap();
    for name in &names {
        let client = Client::of(name, Environment::Live);
        change.put_ceiling(installation(1), Some((&client, name)), &ceiling(SIX), at(7)).await.unwrap();
    }
    change.commit().await.unwrap();
    let mut change = store.change().await.unwrap();
    change.put_ceiling(installation(2), None, &ceiling(SIX), at(8)).await.unwrap();
    change.commit().await.unwrap();
    let all = store.ceilings().await.unwrap();
    assert_eq!(all.len(), 1_101, "more than a page");
    assert_eq!(all.iter().filter(|one| one.installation == installation(2)).count(), 1);
    assert_eq!(store.ceilings_changed(before, before + 2).await.unwrap().len(), 1_101);
    let last = store.ceilings_changed(before + 1, before + 2).await.unwrap();
    assert_eq!(last.iter().map(|one| one.updated_at).collect::<Vec<_>>(), [at(8)]);
    assert_eq!(store.ceilings_changed(before + 2, before + 9).await.unwrap(), []);
}

async fn a_ceiling_that_can_not_be_read_limits_nothing_and_hides_no_other(database: TestDatabase) {
    let store = two_installations(&database).await;
    let mut change = store.change().await.unwrap();
    for text in ["Acme", "Beta"] {
        let client = Client::of(&name(text), Environment::Live);
        change.put_ceiling(installation(1), Some((&client, &name(text))), &ceiling(SIX), at(7)).await.unwrap();
    }
    change.commit().await.unwrap();
    let mut raw = database.raw().await;
    let damaged = "UPDATE ceiling SET rate_limits = '[{\"of\":\"tomorrow\"}]' WHERE client_fold = 'acme'";
    assert_eq!(raw.execute(damaged).await, Ok(1));
    let read: Vec<_> = store.ceilings().await.unwrap().into_iter().filter_map(|one| one.client).collect();
    assert_eq!(read, [(Client::of(&name("Beta"), Environment::Live), name("Beta"))]);
    assert!(store.ceiling(installation(1), Some(&Client::of(&name("Acme"), Environment::Live))).await.is_err());
}

async fn no_row_is_of_half_a_client(database: TestDatabase) {
    let store = two_installations(&database).await;
    let mut raw = database.raw().await;
    let own = raw.id(installation(1).0);
    let row = |fold: &str, environment: &str, name: &str, rates: &str| {
        format!(
            "INSERT INTO ceiling (installation_id, client_fold, environment, client_name, rate_limits, quotas, version, \
             updated_at, epoch) VALUES ({own}, '{fold}', '{environment}', '{name}', '{rates}', '[]', 1, 1, 1)"
        )
    };
    for refused in [
        row("acme", "", "Acme", "[]"),
        row("", "live", "", "[]"),
        row("acme", "live", "", "[]"),
        row("acme", "staging", "Acme", "[]"),
        row("acme", "live", "Acme", "{}"),
        row("acme", "live", "Acme", "[{},{},{},{},{},{}]"),
    ] {
        assert!(raw.execute(&refused).await.is_err(), "{refused}");
    }
    assert_eq!(raw.execute(&row("acme", "live", "Acme", "[]")).await, Ok(1));
    assert_eq!(store.ceilings().await.unwrap().len(), 1);
}
