//! Case 18: what many write is read once, and a table that broke off is seen to be no whole one.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    time::Duration,
};

use futures::{StreamExt as _, stream};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use super::desk::{Desk, unchunked};

const WRITERS: usize = 1_000;
/// Of them so many write at the same time.
const AT_ONCE: usize = 50;

/// A page of what has changed since a place, and the place after it.
async fn page(desk: &Desk, since: &mut String) -> Vec<Value> {
    let page = desk.get(&format!("/contacts?changed_since={since}&limit=100")).await;
    page["changes_cursor"].as_str().unwrap().clone_into(since);
    page["items"].as_array().unwrap().clone()
}

fn ids(items: &[Value]) -> Vec<String> {
    items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_thousand_write_at_one_instant_is_read_once_by_who_reads_meanwhile() {
    let desk = Desk::open().await;
    // All changes are of the same millisecond.
    desk.clock(&json!({ "action": "pause" })).await;
    let first = desk.get("/contacts?limit=1").await["changes_cursor"].as_str().unwrap().to_owned();
    let (mut since, mut read, done) = (first.clone(), Vec::new(), AtomicBool::new(false));
    let desk = &desk;
    let write = |number: usize| async move {
        let form = json!({ "display_name": format!("Writer {number}") });
        let told = desk.send(&desk.key, "POST /v1/contacts", "", &form).await;
        assert_eq!(told.status, 201, "{}", told.json());
        told.json()["id"].as_str().unwrap().to_owned()
    };
    let writers = async {
        let written: Vec<_> = stream::iter((0..WRITERS).map(write)).buffer_unordered(AT_ONCE).collect().await;
        done.store(true, SeqCst);
        written
    };
    let mut meanwhile = false;
    let reader = async {
        loop {
            let last = done.load(SeqCst);
            let some = page(desk, &mut since).await;
            if last && some.is_empty() {
                return;
            }
            meanwhile |= !last && !some.is_empty();
            read.extend(some);
        }
    };
    let (written, ()) = tokio::join!(writers, reader);
    assert!(meanwhile, "all was written before anything was read");
    let mut told = ids(&read);
    assert_eq!(told.len(), WRITERS, "each once");
    let instants: BTreeSet<_> = read.iter().map(|contact| contact["updated_at"].to_string()).collect();
    assert_eq!(instants.len(), 1, "{instants:?}");
    told.sort_unstable();
    let mut wanted = written.clone();
    wanted.sort_unstable();
    assert_eq!(told, wanted);
    // The table has the same, and is whole.
    let table = desk.read(&format!("/data/contacts?format=ndjson&changed_since={first}")).await;
    let lines = table.body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let rows: Vec<Value> = lines.map(|line| serde_json::from_slice(line).unwrap()).collect();
    let mut exported = ids(&rows);
    exported.sort_unstable();
    assert_eq!(exported, wanted);
    assert!(table.trailers.contains(&format!("x-row-count: {WRITERS}\r\n")), "{}", table.trailers);
    // Whoever changes again is read again, and nobody else.
    let again = &written[..20];
    for id in again {
        let form = json!({ "company": "Acme" });
        let told = desk.send(&desk.key, &format!("PATCH /v1/contacts/{id}"), "", &form).await;
        assert_eq!(told.status, 200, "{}", told.json());
    }
    assert_eq!(ids(&page(desk, &mut since).await), again, "in the order of the changes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_is_dropped_halfway_has_neither_its_last_chunk_nor_a_count_of_rows() {
    let desk = Desk::open().await;
    let mut connection = TcpStream::connect(&desk.gateway).await.unwrap();
    let head = format!(
        "GET /v1/data/events?format=ndjson HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {}\r\nTE: trailers\r\n\r\n",
        desk.key
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    let mut come = Vec::new();
    // A day is far more than what waits between the two.
    while come.len() < 20_000 {
        let read = timeout(Duration::from_secs(30), connection.read_buf(&mut come)).await;
        assert!(read.expect("something should have come").unwrap() > 0, "{}", String::from_utf8_lossy(&come));
    }
    desk.program.kill().await;
    // Until it ends, or is reset.
    let _ = timeout(Duration::from_secs(30), connection.read_to_end(&mut come)).await.expect("an end");
    let end = come.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8_lossy(&come[..end]).to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 200") && head.contains("transfer-encoding: chunked"), "{head}");
    assert!(head.contains("trailer: x-row-count, x-as-of-seq"), "the reader knows what to wait for: {head}");
    let (rows, used) = unchunked(&come[end + 4..]);
    assert!(rows.iter().filter(|byte| **byte == b'\n').count() > 1);
    let rest = &come[end + 4 + used..];
    assert!(!come[..end + 4 + used].ends_with(b"\r\n0\r\n"), "it looks whole");
    assert!(!String::from_utf8_lossy(rest).to_ascii_lowercase().contains("x-row-count"), "it looks counted");
}
