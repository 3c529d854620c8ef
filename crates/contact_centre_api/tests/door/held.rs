//! Whoever waits for a world, on one thread that nobody may hold.

use std::{
    sync::mpsc::{Sender, channel},
    thread::JoinHandle,
    time::Duration,
};

use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{ALL, Door, Told, small};

/// Holds the shared world until it is told to let go. In the end: whether it was told, and did not give up.
fn hold(door: &Door) -> (Sender<()>, JoinHandle<bool>) {
    let (world, (held, is_held), (release, released)) = (door.centre.worlds().main().clone(), channel(), channel());
    let holder = std::thread::spawn(move || {
        world.read(|_| {
            held.send(()).unwrap();
            released.recv_timeout(Duration::from_secs(30)).is_ok()
        })
    });
    is_held.recv().unwrap();
    (release, holder)
}

/// Asks for something of another world, while these wait.
async fn is_answered(door: &Door) {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    let told = door.ask(ALL, "GET", "/sandbox").header("x-keydesk-world", "other").send().await;
    assert_eq!(told.status, 200, "{}", told.text());
    let told = door.ask(ALL, "GET", "/changes").send().await;
    assert_eq!(told.status, 200, "{}", told.text());
}

#[tokio::test]
async fn twenty_of_one_name_that_wait_for_a_world_are_one_and_others_are_answered() {
    let door = Door::open(12);
    door.centre.worlds().make("other", small(13), door.centre.now()).unwrap();
    let calls = || door.world(|world| world.state().calls().count());
    let (queue, before) = (door.open_queue(), calls());
    let (release, holder) = hold(&door);
    let mut asking = JoinSet::new();
    for _ in 0..20 {
        let ask = door.ask(ALL, "POST", "/sandbox/calls").header("idempotency-key", "one");
        asking.spawn(ask.json(&json!({"queue_id": queue})).send());
    }
    is_answered(&door).await;
    release.send(()).unwrap();
    let told: Vec<Told> = asking.join_all().await;
    assert!(holder.join().unwrap(), "the thread was held until the world was let go");
    assert!(told.iter().all(|told| told.status == 201), "{}", told[0].text());
    assert_eq!(told.iter().filter(|told| told.header("idempotency-replayed") == Some("true")).count(), 19);
    assert_eq!(calls(), before + 1);
}

#[tokio::test]
async fn whoever_reads_or_writes_a_world_that_is_held_holds_up_nobody_else() {
    let door = Door::open(12);
    door.centre.worlds().make("other", small(13), door.centre.now()).unwrap();
    let queue = door.open_queue();
    let (release, holder) = hold(&door);
    let mut asking = JoinSet::new();
    for path in ["/sandbox", "/contacts", "/agents", "/queues", "/campaigns", "/leads", "/wrap-codes", "/reports"] {
        asking.spawn(door.ask(ALL, "GET", path).send());
    }
    asking.spawn(door.ask(ALL, "GET", &format!("/live/queues/{queue}/expected-wait")).send());
    for name in ["a", "b"] {
        let ask = door.ask(ALL, "POST", "/sandbox/calls").header("idempotency-key", name);
        asking.spawn(ask.json(&json!({"queue_id": queue})).send());
    }
    is_answered(&door).await;
    release.send(()).unwrap();
    let told: Vec<Told> = asking.join_all().await;
    assert!(holder.join().unwrap(), "the thread was held until the world was let go");
    assert!(told.iter().all(|told| told.status.is_success()), "{told:?}");
}
