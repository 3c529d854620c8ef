use model::{Ceiling, Client, Environment, Instant, Key, fold_name};
use store::{CLIENT_KEYS_COUNTED, on_both_databases, testing::TestDatabase};

use crate::fixture::{at, installation, key, key_id, name, put, put_names, two_installations, used};

on_both_databases!(clients_are_those_with_keys_or_a_ceiling, a_client_with_many_keys_is_one_step);

async fn clients_are_those_with_keys_or_a_ceiling(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Acme", "ACME", "Beta", "Gone", "Delta %_"].map(str::to_owned)).await;
    let mut change = store.change().await.unwrap();
    let test = Key { environment: Environment::Test, ..key(6, "Beta") };
    put(&mut change, installation(1), test).await.unwrap();
    put(&mut change, installation(2), key(7, "Other")).await.unwrap();
    change.delete_keys(installation(1), &[key_id(4)], at(9)).await.unwrap();
    let rate_limits = serde_json::from_str(r#"[{"name":"a","limit":6,"window_seconds":60}]"#).unwrap();
    let six = Ceiling { rate_limits, ..Ceiling::default() };
    for (text, environment, ceiling) in [
        ("Acme", Environment::Live, &six),
        ("Alone", Environment::Test, &six),
        ("Cleared", Environment::Live, &Ceiling::default()),
    ] {
        let client = Client::of(&name(text), environment);
        change.put_ceiling(installation(1), Some((&client, &name(text))), ceiling, at(8)).await.unwrap();
    }
    change.put_ceiling(installation(1), None, &six, at(8)).await.unwrap();
    change.commit().await.unwrap();
    let last_uses = vec![used(1, 2, 1_000), used(1, 1, 900)];
    store.record_usage(&store::UsageBatch { last_uses, ..store::UsageBatch::default() }).await.unwrap();

    let names = store.client_names(installation(1), "", 10).await.unwrap();
    assert_eq!(names, ["acme", "alone", "beta", "delta %_"]);
    assert_eq!(store.client_names(installation(1), "acme", 2).await.unwrap(), names[1..3]);
    assert_eq!(store.client_names(installation(1), "delta %_", 2).await.unwrap(), [""; 0]);
    let clients = store.clients(installation(1), &names).await.unwrap();
    let told: Vec<_> = clients
        .iter()
        .map(|one| (one.client.folded(), one.client.environment(), one.keys, one.last_used_at, one.ceiling.is_some()))
        .collect();
    let (live, test) = (Environment::Live, Environment::Test);
    let last = Some(Instant::from_millis(1_000));
    assert_eq!(
        told,
        [
            ("acme", live, 2, last, true),
            ("alone", test, 0, None, true),
            ("beta", live, 1, None, false),
            ("beta", test, 1, None, false),
            ("delta %_", live, 1, None, false),
        ]
    );
    assert_eq!(clients[1].client_name, name("Alone"));
    assert_eq!(fold_name(clients[0].client_name.as_str()), "acme");
    assert_eq!(store.clients(installation(2), &names).await.unwrap(), []);
    assert_eq!(store.clients(installation(1), &[]).await.unwrap(), []);
}

async fn a_client_with_many_keys_is_one_step(database: TestDatabase) {
    let store = two_installations(&database).await;
    let many = usize::try_from(CLIENT_KEYS_COUNTED).unwrap() + 5;
    put_names(&store, 1, &vec!["Large".to_owned(); many]).await;
    put_names(&store, 100_000, &["Small".to_owned()]).await;
    let names = store.client_names(installation(1), "", 10).await.unwrap();
    assert_eq!(names, ["large", "small"]);
    let clients = store.clients(installation(1), &names).await.unwrap();
    let keys: Vec<_> = clients.iter().map(|one| one.keys).collect();
    assert_eq!(keys, [CLIENT_KEYS_COUNTED + 1, 1]);
}
