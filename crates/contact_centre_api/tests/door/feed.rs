use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use serde_json::json;

use crate::support::{ALL, Door};

/// Case 18 of the design: whoever reads a list and then what changed since misses nothing, though others write meanwhile, all in the same
/// millisecond.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_who_pages_while_others_write_misses_nothing() {
    let door = Arc::new(Door::open(11));
    let written = Arc::new(AtomicBool::new(false));
    let writers = {
        let (door, written) = (door.clone(), written.clone());
        tokio::spawn(async move {
            for n in 0..500 {
                let body =
                    json!({"display_name": format!("Writer {n}"), "external_ids": {"crm": format!("W{}", n % 400)}});
                let path = format!("/contacts/by-external-id/crm/W{}", n % 400);
                let told = door.ask(ALL, "PUT", &path).json(&body).send().await;
                assert!(told.status.is_success(), "{}", told.text());
            }
            written.store(true, Ordering::SeqCst);
        })
    };
    let mut seen: BTreeSet<(String, u64)> = BTreeSet::new();
    let mut path = "/contacts?limit=50".to_owned();
    let mut since = None;
    loop {
        let page = door.get(ALL, &path).await;
        for item in page["items"].as_array().unwrap() {
            seen.insert((item["id"].as_str().unwrap().to_owned(), item["seq"].as_u64().unwrap()));
        }
        let changes = page["changes_cursor"].as_str().unwrap().to_owned();
        assert_eq!(since.get_or_insert(changes.clone()), &changes, "each page says from where the first one goes on");
        let Some(next) = page["next_cursor"].as_str() else { break };
        path = format!("/contacts?limit=50&cursor={next}");
        tokio::task::yield_now().await;
    }
    let mut since = since.unwrap();
    let mut changes: Vec<u64> = Vec::new();
    loop {
        let done = written.load(Ordering::SeqCst);
        let page = door.get(ALL, &format!("/contacts?limit=20&changed_since={since}")).await;
        let items = page["items"].as_array().unwrap();
        for item in items {
            seen.insert((item["id"].as_str().unwrap().to_owned(), item["seq"].as_u64().unwrap()));
            changes.push(item["seq"].as_u64().unwrap());
        }
        since = page["changes_cursor"].as_str().unwrap().to_owned();
        if items.is_empty() && done {
            break;
        }
    }
    writers.await.unwrap();
    assert!(changes.is_sorted() && changes.windows(2).all(|pair| pair[0] != pair[1]), "each change once");
    let missed: Vec<_> = door.world(|world| {
        let all = world.state().contacts().map(|contact| (contact.id.to_string(), contact.seq));
        all.filter(|last| !seen.contains(last)).collect()
    });
    assert_eq!(missed, []);
}

#[tokio::test]
async fn a_cursor_of_another_log_is_refused_and_never_skips() {
    let door = Door::open(11);
    let cursor = door.get(ALL, "/calls?limit=1").await["changes_cursor"].as_str().unwrap().to_owned();
    let (epoch, seq) = cursor.split_once('-').unwrap();
    let seq: u64 = seq.parse().unwrap();
    for list in [
        "/calls",
        "/contacts",
        "/leads",
        "/agents",
        "/queues",
        "/recordings",
        "/wraps",
        "/campaigns",
        "/metrics/queues",
        "/metrics/agents",
        "/data/calls",
    ] {
        let ask = |cursor: String| door.ask(ALL, "GET", &format!("{list}?changed_since={cursor}")).send();
        assert_eq!(ask(cursor.clone()).await.status, 200, "{list}");
        assert_eq!(ask(format!("{epoch}-{}", seq + 1_000_000)).await.code(410), "changes_lost", "{list}");
        assert_eq!(ask(format!("kother-{seq}")).await.code(410), "changes_lost", "{list}");
        assert_eq!(ask("x".to_owned()).await.code(400), "invalid_request", "{list}");
    }
}
