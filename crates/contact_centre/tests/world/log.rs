use std::collections::BTreeMap;

use contact_centre::{
    event::{Body, Event, Subject},
    log::{Cursor, Unreadable},
    objects::{Call, PhoneNumber},
    view::{CallView, Rights},
    world::{LeadDraft, World, WrapDraft},
};
use proptest::prelude::*;

use crate::support::{HOUR_MS, connected, key, now, on_the_wire, pass, small, world};

#[test]
fn a_reader_who_is_cut_off_anywhere_reads_the_whole_log_once() {
    let world = world(31);
    let all: Vec<_> = world.window().events().map(|event| event.seq).collect();
    proptest!(ProptestConfig::with_cases(200), |(limits in prop::collection::vec(1_usize..3_000, 1..200))| {
        let mut read = Vec::new();
        let mut after = 0;
        for limit in limits.iter().cycle() {
            let cursor: Cursor = Cursor { epoch: world.epoch().clone(), seq: after }.to_string().parse().unwrap();
            let from = world.resume(&cursor).unwrap();
            let before = read.len();
            read.extend(world.events_after(from, *limit).unwrap().map(|event| event.seq));
            if read.len() == before {
                break;
            }
            after = *read.last().unwrap();
        }
        prop_assert!(read == all, "the parts are not the log");
    });
}

#[test]
fn a_place_that_is_too_old_from_the_future_or_of_another_epoch_is_told() {
    let mut config = small(32);
    config.bounds.events_max = 100;
    let world = World::ephemeral(config, now());
    let newest = world.window().newest();
    let at = |seq| Cursor { epoch: world.epoch().clone(), seq };
    assert_eq!(world.resume(&at(newest)), Ok(newest));
    assert_eq!(world.resume(&at(newest - 100)), Ok(newest - 100));
    assert_eq!(world.resume(&at(newest - 101)), Err(Unreadable::TooOld));
    assert_eq!(world.resume(&at(newest + 1)), Err(Unreadable::Future));
    let other = Cursor { epoch: "k0-0".parse::<Cursor>().unwrap().epoch, seq: newest };
    assert_eq!(world.resume(&other), Err(Unreadable::OtherEpoch));
    assert_eq!(world.events_after(newest - 100, 1_000).unwrap().count(), 100);
}

#[test]
fn the_log_is_bounded_by_age() {
    let mut config = small(33);
    config.bounds.events_ms = HOUR_MS;
    let world = World::ephemeral(config, now());
    let oldest = world.window().events().next().unwrap().at;
    let newest = world.window().events().next_back().unwrap().at;
    assert!(newest.as_millis() - oldest.as_millis() <= HOUR_MS);
    assert!(newest.as_millis() - oldest.as_millis() > HOUR_MS / 2);
}

#[test]
fn the_log_is_bounded_by_bytes() {
    let mut config = small(37);
    config.bounds.events_bytes = 400_000;
    let mut world = World::ephemeral(config, now());
    let place = world.cursor();
    let comments = "é".repeat(4_000);
    let ended = world.state().calls().filter(|call| call.closed_at.is_some() && call.wrap.is_some());
    let ended: Vec<_> = ended.map(|call| call.id).take(60).collect();
    // The second time what a leg was before holds a comment, too.
    for code in ["order", "complaint"] {
        for id in &ended {
            let comments = Some(comments.clone());
            let draft = WrapDraft { code: code.to_owned(), comments, data: BTreeMap::new(), callback_at: None };
            world.write_wrap(&key(), *id, &draft, None).unwrap();
            assert!(world.window().bytes() <= 400_000, "{} bytes", world.window().bytes());
        }
    }
    let long = |event: &&Event| match &event.body {
        Body::WrapWritten(wrap) => wrap.comments.as_ref().is_some_and(|text| text.len() == 8_000),
        _ => false,
    };
    let kept = world.window().events().filter(long).count();
    assert!((10..=50).contains(&kept), "{kept} comments of 8,000 bytes");
    assert_eq!(world.resume(&place), Err(Unreadable::TooOld));
    let newest = world.cursor();
    assert_eq!(world.resume(&newest), Ok(newest.seq));
}

#[test]
fn what_the_log_takes_is_counted_as_if_it_were_counted_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let mut config = small(38);
    // Legs are older than the log, and change while it moves on.
    config.bounds.events_max = 700;
    let world = World::open(config.clone(), &path, now()).unwrap();
    let (bytes, events) = (world.window().bytes(), world.window().events().len());
    drop(world);
    let world = World::open(config, &path, now()).unwrap();
    assert_eq!((world.window().bytes(), events), (bytes, 700));
    let mut none = small(39);
    none.bounds.events_max = 0;
    assert_eq!(World::ephemeral(none, now()).window().bytes(), 0);
}

#[test]
fn a_snapshot_at_a_place_is_what_held_then() {
    let mut real = now();
    let mut config = small(34);
    // A leg may be older than the log.
    config.bounds.events_max = 4_000;
    let mut world = World::ephemeral(config, real);
    let seq = world.state().seq();
    fn shown(world: &World, call: &Call) -> serde_json::Value {
        serde_json::to_value(CallView::of(world.state(), call, Rights::ALL)).unwrap()
    }
    let live: Vec<_> = world.state().live_calls().map(|call| shown(&world, call)).collect();
    let agents: Vec<_> = world.state().agents().map(|agent| (agent.id, agent.status, agent.state_since)).collect();
    let calls = world.state().calls().count();
    assert!(!live.is_empty());
    pass(&mut world, &mut real, HOUR_MS);
    assert!(world.state().seq() > seq + 100);
    let then: Vec<_> = world.live_calls_at(seq).unwrap().iter().map(|call| shown(&world, call)).collect();
    assert_eq!(then, live);
    assert_eq!(world.agents_at(seq).unwrap(), agents);
    assert_eq!(world.calls_at(seq).unwrap().count(), calls);
    assert_eq!(world.live_calls_at(world.state().seq() + 1), Err(Unreadable::Future));
}

#[test]
fn an_event_has_the_published_form() {
    let world = world(35);
    let answered = world
        .window()
        .events()
        .find(|event| event.kind().as_str() == "call.answered" && matches!(event.subject, Subject::Call(_)))
        .unwrap();
    let shown = on_the_wire(&world, answered);
    for field in ["id", "epoch", "seq", "type", "timestamp", "subject", "subject_seq", "actor", "data"] {
        assert!(!shown[field].is_null(), "{field} is missing of {shown:#}");
    }
    assert_eq!(shown["type"], "call.answered");
    assert_eq!(shown["subject"]["kind"], "call");
    assert_eq!(shown["data"]["state"], "connected");
    assert!(shown["data"]["agent"]["display_name"].is_string());
    let changed = world.window().events().find(|event| event.kind().as_str() == "agent.state_changed").unwrap();
    let shown = on_the_wire(&world, changed);
    assert!(shown["data"]["previous"]["state"].is_string(), "{shown:#}");
    assert!(world.window().events().all(|event| on_the_wire(&world, event).to_string().len() < 16 * 1024));
}

#[test]
fn fields_follow_rights() {
    let world = world(36);
    let call = world.state().calls().find(|call| call.wrap.is_some() && call.from.e164.is_some()).unwrap();
    let all = serde_json::to_value(CallView::of(world.state(), call, Rights::ALL)).unwrap();
    let none = serde_json::to_value(CallView::of(world.state(), call, Rights::NONE)).unwrap();
    assert!(all["wrap"]["code"].is_string());
    assert!(none.get("wrap").is_none());
    let (whole, masked) = (all["from"]["e164"].as_str().unwrap(), none["from"]["e164"].as_str().unwrap());
    assert_eq!((&whole[..5], &whole[whole.len() - 2..]), (&masked[..5], &masked[masked.len() - 2..]));
    assert!(masked.contains("***"));
}

/// Also of what happened at the same instant, and of what has ended since.
#[test]
fn an_event_of_a_recording_or_a_lead_tells_what_held_after_it() {
    let mut world = world(97);
    let mut real = now();
    let (_, id) = connected(&mut world, &mut real);
    let before = world.state().seq();
    for reason in ["payment", "identity"] {
        world.pause_recording(&key(), id, reason).unwrap();
        world.resume_recording(&key(), id).unwrap();
    }
    let draft = |number: &str| LeadDraft {
        campaign_id: world.state().campaigns().next().unwrap().id,
        external_id: None,
        contact_id: None,
        phones: vec![PhoneNumber::valid(number)],
        timezone: None,
        not_before: None,
        not_after: None,
        excluded: true,
    };
    let (first, second) = (draft("+61491570006"), draft("+61491570156"));
    let lead = world.put_lead(&key(), None, first).unwrap();
    world.put_lead(&key(), Some(lead), second).unwrap();
    let read = |world: &World| -> Vec<_> {
        let events = world.events_after(before, 6).unwrap();
        events.map(|event| (event.seq, on_the_wire(world, event))).collect()
    };
    let then = read(&world);
    let of_recording: Vec<_> = then[..4].iter().map(|(_, event)| &event["data"]).collect();
    let pauses: Vec<_> = of_recording.iter().map(|data| data["pauses"].as_array().unwrap().len()).collect();
    assert_eq!(pauses, [1, 1, 2, 2]);
    let open: Vec<_> = of_recording
        .iter()
        .map(|data| data["pauses"].as_array().unwrap().iter().filter(|pause| pause["to_ms"].is_null()).count())
        .collect();
    assert_eq!(open, [1, 0, 1, 0]);
    let numbers: Vec<_> = then[4..].iter().map(|(_, event)| event["data"]["phones"][0]["e164"].clone()).collect();
    assert_eq!(numbers, ["+61491570006", "+61491570156"]);
    for (seq, event) in &then {
        assert_eq!(event["data"]["seq"], *seq);
        assert_eq!(event["data"]["updated_at"], event["timestamp"]);
    }
    world.hang_up(&key(), id).unwrap();
    pass(&mut world, &mut real, HOUR_MS);
    assert_eq!(read(&world), then);
}
