use contact_centre::{
    log::Cursor,
    push::{Audience, Feed, Filter, Next, Start, snapshot},
};

use crate::support::{Centre, is_logged, json, kind, now, place, rest, small};

#[tokio::test(start_paused = true)]
async fn a_stream_says_what_it_is_then_what_holds_and_then_what_changes() {
    let mut centre = Centre::new(51);
    for feed in Feed::ALL {
        let told = centre.told();
        let mut stream = centre.follow(Audience::all(*feed), Filter::default(), Start::Now);
        let first = rest(&mut stream).await;
        let kinds: Vec<_> = first.iter().take(2).map(kind).collect();
        assert_eq!(kinds, ["stream.hello", "stream.snapshot"], "{feed}");
        assert!(first[0].sse().starts_with(b"retry: 2000\nevent: stream.hello\ndata: {"));
        let hello = json(&first[0]);
        assert_eq!((hello["seq"].as_u64(), hello["heartbeat_ms"].as_u64()), (Some(told), Some(15_000)));
        assert!(hello["replay_from_seq"].as_u64().unwrap() < told && hello["filters"]["types"].is_null());
        assert_eq!(place(&first[1]), Some(told));
        assert!(!json(&first[1])["items"].as_array().unwrap().is_empty());
        centre.pass(120_000);
        let changes = rest(&mut stream).await;
        let read: Vec<_> = changes.iter().filter(|frame| is_logged(frame)).filter_map(place).collect();
        assert_eq!(read, centre.log(*feed, told), "{feed}");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_comes_back_is_told_when_they_have_caught_up() {
    let centre = Centre::new(52);
    let told = centre.told();
    let mut stream = centre.follow(Audience::all(Feed::Calls), Filter::default(), centre.after(told - 300));
    let frames = rest(&mut stream).await;
    let log = centre.log(Feed::Calls, told - 300);
    assert_eq!(kind(&frames[0]), "stream.hello");
    assert_eq!(frames[1..=log.len()].iter().filter_map(place).collect::<Vec<_>>(), log);
    assert_eq!(
        (kind(&frames[log.len() + 1]), place(&frames[log.len() + 1])),
        ("stream.caught_up".to_owned(), Some(told))
    );
    assert_eq!(frames.len(), log.len() + 2);
}

#[tokio::test(start_paused = true)]
async fn a_place_that_can_not_be_gone_on_from_is_told_and_what_holds_is_sent() {
    let mut config = small(53);
    config.bounds.events_max = 1_000;
    let centre = Centre::of(config);
    let told = centre.told();
    let other: Cursor = format!("k0-{told}").parse().unwrap();
    for (start, reason) in [
        (centre.after(told - 1_001), "too_old"),
        (centre.after(told + 1), "from_the_future"),
        (Start::After(other), "other_epoch"),
        (Start::Unknown, "unknown_place"),
    ] {
        let mut stream = centre.follow(Audience::all(Feed::AgentStates), Filter::default(), start);
        let frames = rest(&mut stream).await;
        let kinds: Vec<_> = frames.iter().map(kind).collect();
        assert_eq!(kinds[..3], ["stream.hello", "stream.reset", "stream.snapshot"], "{reason}");
        assert_eq!((json(&frames[1])["reason"].as_str(), place(&frames[1])), (Some(reason), None));
        let asked = centre.world.read(|world| {
            let all = (Audience::all(Feed::AgentStates), Filter::default());
            snapshot(world, &all.0, &all.1, Some(told), |of| serde_json::to_value(of).unwrap()).unwrap()
        });
        assert_eq!((&json(&frames[2])["items"], &json(&frames[2])["as_of"]), (&asked["items"], &asked["as_of"]));
    }
    let last = centre.after(told - 1_000);
    let mut stream = centre.follow(Audience::all(Feed::AgentStates), Filter::default(), last);
    let kinds: Vec<_> = rest(&mut stream).await.iter().map(kind).collect();
    assert!(kinds[0] == "stream.hello" && !kinds.contains(&"stream.reset".to_owned()), "{kinds:?}");
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_can_be_asked_for_again_when_much_has_happened_since() {
    let mut centre = Centre::new(54);
    for feed in [Feed::AgentStates, Feed::Calls] {
        let mut stream = centre.follow(Audience::all(feed), Filter::default(), Start::Now);
        let whole = rest(&mut stream).await.remove(1);
        centre.pass(3_600_000);
        let again = centre.world.read(|world| {
            let (audience, filter) = (Audience::all(feed), Filter::default());
            snapshot(world, &audience, &filter, place(&whole), |of| serde_json::to_value(of).unwrap()).unwrap()
        });
        let whole = json(&whole);
        assert!(!whole["items"].as_array().unwrap().is_empty(), "{feed}");
        for field in ["epoch", "cursor", "as_of", "items"] {
            assert_eq!(whole[field], again[field], "{feed} {field}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_follows_a_world_that_begins_anew_begins_anew() {
    let mut centre = Centre::new(56);
    let mut stream = centre.follow(Audience::all(Feed::Calls), Filter::default(), Start::Now);
    rest(&mut stream).await;
    centre.world.begin_anew(small(57), now()).unwrap();
    let frames = rest(&mut stream).await;
    let kinds: Vec<_> = frames.iter().map(kind).collect();
    assert_eq!(kinds, ["stream.reset", "stream.snapshot"]);
    assert_eq!(json(&frames[0])["reason"], "other_epoch");
    let from = place(&frames[1]).unwrap();
    centre.pass(600_000);
    let read: Vec<_> = rest(&mut stream).await.iter().filter(|frame| is_logged(frame)).filter_map(place).collect();
    assert!(!read.is_empty());
    assert_eq!(read, centre.log(Feed::Calls, from));
}

#[tokio::test(start_paused = true)]
async fn a_world_that_ends_ends_its_streams_and_streams_are_bounded() {
    let centre = Centre::new(55);
    let follow = || centre.hubs.follow(&centre.world, Audience::all(Feed::Calls), Filter::default(), Start::Now);
    let mut streams: Vec<_> = (0..100).map(|_| follow().unwrap()).collect();
    assert!(follow().is_err());
    assert_eq!(centre.hubs.streams(), 100);
    drop(streams.split_off(1));
    assert_eq!(centre.hubs.streams(), 1);
    let stream = &mut streams[0];
    rest(stream).await;
    centre.world.end();
    assert!(matches!(rest_end(stream).await, Next::Ended(contact_centre::push::Ended::Gone)));
}

async fn rest_end(stream: &mut contact_centre::push::Stream) -> Next {
    loop {
        match stream.next().await {
            ended @ Next::Ended(_) => return ended,
            Next::Frame(_) | Next::Heartbeat => {}
        }
    }
}
