use aws_lc_rs::digest::{SHA256, digest};
use contact_centre::{id::RecordingId, objects::RecordingStatus};
use serde_json::json;

use crate::support::{ALL, Door, QA};

fn with_status(door: &Door, status: RecordingStatus) -> RecordingId {
    door.until(|world| world.state().recordings().rev().find(|one| one.status == status).map(|one| one.id))
}

/// Case 19 of the design.
#[tokio::test]
async fn every_range_is_the_slice_of_the_file() {
    let door = Door::open(7);
    let id = with_status(&door, RecordingStatus::Available);
    let described = door.get(QA, &format!("/recordings/{id}")).await;
    let path = format!("/recordings/{id}/content");
    let whole = door.ask(QA, "GET", &path).send().await;
    assert_eq!((whole.status.as_u16(), whole.header("content-type")), (200, Some("audio/wav")));
    assert_eq!(whole.header("accept-ranges"), Some("bytes"));
    let size = whole.bytes.len();
    assert_eq!(described["size_bytes"], size);
    assert_eq!(whole.header("content-length"), Some(&*size.to_string()));
    let hex: String = digest(&SHA256, &whole.bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(described["sha256"], hex);
    assert!(whole.header("repr-digest").unwrap().starts_with("sha-256=:"));
    let reader = hound::WavReader::new(std::io::Cursor::new(whole.bytes.to_vec())).unwrap();
    assert_eq!((reader.spec().channels, reader.spec().sample_rate, reader.spec().bits_per_sample), (2, 8_000, 16));
    assert_eq!(i64::from(reader.duration()), described["duration_ms"].as_i64().unwrap() * 8);
    // Places that look like chance.
    let mut place = 1_usize;
    for _ in 0..1_000 {
        place = place.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let from = (place >> 8) % size;
        let to = (from + (place >> 40) % 3_000).min(size - 1);
        let part = door.ask(QA, "GET", &path).header("range", &format!("bytes={from}-{to}")).send().await;
        assert_eq!(part.status, 206);
        assert_eq!(part.header("content-range"), Some(&*format!("bytes {from}-{to}/{size}")));
        assert_eq!(part.bytes, whole.bytes.slice(from..=to));
    }
    let beyond = door.ask(QA, "GET", &path).header("range", &format!("bytes={size}-")).send().await;
    assert_eq!(beyond.code(416), "range_not_satisfiable");
    assert_eq!(beyond.header("content-range"), Some(&*format!("bytes */{size}")));
    let tag = whole.header("etag").unwrap();
    let same = door.ask(QA, "GET", &path).header("if-none-match", tag).send().await;
    assert_eq!((same.status.as_u16(), same.bytes.len()), (304, 0));
    let moved = door.ask(QA, "GET", &path).header("range", "bytes=0-9").header("if-range", "\"x\"").send().await;
    assert_eq!((moved.status.as_u16(), moved.bytes.len()), (200, size));
    let head = door.ask(QA, "HEAD", &path).send().await;
    assert_eq!(
        (head.status.as_u16(), head.bytes.len(), head.header("repr-digest")),
        (200, 0, whole.header("repr-digest"))
    );
}

/// Its file has to be made whole for it, which is too much for all of a list.
#[tokio::test]
async fn a_digest_is_in_the_answer_for_one_recording_and_then_in_lists() {
    let door = Door::open(7);
    let id = with_status(&door, RecordingStatus::Available);
    let call = door.world(|world| world.state().recording(id).unwrap().call_id);
    let listed = async || door.get(QA, &format!("/recordings?call_id={call}")).await["items"][0]["sha256"].clone();
    assert_eq!(listed().await, json!(null));
    let one = door.get(QA, &format!("/recordings/{id}")).await["sha256"].clone();
    assert!(one.as_str().is_some_and(|hex| hex.len() == 64), "{one}");
    assert_eq!(listed().await, one);
}

#[tokio::test]
async fn a_recording_is_not_ready_then_it_is_and_at_last_it_is_gone() {
    let door = Door::open(7);
    let id = with_status(&door, RecordingStatus::Processing);
    let ask = || door.ask(QA, "GET", &format!("/recordings/{id}/content")).send();
    let early = ask().await;
    assert_eq!(early.code(409), "recording_not_ready");
    assert!(early.header("retry-after").is_some());
    door.until(|world| (world.state().recording(id)?.status == RecordingStatus::Available).then_some(()));
    assert_eq!(ask().await.status, 200);
    let none = door.ask(QA, "GET", "/recordings/0199c7a0-0000-7000-8000-000000000009/content").send().await;
    assert_eq!(none.code(404), "not_found");
    let mut config = crate::support::small(7);
    config.bounds.recordings_ms = 60_000;
    let door = Door::at(config, crate::support::NOW);
    let old = with_status(&door, RecordingStatus::Deleted);
    assert_eq!(door.ask(QA, "GET", &format!("/recordings/{old}/content")).send().await.code(410), "gone");
}

/// It ends with its leg, without an event of its own.
#[tokio::test]
async fn a_recording_that_ends_is_among_the_changes() {
    let door = Door::open(7);
    let id = with_status(&door, RecordingStatus::Recording);
    let cursor = door.get(QA, "/recordings?limit=1").await["changes_cursor"].as_str().unwrap().to_owned();
    let seq = door.world(|world| world.state().recording(id).unwrap().seq);
    door.until(|world| (world.state().recording(id)?.status == RecordingStatus::Processing).then_some(()));
    let changed = door.get(QA, &format!("/recordings?changed_since={cursor}&limit=500")).await;
    let own: Vec<_> = changed["items"].as_array().unwrap().iter().filter(|one| one["id"] == json!(id)).collect();
    assert_eq!((own.len(), &own[0]["status"]), (1, &json!("processing")));
    assert!(own[0]["seq"].as_u64() > Some(seq) && own[0]["duration_ms"].is_u64(), "{}", own[0]);
}

#[tokio::test]
async fn a_pause_is_silence_and_can_be_asked_for_only_while_it_is_recorded() {
    let door = Door::open(7);
    let id = with_status(&door, RecordingStatus::Recording);
    let call = door.world(|world| world.state().recording(id).unwrap().call_id);
    let act = |verb: &str| door.ask(ALL, "POST", &format!("/calls/{call}/recording/{verb}")).json(&json!({})).send();
    assert_eq!(act("resume").await.code(403), "recording_not_possible");
    assert_eq!(act("pause").await.status, 200);
    assert_eq!(act("pause").await.code(403), "recording_not_possible");
    door.pass(1_500);
    let resumed = act("resume").await.status;
    door.until(|world| (world.state().recording(id)?.status == RecordingStatus::Available).then_some(()));
    let described = door.get(QA, &format!("/recordings/{id}")).await;
    let pause = &described["pauses"][0];
    let (from, to) = (pause["from_ms"].as_u64().unwrap(), pause["to_ms"].as_u64().unwrap());
    if resumed == 200 {
        assert_eq!(to - from, 1_500);
    }
    let (first, last) = (44 + from * 32, 44 + to * 32 - 1);
    let part =
        door.ask(QA, "GET", &format!("/recordings/{id}/content")).header("range", &format!("bytes={first}-{last}"));
    let part = part.send().await;
    assert_eq!(part.bytes.len() as u64, last - first + 1);
    assert!(part.bytes.iter().all(|byte| *byte == 0));
    let over = door.leg(|leg| leg.closed_at.is_some());
    let told = door.ask(ALL, "POST", &format!("/calls/{over}/recording/pause")).json(&json!({})).send().await;
    assert_eq!(told.code(403), "recording_not_possible");
}
