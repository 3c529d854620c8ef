use model::{Hint, SecretId};
use store::{NewSecret, on_both_databases, testing::TestDatabase};
use uuid::Uuid;

use crate::fixture::{at, batch, digest, installation, key_id, put_names, secret, two_installations, used};

on_both_databases!(
    one_secret_has_no_end,
    a_use_is_written_to_its_secret,
    no_installation_rotates_the_key_of_another,
    secrets_that_ended_long_ago_are_purged
);

/// A secret for the key with this number.
fn next(number: u128) -> NewSecret {
    NewSecret { hint: Hint(format!("ccc_live_{number:04}…next")), ..secret(number + 1_000, true) }
}

async fn one_secret_has_no_end(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Acme".to_owned()]).await;
    let (place, key) = (installation(1), key_id(1));
    let mut change = store.change().await.unwrap();
    assert!(change.rotate_key(place, key, &next(1), at(90), at(50)).await.unwrap());
    let epoch = change.epoch();
    let inside = change.records_of_key(place, key).await.unwrap();
    change.commit().await.unwrap();
    assert_eq!((inside.len(), inside.iter().filter(|record| record.epoch == epoch).count()), (2, 2));
    let ends = async |number| store.record_by_digest(&digest(number)).await.unwrap().unwrap().secret_expires_at;
    assert_eq!((ends(1).await, ends(1_001).await), (Some(at(90)), None));
    let shown = store.key(place, key).await.unwrap().unwrap();
    assert_eq!((shown.version(), shown.epoch), (2, epoch));
    assert_eq!(shown.at(at(60)).hint.0, "ccc_live_0001…next");

    let mut change = store.change().await.unwrap();
    assert!(change.rotate_key(place, key, &secret(2_001, false), at(99), at(60)).await.unwrap());
    assert_eq!(change.sealed_copy(place, key).await.unwrap().unwrap().0, SecretId(Uuid::from_u128(2_001)));
    change.commit().await.unwrap();
    assert_eq!((ends(1).await, ends(1_001).await, ends(2_001).await), (Some(at(60)), Some(at(99)), None));
    let mut change = store.change().await.unwrap();
    assert_eq!(change.end_overlap(place, key, at(70)).await.unwrap(), 1);
    assert_eq!(change.end_overlap(place, key, at(80)).await.unwrap(), 0);
    change.commit().await.unwrap();
    assert_eq!(store.key(place, key).await.unwrap().unwrap().version(), 4);
    let secrets = store.secrets_of_key(place, key).await.unwrap();
    let listed: Vec<_> = secrets.iter().map(|secret| (secret.id.0.as_u128(), secret.expires_at)).collect();
    assert_eq!(listed, [(2_001, None), (1_001, Some(at(70))), (1, Some(at(60)))]);
    let mut raw = database.raw().await;
    let second = format!("UPDATE api_key_secret SET expires_at = NULL WHERE id = {}", raw.id(Uuid::from_u128(1)));
    assert!(raw.execute(&second).await.is_err(), "two secrets without an end");
}

async fn a_use_is_written_to_its_secret(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Acme".to_owned()]).await;
    let mut change = store.change().await.unwrap();
    change.rotate_key(installation(1), key_id(1), &next(1), at(90), at(50)).await.unwrap();
    change.commit().await.unwrap();
    let newest = store::LastUse { secret: SecretId(Uuid::from_u128(1_001)), ..used(1, 1, 60) };
    store.record_usage(&batch(&[], &[newest, used(1, 1, 55)])).await.unwrap();
    let uses: Vec<_> = store
        .secrets_of_key(installation(1), key_id(1))
        .await
        .unwrap()
        .into_iter()
        .map(|secret| secret.last_used_at)
        .collect();
    assert_eq!(uses, [Some(at(60)), Some(at(55))]);
    let key = store.key(installation(1), key_id(1)).await.unwrap().unwrap();
    assert_eq!(key.at(at(70)).last_used_at, Some(at(60)));
}

async fn no_installation_rotates_the_key_of_another(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Acme".to_owned()]).await;
    let before = database.raw().await.dump().await;
    let foreign = installation(2);
    let mut change = store.change().await.unwrap();
    assert_eq!(change.end_overlap(foreign, key_id(1), at(50)).await.unwrap(), 0);
    assert!(!change.rotate_key(foreign, key_id(1), &next(1), at(90), at(50)).await.unwrap());
    drop(change);
    assert_eq!(store.secrets_of_key(foreign, key_id(1)).await.unwrap(), []);
    assert_eq!(database.raw().await.dump().await, before);
}

async fn secrets_that_ended_long_ago_are_purged(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Acme".to_owned()]).await;
    let mut change = store.change().await.unwrap();
    change.rotate_key(installation(1), key_id(1), &next(1), at(90), at(50)).await.unwrap();
    change.commit().await.unwrap();
    for (keys, left) in [(89, 2), (90, 1), (1_000, 1)] {
        assert_eq!(store.purge(at(0), at(keys)).await.unwrap(), 0);
        assert_eq!(store.secrets_of_key(installation(1), key_id(1)).await.unwrap().len(), left, "{keys}");
    }
}
