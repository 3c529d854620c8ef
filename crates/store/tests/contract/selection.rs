use model::{Code, DeletionImpact, KeyId, KeyStatus, RESTORE_WINDOW_MS};
use store::{KeyFilter, on_both_databases, testing::TestDatabase};

use crate::{
    fixture::{HOUR, at, batch, calls, installation, key_id, name, put_names, search_of, two_installations, used},
    list::all,
};

on_both_databases!(
    keys_with_the_same_name_are_counted,
    ids_are_selected_as_the_list_filters,
    calls_and_last_uses_of_keys_are_read,
    the_impact_of_a_deletion_is_counted,
    a_deletion_is_undone_once,
    a_switch_is_undone_once_and_of_what_it_switched_alone,
    keys_that_are_switched_on_are_told_apart
);

async fn keys_with_the_same_name_are_counted(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Acme", "ACME", "Ácme", "Beta"].map(str::to_owned)).await;
    let mut change = store.change().await.unwrap();
    change.delete_keys(installation(1), &[key_id(3)], at(50)).await.unwrap();
    change.commit().await.unwrap();
    for (place, text, except, expected) in
        [(1, "acme", 99, 2), (1, "acme", 1, 1), (1, "acm", 99, 0), (2, "acme", 99, 0)]
    {
        let count = store.count_named(installation(place), &name(text), key_id(except)).await.unwrap();
        assert_eq!(count, expected, "{place} {text} {except}");
    }
}

async fn ids_are_selected_as_the_list_filters(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Zeta 100%", "Beta", "Acme 100%", "a_b"].map(str::to_owned)).await;
    let mut change = store.change().await.unwrap();
    change.delete_keys(installation(1), &[key_id(2)], at(50)).await.unwrap();
    change.commit().await.unwrap();
    let revoked = KeyFilter { status: Some(KeyStatus::Revoked), ..all() };
    for (filter, limit, expected) in [
        (all(), 10, &[1, 3, 4][..]),
        (all(), 2, &[1, 3]),
        (KeyFilter { search: search_of("100%"), ..all() }, 10, &[1, 3]),
        (KeyFilter { search: search_of("_"), ..all() }, 10, &[4]),
        (revoked, 10, &[2]),
        (KeyFilter { installation: installation(2), ..all() }, 10, &[]),
    ] {
        let expected: Vec<KeyId> = expected.iter().copied().map(key_id).collect();
        assert_eq!(store.matching_ids(&filter, limit).await.unwrap(), expected, "{filter:?}");
    }
}

async fn calls_and_last_uses_of_keys_are_read(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Acme", "Beta"].map(str::to_owned)).await;
    let deltas = [calls(1, 10, Code::Valid, 3), calls(1, 10, Code::Expired, 9), calls(2, 20, Code::Valid, 4)];
    store.record_usage(&batch(&deltas, &[used(1, 2, 25)])).await.unwrap();
    let keys = [key_id(1), key_id(2), key_id(3)];
    let read = async |place, since: i64| {
        let mut calls = store.allowed_calls(installation(place), &keys, at(since * HOUR)).await.unwrap();
        calls.sort();
        calls
    };
    assert_eq!(read(1, 10).await, [(key_id(1), at(10 * HOUR), 3), (key_id(2), at(20 * HOUR), 4)]);
    assert_eq!(read(1, 11).await, [(key_id(2), at(20 * HOUR), 4)]);
    assert_eq!(read(2, 0).await, []);
    assert_eq!(store.last_use(installation(1), &keys).await.unwrap(), Some(at(25)));
    assert_eq!(store.last_use(installation(1), &keys[..1]).await.unwrap(), None);
    assert_eq!(store.last_use(installation(1), &[]).await.unwrap(), None);
    assert_eq!(store.last_use(installation(2), &keys).await.unwrap(), None);
}

async fn the_impact_of_a_deletion_is_counted(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Acme 100%", "Beta", "Acme", "Acme gone"].map(str::to_owned)).await;
    let mut change = store.change().await.unwrap();
    change.delete_keys(installation(1), &[key_id(4)], at(50)).await.unwrap();
    change.commit().await.unwrap();
    let deltas = [
        calls(1, 10, Code::Valid, 3),
        calls(1, 9, Code::Valid, 100),
        calls(1, 10, Code::Expired, 100),
        calls(2, 11, Code::Valid, 20),
        calls(3, 11, Code::Valid, 4),
        calls(3, 12, Code::Valid, 5),
        calls(4, 12, Code::Valid, 100),
        calls(1_000_001, 12, Code::Valid, 100),
    ];
    store.record_usage(&batch(&deltas, &[used(1, 3, 25), used(1, 2, 60), used(1, 4, 70)])).await.unwrap();
    let named = |search: &str| KeyFilter { search: search_of(search), ..all() };
    for (filter, most, keys, counted, more, last) in [
        (named("acme"), 3, 2, 12, false, Some(25)),
        (named("100%"), 3, 1, 3, false, None),
        (all(), 4, 3, 32, false, Some(60)),
        (named("nobody"), 3, 0, 0, false, None),
        (KeyFilter { installation: installation(2), ..all() }, 3, 0, 0, false, None),
    ] {
        let impact = store.deletion_impact(&filter, at(10 * HOUR), most).await.unwrap();
        let expected = DeletionImpact {
            keys,
            idle: 0,
            names: Vec::new(),
            calls_30_days: counted,
            calls_is_lower_bound: more,
            last_used_at: last.map(at),
        };
        assert_eq!(impact, expected, "{filter:?}");
    }
    let some = store.deletion_impact(&all(), at(10 * HOUR), 2).await.unwrap();
    assert!(some.calls_is_lower_bound && some.calls_30_days < 32 && some.keys == 3, "{some:?}");
}

async fn a_deletion_is_undone_once(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Acme", "Beta", "Gamma"].map(str::to_owned)).await;
    let mut change = store.change().await.unwrap();
    change.delete_keys(installation(1), &[key_id(1), key_id(2)], at(50)).await.unwrap();
    let epoch = change.epoch();
    change.commit().await.unwrap();
    let mut change = store.change().await.unwrap();
    change.delete_keys(installation(1), &[key_id(3)], at(55)).await.unwrap();
    change.restore_key(installation(1), key_id(2), at(56)).await.unwrap();
    change.delete_keys(installation(1), &[key_id(2)], at(57)).await.unwrap();
    change.commit().await.unwrap();

    let mut change = store.change().await.unwrap();
    assert_eq!(change.undo_delete(installation(2), epoch, at(60)).await.unwrap(), []);
    assert_eq!(change.undo_delete(installation(1), epoch + 9, at(60)).await.unwrap(), []);
    assert_eq!(change.undo_delete(installation(1), epoch, at(50 + RESTORE_WINDOW_MS)).await.unwrap(), [], "too old");
    assert_eq!(change.undo_delete(installation(1), epoch, at(60)).await.unwrap(), [key_id(1)]);
    assert_eq!(change.undo_delete(installation(1), epoch, at(60)).await.unwrap(), []);
    let own = change.epoch();
    change.commit().await.unwrap();
    let back = store.key(installation(1), key_id(1)).await.unwrap().unwrap();
    assert_eq!((back.life.deleted_at, back.version(), back.epoch), (None, 3, own));
}

async fn a_switch_is_undone_once_and_of_what_it_switched_alone(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Acme", "Beta", "Gamma", "Delta", "Gone"].map(str::to_owned)).await;
    let ids = [1, 2, 3, 4, 5].map(key_id);
    let switch = async |ids: &[KeyId], enabled, now| {
        let mut change = store.change().await.unwrap();
        let switched = change.switch_keys(installation(1), ids, enabled, at(now)).await.unwrap();
        let epoch = change.epoch();
        change.commit().await.unwrap();
        (switched, epoch)
    };
    let undo = async |place, epoch, enabled, now| {
        let mut change = store.change().await.unwrap();
        let mut undone = change.undo_switch(installation(place), epoch, enabled, at(now)).await.unwrap();
        change.commit().await.unwrap();
        undone.sort();
        undone
    };
    let disabled = async |number| store.key(installation(1), key_id(number)).await.unwrap().unwrap().life.disabled_at;

    // Beta was disabled before, Gamma is renamed and Gone deleted afterwards.
    switch(&ids[1..2], false, 40).await;
    let (switched, off) = switch(&ids, false, 50).await;
    assert_eq!(switched.len(), 4);
    let mut change = store.change().await.unwrap();
    let gamma = store.key(installation(1), key_id(3)).await.unwrap().unwrap();
    assert!(change.update_key(installation(1), key_id(3), gamma.settings(), at(55)).await.unwrap());
    change.delete_keys(installation(1), &ids[4..], at(55)).await.unwrap();
    change.commit().await.unwrap();

    assert_eq!(undo(2, off, false, 60).await, []);
    assert_eq!(undo(1, off + 9, false, 60).await, []);
    assert_eq!(undo(1, off, true, 60).await, [], "it switched nothing on");
    assert_eq!(undo(1, off, false, 60).await, [key_id(1), key_id(4)]);
    assert_eq!(undo(1, off, false, 60).await, []);
    assert_eq!((disabled(1).await, disabled(2).await, disabled(3).await), (None, Some(at(40)), Some(at(50))));

    // Acme and Delta are on already.
    let (switched, on) = switch(&ids[..4], true, 70).await;
    assert_eq!(switched.len(), 2);
    assert_eq!(undo(1, on, false, 80).await, [], "it switched nothing off");
    assert_eq!(undo(1, on, true, 80).await, [key_id(2), key_id(3)]);
    assert_eq!(undo(1, on, true, 80).await, []);
    assert_eq!((disabled(1).await, disabled(2).await, disabled(4).await), (None, Some(at(80)), None));
}

async fn keys_that_are_switched_on_are_told_apart(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Acme", "Beta", "Gone"].map(str::to_owned)).await;
    let mut change = store.change().await.unwrap();
    change.switch_keys(installation(1), &[key_id(2)], false, at(40)).await.unwrap();
    change.delete_keys(installation(1), &[key_id(3)], at(40)).await.unwrap();
    change.commit().await.unwrap();
    let ids = [1, 2, 3, 99].map(key_id);
    assert_eq!(store.keys_switched_on(installation(1), &ids).await.unwrap(), [(key_id(1), None)]);
    assert_eq!(store.keys_switched_on(installation(2), &ids).await.unwrap(), []);
    let impact = store.deletion_impact(&all(), at(0), 10).await.unwrap();
    assert_eq!((impact.keys, impact.idle), (2, 1), "disabled keys work no more");
}
