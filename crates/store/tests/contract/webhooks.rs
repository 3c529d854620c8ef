//! Receivers of events, the outbox, deliveries and their leases.

use model::{
    Attempt, DeliveryState, Environment, EventId, EventPatterns, Instant, Subject, SubjectKind, Webhook, WebhookHealth,
    WebhookId, WebhookOrder, WebhookSignature,
};
use store::{NewEvent, SealedCopy, Store, StoredEvent, StoredWebhook, Tried, on_both_databases, testing::TestDatabase};
use uuid::Uuid;

use crate::fixture::{at, installation, key, put, two_installations};

on_both_databases!(
    a_receiver_is_written_changed_and_removed,
    events_have_their_places_in_the_order_of_their_changes,
    what_is_told_once_is_told_once,
    a_plan_is_made_once,
    deliveries_are_due_in_the_order_of_their_subject,
    a_lease_belongs_to_one,
    a_change_that_fails_tells_nothing,
    keys_that_end_are_found_until_that_is_told,
    readers_move_on,
);

fn copy(byte: u8) -> SealedCopy {
    SealedCopy { master_key_id: format!("m{byte}"), wrapped_key: vec![byte; 3], sealed_secret: vec![byte; 5] }
}

fn hook(number: u128) -> StoredWebhook {
    StoredWebhook {
        installation: installation(1),
        webhook: Webhook {
            id: WebhookId(Uuid::from_u128(number)),
            url: format!("https://example.com/{number}"),
            types: EventPatterns::new(vec!["key.*".to_owned()]).unwrap(),
            order: WebhookOrder::Subject,
            signature: WebhookSignature::V1,
            environment: Environment::Live,
            enabled: true,
            public_key: None,
            former_secret_ends_at: None,
            health: WebhookHealth::default(),
            created_at: at(10),
            updated_at: at(10),
            version: 1,
        },
        secret: copy(1),
        former: None,
        seen: 0,
    }
}

fn event(number: u128, subject: u128) -> NewEvent {
    NewEvent {
        id: EventId(Uuid::from_u128(number)),
        kind: "key.created",
        environment: Some(Environment::Live),
        subject: Subject { kind: SubjectKind::Key, id: Uuid::from_u128(subject) },
        at: at(i64::try_from(number).unwrap()),
        target: None,
        body: format!("{{\"n\":{number}}}"),
    }
}

async fn with_hook(database: &TestDatabase) -> (Store, StoredWebhook) {
    let store = two_installations(database).await;
    let new = hook(1);
    let mut change = store.change().await.unwrap();
    change.insert_webhook(&new).await.unwrap();
    change.commit().await.unwrap();
    (store, new)
}

/// Writes events in one change.
async fn tell(store: &Store, events: Vec<NewEvent>) {
    let mut change = store.change().await.unwrap();
    change.append_events(installation(1), events);
    change.commit().await.unwrap();
}

async fn a_receiver_is_written_changed_and_removed(database: TestDatabase) {
    let (store, new) = with_hook(&database).await;
    let id = new.webhook.id;
    assert_eq!(store.webhooks(installation(1)).await.unwrap(), std::slice::from_ref(&new));
    assert_eq!(store.webhook(installation(2), id).await.unwrap(), None);
    assert_eq!(store.all_webhooks().await.unwrap().len(), 1);
    let mut change = store.change().await.unwrap();
    let mut edited = new.clone();
    edited.webhook.enabled = false;
    edited.webhook.order = WebhookOrder::None;
    edited.seen = 7;
    assert!(change.update_webhook(&edited, at(20)).await.unwrap());
    let end = at(100);
    assert!(change.rotate_webhook(installation(1), id, &copy(2), None, end, at(30)).await.unwrap());
    assert!(!change.rotate_webhook(installation(2), id, &copy(2), None, end, at(30)).await.unwrap());
    assert_eq!(change.count_webhooks(installation(1)).await.unwrap(), 1);
    change.commit().await.unwrap();
    let found = store.webhook_by_id(id).await.unwrap().unwrap();
    assert_eq!((found.secret.clone(), found.former.clone()), (copy(2), Some(copy(1))));
    let Webhook { enabled, order, former_secret_ends_at, version, updated_at, .. } = found.webhook;
    assert_eq!((enabled, order, former_secret_ends_at), (false, WebhookOrder::None, Some(end)));
    assert_eq!((version, updated_at, found.seen), (3, at(30), 7));
    let mut change = store.change().await.unwrap();
    assert_eq!(change.end_former_webhook_secrets(at(99)).await.unwrap(), 0);
    assert_eq!(change.end_former_webhook_secrets(end).await.unwrap(), 1);
    assert!(!change.reseal_webhook(id, &copy(1).wrapped_key, &copy(3)).await.unwrap());
    assert!(change.reseal_webhook(id, &copy(2).wrapped_key, &copy(3)).await.unwrap());
    change.commit().await.unwrap();
    let found = store.webhook_by_id(id).await.unwrap().unwrap();
    assert_eq!((found.secret, found.former), (copy(3), None));
    let mut change = store.change().await.unwrap();
    assert!(!change.delete_webhook(installation(2), id).await.unwrap());
    assert!(change.delete_webhook(installation(1), id).await.unwrap());
    change.commit().await.unwrap();
    assert_eq!(store.webhooks(installation(1)).await.unwrap(), []);
}

async fn events_have_their_places_in_the_order_of_their_changes(database: TestDatabase) {
    let store = two_installations(&database).await;
    tell(&store, vec![event(1, 1), event(2, 2)]).await;
    tell(&store, vec![event(3, 1)]).await;
    let all = store.events_after(installation(1), 0, 10).await.unwrap();
    let ids: Vec<u128> = all.iter().map(|event| event.id.0.as_u128()).collect();
    assert_eq!(ids, [1, 2, 3]);
    assert!(all.is_sorted_by(|one, other| one.position < other.position));
    assert_eq!(store.events_after(installation(1), all[1].position, 10).await.unwrap(), all[2..]);
    assert_eq!(store.events_after(installation(2), 0, 10).await.unwrap(), []);
    let bodies = store.event_bodies(all[0].position, 10).await.unwrap();
    assert_eq!(bodies[0], (all[1].position, "{\"n\":2}".to_owned()));
    let mut change = store.change().await.unwrap();
    let between = change.events_between(installation(1), (at(2), at(3)), i64::MAX, 10).await.unwrap();
    assert_eq!(between, all[1..2]);
    assert_eq!(change.events_between(installation(1), (at(0), at(9)), all[0].position, 10).await.unwrap(), all[..1]);
    let named = change.events_by_id(installation(1), &[EventId(Uuid::from_u128(3)), EventId(Uuid::from_u128(9))]).await;
    assert_eq!(named.unwrap(), all[2..]);
    let subject = |number| Subject { kind: SubjectKind::Key, id: Uuid::from_u128(number) };
    let subjects = [subject(1), subject(2), subject(1)];
    assert_eq!(change.number_events(installation(1), &subjects, at(1)).await.unwrap(), [1, 1, 2]);
    assert_eq!(change.number_events(installation(1), &subjects[..1], at(1)).await.unwrap(), [3]);
    assert_eq!(change.number_events(installation(2), &subjects[..1], at(1)).await.unwrap(), [1]);
}

async fn what_is_told_once_is_told_once(database: TestDatabase) {
    let store = two_installations(&database).await;
    let subject = Uuid::from_u128(5);
    for (installed, expected) in [(1, true), (1, false), (2, true)] {
        let mut change = store.change().await.unwrap();
        let told = change.tell_once(installation(installed), subject, "limit:1", at(1)).await.unwrap();
        assert_eq!(told, expected);
        change.commit().await.unwrap();
    }
}

async fn planned(store: &Store, webhook: WebhookId) -> Vec<StoredEvent> {
    let events = store.events_after(installation(1), 0, 100).await.unwrap();
    let last = events.last().unwrap().position;
    assert!(store.plan_deliveries(webhook, (0, last), &events, at(50)).await.unwrap());
    events
}

async fn a_plan_is_made_once(database: TestDatabase) {
    let (store, new) = with_hook(&database).await;
    let id = new.webhook.id;
    tell(&store, vec![event(1, 1)]).await;
    let due = store.receivers_due(at(50), at(1_000)).await.unwrap();
    assert!(due[0].newest > due[0].seen && !due[0].due && due[0].live);
    let events = planned(&store, id).await;
    assert!(!store.plan_deliveries(id, (0, events[0].position), &events, at(60)).await.unwrap());
    for (now, expected) in [(49, false), (50, true)] {
        assert_eq!(store.receivers_due(at(now), at(1_000)).await.unwrap()[0].due, expected, "{now}");
    }
    assert!(store.receivers_due(at(0), at(49)).await.unwrap()[0].due, "the clock was set back");
    assert_eq!(store.webhook_waiting(id).await.unwrap(), (1, 0));
    assert_eq!(store.deliveries_waiting().await.unwrap(), (1, 0));
}

fn tried(position: i64, state: DeliveryState, next_at: Instant) -> Tried {
    let attempt = Attempt { at: at(60), status: Some(500), answer: "no".to_owned(), duration_ms: 3 };
    Tried { position, state, next_at, attempt }
}

async fn deliveries_are_due_in_the_order_of_their_subject(database: TestDatabase) {
    let (store, new) = with_hook(&database).await;
    let id = new.webhook.id;
    tell(&store, vec![event(1, 1), event(2, 1), event(3, 2)]).await;
    let events = planned(&store, id).await;
    let due = async |in_order: bool, now: i64| -> Vec<u128> {
        let due = store.deliveries_due(id, in_order, (at(now), at(1_000)), 10).await.unwrap();
        due.iter().map(|due| due.event.0.as_u128()).collect()
    };
    assert_eq!((due(true, 50).await, due(false, 50).await), (vec![1, 3], vec![1, 2, 3]));
    assert_eq!(due(true, 49).await, []);
    let place = |index: usize| events[index].position;
    store.settle_deliveries(id, &[tried(place(0), DeliveryState::Pending, at(90))]).await.unwrap();
    assert_eq!((due(true, 60).await, due(false, 60).await), (vec![3], vec![2, 3]));
    store.settle_deliveries(id, &[tried(place(0), DeliveryState::Parked, at(90))]).await.unwrap();
    store.settle_deliveries(id, &[tried(place(2), DeliveryState::Delivered, at(90))]).await.unwrap();
    assert_eq!(due(true, 60).await, [2]);
    let page = store.deliveries(id, None, i64::MAX, 10).await.unwrap();
    let states: Vec<_> = page.iter().map(|(_, delivery)| (delivery.state, delivery.attempts)).collect();
    assert_eq!(states, [(DeliveryState::Delivered, 1), (DeliveryState::Pending, 0), (DeliveryState::Parked, 2)]);
    assert_eq!(page[2].1.last_attempt, Some(tried(0, DeliveryState::Parked, at(0)).attempt));
    let parked = store.deliveries(id, Some(DeliveryState::Parked), i64::MAX, 10).await.unwrap();
    assert_eq!((parked.len(), parked[0].0), (1, place(0)));
    assert_eq!(store.deliveries(id, None, place(1), 10).await.unwrap().len(), 1);
    let health = store.webhook(installation(1), id).await.unwrap().unwrap().webhook.health;
    assert_eq!((health.last_delivered_at, health.last_failed_at), (Some(at(60)), Some(at(60))));
    let mut change = store.change().await.unwrap();
    change.deliver_again(id, &events, at(200)).await.unwrap();
    change.commit().await.unwrap();
    assert_eq!(due(true, 199).await, []);
    assert_eq!(due(true, 200).await, [1, 3]);
    // What was delivered goes when it is old, and what waits stays.
    store.settle_deliveries(id, &[tried(place(2), DeliveryState::Delivered, at(90))]).await.unwrap();
    assert_eq!(store.purge_events(0, at(10)).await.unwrap(), Some(place(2)));
    assert_eq!(store.purge_events(place(2), at(10)).await.unwrap(), None);
    assert_eq!(store.events_after(installation(1), 0, 10).await.unwrap().len(), 2);
    assert_eq!(store.give_up_events(at(2), at(0)).await.unwrap(), 1);
    assert_eq!(store.events_after(installation(1), 0, 10).await.unwrap().len(), 1);
    // Deliveries go with their receiver.
    let mut change = store.change().await.unwrap();
    assert!(change.delete_webhook(installation(1), id).await.unwrap());
    change.commit().await.unwrap();
    assert_eq!(store.deliveries_waiting().await.unwrap(), (0, 0));
}

async fn a_lease_belongs_to_one(database: TestDatabase) {
    let (store, new) = with_hook(&database).await;
    let (id, [one, other]) = (new.webhook.id, [1, 2].map(Uuid::from_u128));
    assert_eq!(store.delivery_lease(id).await.unwrap(), None);
    assert!(store.take_delivery_lease(id, one, None).await.unwrap());
    assert!(!store.take_delivery_lease(id, other, None).await.unwrap());
    let first = store.delivery_lease(id).await.unwrap();
    assert_eq!(store.renew_delivery_leases(one).await.unwrap(), [id]);
    assert_eq!(store.renew_delivery_leases(other).await.unwrap(), []);
    assert!(!store.take_delivery_lease(id, other, first).await.unwrap(), "it has moved on");
    let now = store.delivery_lease(id).await.unwrap();
    assert!(store.take_delivery_lease(id, other, now).await.unwrap());
    assert_eq!(store.renew_delivery_leases(one).await.unwrap(), []);
    store.release_delivery_lease(id, one).await.unwrap();
    assert_eq!(store.delivery_lease(id).await.unwrap().map(|(holder, _)| holder), Some(other));
    store.release_delivery_lease(id, other).await.unwrap();
    assert_eq!(store.delivery_lease(id).await.unwrap(), None);
}

async fn a_change_that_fails_tells_nothing(database: TestDatabase) {
    let store = two_installations(&database).await;
    let mut change = store.change().await.unwrap();
    change.append_events(installation(1), vec![event(1, 1)]);
    assert!(change.has_events());
    drop(change);
    // The next change has the same epoch, and so the same places.
    tell(&store, vec![event(2, 2)]).await;
    let found = store.events_after(installation(1), 0, 10).await.unwrap();
    assert_eq!(found.iter().map(|event| event.id.0.as_u128()).collect::<Vec<_>>(), [2]);
    let mut change = store.change().await.unwrap();
    change.audit_end(installation(1)).await.unwrap();
    assert!(!change.is_listened(installation(1)));
    change.insert_webhook(&hook(1)).await.unwrap();
    assert!(change.is_listened(installation(1)) && !change.is_listened(installation(2)));
}

async fn keys_that_end_are_found_until_that_is_told(database: TestDatabase) {
    let (store, _) = with_hook(&database).await;
    let mut change = store.change().await.unwrap();
    for (place, number, end) in [(1, 1, 100), (1, 2, 200), (2, 3, 100)] {
        let mut new = key(number, "Acme");
        new.settings.expires_at = Some(at(end));
        put(&mut change, installation(place), new).await.unwrap();
    }
    change.commit().await.unwrap();
    let found = async || store.keys_ending((at(50), at(150)), "step:", 10).await.unwrap();
    assert_eq!(found().await, [(installation(1), crate::fixture::key_id(1), at(100))]);
    let mut change = store.change().await.unwrap();
    let id = crate::fixture::key_id(1).0;
    assert!(change.tell_once(installation(1), id, "step:100", at(1)).await.unwrap());
    change.commit().await.unwrap();
    assert_eq!(found().await, []);
}

async fn readers_move_on(database: TestDatabase) {
    let store = two_installations(&database).await;
    tell(&store, vec![event(1, 1)]).await;
    store.add_event_reader("log").await.unwrap();
    let from = store.event_reader("log").await.unwrap().unwrap();
    assert_eq!(store.event_bodies(from, 10).await.unwrap(), []);
    tell(&store, vec![event(2, 1)]).await;
    store.add_event_reader("log").await.unwrap();
    assert_eq!(store.event_reader("log").await.unwrap(), Some(from), "one that is there stays where it is");
    let (to, _) = store.event_bodies(from, 10).await.unwrap().remove(0);
    assert!(store.move_event_reader("log", from, to).await.unwrap());
    assert!(!store.move_event_reader("log", from, to).await.unwrap());
    let mut change = store.change().await.unwrap();
    change.audit_end(installation(1)).await.unwrap();
    assert!(change.is_listened(installation(1)));
    drop(change);
    store.remove_event_reader("log").await.unwrap();
    assert_eq!(store.event_reader("log").await.unwrap(), None);
}
