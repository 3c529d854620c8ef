use contact_centre::{
    push::Feed,
    webhooks::{BATCH_MAX, NotDone, Patch},
};
use delivery::testing::{Receiver, Reply};
use serde_json::Value;

use crate::{
    made::signed_by,
    support::{Centre, KEY, body, events},
};

/// The events of each delivery.
fn batches(receiver: &Receiver) -> Vec<Vec<Value>> {
    let of = |delivery: &Value| delivery["data"]["events"].as_array().cloned().unwrap();
    events(receiver).iter().map(of).collect()
}

fn seqs(events: &[Value]) -> Vec<u64> {
    events.iter().map(|event| event["seq"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn events_come_together_in_the_order_of_the_log_and_none_is_lost() {
    let mut centre = Centre::new(51);
    let (alone, together) = (Receiver::start().await.unwrap(), Receiver::start().await.unwrap());
    centre.make(Feed::Calls, &["call.*"], alone.url()).await.unwrap();
    centre.batch = 10;
    let (view, secret) = centre.make(Feed::Calls, &["call.*"], together.url()).await.unwrap();
    centre.pass(1_800_000);
    centre.deliver().await;
    // Each batch waits for the one before.
    for _ in 0..100 {
        centre.deliver().await;
    }
    let mut expected = events(&alone);
    expected.sort_by_key(|event| event["seq"].as_u64());
    let batches = batches(&together);
    assert!(batches.len() > 2 && batches.iter().all(|batch| (1..=10).contains(&batch.len())));
    assert_eq!(batches.concat(), expected);
    let last = together.received().pop().unwrap();
    assert_eq!(last.header("webhook-id"), body(&last)["id"].as_str().unwrap());
    assert_eq!(body(&last)["type"], "webhook.batch");
    signed_by(&last, secret.expose());
    let page = centre.webhooks.deliveries(KEY, (Feed::Calls, view.id()), None, None, 500).unwrap();
    let page = serde_json::to_value(page).unwrap();
    let told: u64 = page["items"].as_array().unwrap().iter().map(|one| one["events"].as_u64().unwrap()).sum();
    assert_eq!(told, expected.len() as u64);
}

#[tokio::test]
async fn a_batch_that_is_refused_is_tried_again_whole_and_the_next_waits() {
    let mut centre = Centre::new(52);
    let receiver = Receiver::start().await.unwrap();
    centre.batch = 5;
    let (view, _) = centre.make(Feed::Calls, &["call.*"], receiver.url()).await.unwrap();
    receiver.answer(|_| Reply::status(503));
    let from = centre.told();
    centre.pass(1_800_000);
    centre.deliver().await;
    let first = events(&receiver);
    assert_eq!(first.len(), 1, "the others wait");
    receiver.answer(|_| Reply::status(204));
    centre.wait(10_000);
    for _ in 0..200 {
        centre.deliver().await;
    }
    let all = events(&receiver);
    assert_eq!(all[1], first[0], "the same id and bytes");
    let came = seqs(&batches(&receiver)[1..].concat());
    assert!(came.is_sorted() && came.len() > 20);
    // Again, in batches of their own, and each event once.
    let again = centre.webhooks.redeliver(KEY, (Feed::Calls, view.id()), (from + 1, u64::MAX)).unwrap();
    assert_eq!(again, came.len());
    for _ in 0..200 {
        centre.deliver().await;
    }
    assert_eq!(seqs(&batches(&receiver)[all.len()..].concat()), came);
}

#[tokio::test]
async fn a_batch_has_1_to_100_events_and_can_be_changed() {
    let mut centre = Centre::new(53);
    let receiver = Receiver::start().await.unwrap();
    for bad in [0, BATCH_MAX + 1] {
        centre.batch = bad;
        let refused = centre.make(Feed::Calls, &["*"], receiver.url()).await;
        assert!(matches!(refused, Err(NotDone::Batch)), "{bad}");
    }
    centre.batch = BATCH_MAX;
    let (view, _) = centre.make(Feed::Calls, &["call.ended"], receiver.url()).await.unwrap();
    let change = |batch| Patch { batch: Some(batch), ..Patch::default() };
    let of = (Feed::Calls, view.id());
    assert!(matches!(centre.webhooks.update(KEY, of, change(0), None).await, Err(NotDone::Batch)));
    centre.webhooks.update(KEY, of, change(1), None).await.unwrap();
    centre.pass(1_800_000);
    centre.deliver().await;
    let came = events(&receiver);
    assert!(!came.is_empty() && came.iter().all(|event| event["type"] == "call.ended"));
}
