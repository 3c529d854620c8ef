use std::time::Duration;

use contact_centre::{
    push::Feed,
    webhooks::{HEALTH_WINDOW_MS, HookView, Owner, Patch, Standing},
};
use delivery::testing::{Receiver, Reply};
use model::WebhookOrder;
use serde_json::Value;

use crate::support::{Centre, KEY, events, now, small};

/// A receiver of a key that may see everything and is going to lose that, and one of the same key that never saw more than is left.
struct Pair {
    narrowed: (Receiver, HookView),
    narrow: (Receiver, HookView),
}

impl Pair {
    async fn make(centre: &mut Centre, types: &[&str], batch: usize) -> Self {
        let (first, second) = (Receiver::start().await.unwrap(), Receiver::start().await.unwrap());
        centre.batch = batch;
        let (narrowed, _) = centre.make(Feed::Calls, types, first.url()).await.unwrap();
        centre.batch = 1;
        let owner = Owner { key_id: KEY, wraps: false, contacts: false, recordings: false, queues: None };
        let (narrow, _) =
            centre.make_for(owner, Feed::Calls, types, second.url(), WebhookOrder::Subject).await.unwrap();
        let pair = Self { narrowed: (first, narrowed), narrow: (second, narrow) };
        pair.answer(503);
        pair
    }

    fn answer(&self, status: u16) {
        for receiver in [&self.narrowed.0, &self.narrow.0] {
            receiver.answer(move |_| Reply::status(status));
        }
    }

    /// What each has been sent so far.
    fn counts(&self) -> (usize, usize) {
        (events(&self.narrowed.0).len(), events(&self.narrow.0).len())
    }

    /// What came after that, in the order of the log.
    fn since(&self, (first, second): (usize, usize)) -> (Vec<Value>, Vec<Value>) {
        (in_order(events(&self.narrowed.0).split_off(first)), in_order(events(&self.narrow.0).split_off(second)))
    }
}

/// Events of the log, out of their batches.
fn in_order(came: Vec<Value>) -> Vec<Value> {
    let alone = |delivery: Value| match delivery["data"]["events"].as_array() {
        Some(events) => events.clone(),
        None => vec![delivery],
    };
    let mut events: Vec<_> = came.into_iter().flat_map(alone).collect();
    events.sort_by_key(|event| event["seq"].as_u64());
    events
}

fn narrow(centre: &Centre) {
    let stands = Standing::Stands { feeds: vec![Feed::Calls], wraps: false, contacts: false, recordings: false };
    centre.webhooks.stands(KEY, &stands);
}

/// Whether an event tells what the key may see no longer.
fn tells(event: &Value) -> bool {
    let whole = |side: &str| event["data"][side]["e164"].as_str().is_some_and(|number| !number.contains('*'));
    event["data"].get("wrap").is_some_and(|wrap| !wrap.is_null()) || (whole("from") && whole("to"))
}

async fn all_sent(centre: &Centre) {
    centre.wait(10_000);
    for _ in 0..200 {
        centre.deliver().await;
    }
}

#[tokio::test]
async fn what_waits_when_a_key_is_narrowed_is_sent_as_the_key_may_see_it_then() {
    let mut centre = Centre::new(71);
    let pair = Pair::make(&mut centre, &["*"], 1).await;
    centre.pass(1_800_000);
    centre.deliver().await;
    let tried = events(&pair.narrowed.0);
    assert!(tried.iter().any(tells) && tried.iter().any(|event| event["subject"]["kind"] == "recording"));
    narrow(&centre);
    let before = pair.counts();
    pair.answer(204);
    all_sent(&centre).await;
    let (narrowed, narrow) = pair.since(before);
    assert!(narrowed.len() > 50 && !narrowed.iter().any(tells));
    assert_eq!(narrowed, narrow, "it is not what a key gets that never saw more");
    let again = |id: &Value| narrowed.iter().any(|event| event["id"] == *id);
    let calls = tried.iter().filter(|event| event["subject"]["kind"] == "call");
    assert!(calls.map(|event| &event["id"]).all(again), "a try after it has another id, or none came");
}

#[tokio::test]
async fn what_stands_in_line_behind_open_requests_is_sent_as_the_key_may_see_it_then() {
    let mut centre = Centre::new(77);
    let receiver = Receiver::start().await.unwrap();
    centre.make_so(Feed::Calls, &["call.*"], receiver.url(), WebhookOrder::None).await.unwrap();
    receiver.answer(|_| Reply::status(204).after(Duration::from_secs(2)));
    centre.pass(1_800_000);
    let delivering = centre.delivering();
    // As many requests are open as can be to one receiver.
    while events(&receiver).len() < 16 {
        receiver.arrival().await;
    }
    narrow(&centre);
    receiver.answer(|_| Reply::status(204));
    delivering.await.unwrap();
    let came = events(&receiver);
    assert!(came.len() > 64 && came[..16].iter().any(tells));
    assert!(!came[16..].iter().any(tells));
}

#[tokio::test]
async fn a_batch_that_waits_is_written_anew_too() {
    let mut centre = Centre::new(72);
    let pair = Pair::make(&mut centre, &["*"], 10).await;
    centre.pass(1_800_000);
    centre.deliver().await;
    let tried = events(&pair.narrowed.0);
    assert!(in_order(tried.clone()).iter().any(tells));
    narrow(&centre);
    let before = pair.counts();
    pair.answer(204);
    all_sent(&centre).await;
    let again = events(&pair.narrowed.0).swap_remove(before.0);
    for field in ["id", "epoch", "type", "timestamp"] {
        assert_eq!(again[field], tried[0][field], "{field}");
    }
    let (narrowed, narrow) = pair.since(before);
    assert!(narrowed.len() > 50);
    assert_eq!(narrowed, narrow, "it is not what a key gets that never saw more");
}

#[tokio::test]
async fn what_was_given_up_before_is_delivered_again_as_the_key_may_see_it_now() {
    let mut centre = Centre::new(73);
    let pair = Pair::make(&mut centre, &["call.ended"], 1).await;
    let from = centre.told();
    centre.pass(1_800_000);
    centre.deliver().await;
    centre.wait(HEALTH_WINDOW_MS);
    centre.deliver().await;
    narrow(&centre);
    let before = pair.counts();
    pair.answer(204);
    for (_, view) in [&pair.narrowed, &pair.narrow] {
        let of = (Feed::Calls, view.id());
        let on = Patch { enabled: Some(true), ..Patch::default() };
        centre.webhooks.update(KEY, of, on, None).await.unwrap();
        assert!(centre.webhooks.redeliver(KEY, of, (from + 1, u64::MAX)).unwrap() > 0);
    }
    all_sent(&centre).await;
    let (narrowed, narrow) = pair.since(before);
    assert!(!narrowed.is_empty());
    assert_eq!(narrowed, narrow, "it is not what a key gets that never saw more");
}

#[tokio::test]
async fn what_the_log_no_longer_holds_is_not_sent_and_the_receiver_is_told() {
    let mut config = small(74);
    config.bounds.events_max = 500;
    let mut centre = Centre::of(config, None);
    let pair = Pair::make(&mut centre, &["call.*"], 1).await;
    centre.pass(600_000);
    centre.deliver().await;
    assert!(events(&pair.narrowed.0).iter().any(tells));
    centre.pass(4 * 3_600_000);
    narrow(&centre);
    let before = pair.counts();
    pair.answer(204);
    all_sent(&centre).await;
    let (narrowed, _) = pair.since(before);
    assert!(!narrowed.is_empty() && narrowed.iter().all(|event| event["type"] == "stream.reset"), "{narrowed:#?}");
    assert_eq!(narrowed[0]["data"]["reason"], "too_old");
}

#[tokio::test]
async fn what_waits_of_another_epoch_is_not_taken_from_this_one() {
    let mut centre = Centre::new(75);
    let pair = Pair::make(&mut centre, &["call.*"], 1).await;
    centre.pass(1_800_000);
    centre.deliver().await;
    assert!(events(&pair.narrowed.0).iter().any(tells));
    centre.world.begin_anew(small(76), now().plus_millis(1_800_000)).unwrap();
    narrow(&centre);
    let before = pair.counts();
    pair.answer(204);
    all_sent(&centre).await;
    let (narrowed, _) = pair.since(before);
    assert!(!narrowed.is_empty() && narrowed.iter().all(|event| event["type"] == "stream.reset"), "{narrowed:#?}");
    assert_eq!(narrowed[0]["data"]["reason"], "other_epoch");
}
