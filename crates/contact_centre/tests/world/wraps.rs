use std::{collections::BTreeMap, sync::Arc};

use contact_centre::{
    event::{Body, Subject},
    metrics::{Leg, Terms, agent_rows, queue_rows},
    objects::{Call, ContactPhone, LegState, PhoneNumber, PhoneType, Presentation, Recording, Wrap},
    state::Revisions,
    world::{ContactDraft, Dialled, Refusal, World, WrapDraft},
};
use model::{Instant, PeriodBounds};

use crate::support::{HOUR_MS, call, connected, free_agent, key, now, on_the_wire, pass, until, world};

fn draft(code: &str) -> WrapDraft {
    WrapDraft {
        code: code.to_owned(),
        comments: Some("é\u{2028}".to_owned()),
        data: BTreeMap::new(),
        callback_at: None,
    }
}

#[test]
fn a_wrap_that_is_written_while_the_agent_wraps_ends_that() {
    let mut world = world(91);
    let mut real = now();
    let (_, id) = connected(&mut world, &mut real);
    world.hang_up(&key(), id).unwrap();
    pass(&mut world, &mut real, 3_000);
    world.write_wrap(&key(), id, &draft("order"), None).unwrap();
    let call = call(&world, id);
    assert_eq!((call.state, call.durations().wrap_ms), (LegState::Closed, Some(3_000)));
    let wrap = call.wrap.as_ref().unwrap();
    assert_eq!((&*wrap.code, wrap.late, wrap.revision, call.revision), ("order", false, 0, 0));
    let first = world.now();
    pass(&mut world, &mut real, 60_000);
    world.write_wrap(&key(), id, &draft("complaint"), None).unwrap();
    let wrap = crate::support::call(&world, id).wrap.as_ref().unwrap();
    assert_eq!((wrap.created_at, wrap.written_at), (first, world.now()));
}

#[test]
fn a_late_wrap_raises_the_revisions_of_what_it_touches_and_of_nothing_else() {
    let mut world = world(92);
    let mut real = now();
    pass(&mut world, &mut real, HOUR_MS);
    let of =
        |call: &&Call| call.closed_at.is_some_and(|at| at < now()) && call.queue_id.is_some() && call.wrap.is_some();
    let id = world.state().calls().rfind(of).unwrap().id;
    assert_eq!(world.state().revisions().all().count(), 0);
    let before = world.state().seq();
    world.write_wrap(&key(), id, &draft("complaint"), Some(0)).unwrap();
    let written = call(&world, id);
    let wrap = written.wrap.as_ref().unwrap();
    assert_eq!((wrap.late, wrap.revision, written.revision, written.state), (true, 1, 1, LegState::Closed));
    let queue = Subject::Queue(written.queue_id.unwrap());
    let agent = Subject::Agent(written.agent_id.unwrap());
    for (subject, _, revised) in world.state().revisions().all() {
        assert!(subject == queue || subject == agent);
        assert_eq!(revised.revision, 1);
    }
    let kinds: Vec<_> = world.events_after(before, 100).unwrap().map(|event| event.kind().as_str()).collect();
    assert_eq!(kinds[..2], ["wrap.written", "call.corrected"]);
    assert!(kinds[2..].iter().all(|kind| *kind == "interval.revised") && (2..=4).contains(&kinds[2..].len()));
    let revised = world.window().events().filter(|event| matches!(event.body, Body::IntervalRevised { .. })).count();
    assert_eq!(world.state().revisions().all().count(), revised);
    // To write what is written changes nothing.
    let seq = world.state().seq();
    world.write_wrap(&key(), id, &draft("complaint"), None).unwrap();
    assert_eq!(world.state().seq(), seq);
    assert!(matches!(world.write_wrap(&key(), id, &draft("other"), Some(0)), Err(Refusal::Changed)));
}

/// The revision of the row of a quarter hour, as figures tell it now.
fn revision_of_row(world: &World, subject: Subject, start: Instant) -> u64 {
    let quarter = [PeriodBounds { start, end: start.plus_millis(Revisions::INTERVAL_MS) }];
    let (state, terms) = (world.state(), Terms::default());
    let legs = state.calls().map(|call| Leg::new(call, |id| state.call(id)));
    match subject {
        Subject::Queue(id) => {
            queue_rows(state.queue(id).unwrap(), legs, &quarter, &terms, world.now())[0].finality.revision
        }
        Subject::Agent(id) => {
            agent_rows([state.agent(id).unwrap()], legs, &quarter, &terms, world.now())[0].finality.revision
        }
        other => panic!("{other:?} has no rows"),
    }
}

/// Also of an interval that goes on: else the event of the next correction would tell less than the row.
#[test]
fn an_event_tells_the_revision_that_the_row_has() {
    // One whose quarter hour goes on for a while.
    let (mut world, mut real, agent, id, start) = (101..150)
        .find_map(|seed| {
            let (mut world, mut real) = (world(seed), now());
            let (agent, id) = connected(&mut world, &mut real);
            let start = Revisions::start_of(world.now());
            let end = start.plus_millis(Revisions::INTERVAL_MS);
            (world.now().plus_millis(120_000) < end).then_some((world, real, agent, id, start))
        })
        .expect("a quarter hour that goes on");
    world.hang_up(&key(), id).unwrap();
    world.write_wrap(&key(), id, &draft("order"), None).unwrap();
    let agrees = |world: &mut World, code: &str, revision: u32| {
        let before = world.state().seq();
        world.write_wrap(&key(), id, &draft(code), None).unwrap();
        assert_eq!(call(world, id).revision, revision);
        let mut told = Vec::new();
        for event in world.events_after(before, 100).unwrap() {
            if let Body::IntervalRevised { start, revision } = event.body {
                assert_eq!(u64::from(revision), revision_of_row(world, event.subject, start), "{event:?}");
                assert_eq!(on_the_wire(world, event)["data"]["revision"], revision);
                told.push((event.subject, start, revision));
            }
        }
        assert!(told.contains(&(Subject::Agent(agent), start, revision)), "{told:?}");
    };
    pass(&mut world, &mut real, 60_000);
    assert!(world.now() < start.plus_millis(Revisions::INTERVAL_MS));
    agrees(&mut world, "complaint", 1);
    pass(&mut world, &mut real, 40 * 60_000);
    // What tells that the interval is over tells of the correction before.
    let closed = world.window().events().find_map(|event| match event.body {
        Body::IntervalClosed { start: of, revision } if event.subject == Subject::Agent(agent) && of == start => {
            Some(revision)
        }
        _ => None,
    });
    assert_eq!(closed, Some(1));
    agrees(&mut world, "other", 2);
}

#[test]
fn who_writes_no_wrap_has_until_the_limit() {
    let mut world = world(93);
    let mut real = now();
    let (_, id) = connected(&mut world, &mut real);
    world.hang_up(&key(), id).unwrap();
    until(&mut world, &mut real, |world| call(world, id).closed_at);
    let call = call(&world, id);
    assert_eq!((call.durations().wrap_ms, &call.wrap), (Some(180_000), &None));
}

#[test]
fn what_can_be_written_is_bounded() {
    let mut world = world(94);
    let (_, id) = connected(&mut world, &mut now());
    for (field, wrong) in [
        ("code", draft("nonsense")),
        ("comments", WrapDraft { comments: Some("é".repeat(4001)), ..draft("order") }),
        ("data", WrapDraft { data: (0..33).map(|n| (n.to_string(), String::new())).collect(), ..draft("order") }),
        ("data", WrapDraft { data: BTreeMap::from([("x".to_owned(), "y".repeat(257))]), ..draft("order") }),
        ("data", WrapDraft { data: (0..32).map(|n| (n.to_string(), "🦀".repeat(256))).collect(), ..draft("order") }),
        ("data", WrapDraft { data: (0..5).map(|n| (n.to_string(), "\u{1}".repeat(256))).collect(), ..draft("order") }),
    ] {
        let refused = world.write_wrap(&key(), id, &wrong, None);
        assert!(matches!(refused, Err(Refusal::Invalid { field: named, .. }) if named == field), "{refused:?}");
    }
    world.write_wrap(&key(), id, &draft("order"), None).unwrap();
    assert_eq!(call(&world, id).state, LegState::Connected, "it is noted while they speak");
}

/// However much programs write, an event has less than 16 KiB.
#[test]
fn the_fullest_event_is_bounded() {
    let mut world = world(95);
    let mut real = now();
    let full = |e164: Option<&str>| PhoneNumber {
        e164: e164.map(Into::into),
        raw: "🦀".repeat(200).into(),
        extension: Some("1".repeat(20).into()),
        presentation: Presentation::Allowed,
    };
    let id = (0..200).find_map(|_| {
        let agent_id = until(&mut world, &mut real, free_agent);
        let (to, from) = (full(Some("+61491570006")), Some(full(None)));
        let id = world.make_call(&key(), Dialled { agent_id, to, from, campaign_id: None, lead_id: None }).unwrap();
        let is_over = |state| matches!(state, LegState::Connected | LegState::Closed);
        let over = until(&mut world, &mut real, |world| Some(call(world, id).state).filter(|state| is_over(*state)));
        (over == LegState::Connected).then_some(id)
    });
    let id = id.expect("somebody answers");
    let reason = "\"".repeat(32);
    while world.pause_recording(&key(), id, &reason).is_ok() {
        world.resume_recording(&key(), id).unwrap();
    }
    let recording = world.state().recording(call(&world, id).recording_id.unwrap()).unwrap();
    assert_eq!(recording.pauses.len(), Recording::PAUSES_MAX);
    while world.hold(&key(), id).is_ok() {
        world.resume_call(&key(), id).unwrap();
    }
    assert_eq!(call(&world, id).holds.len(), Call::HOLDS_MAX);
    let data = |text: &str| (0..5).map(|n| (format!("field-{n}"), text.repeat(256))).collect();
    let fullest = |text: &str| WrapDraft { comments: Some("é".repeat(4000)), data: data(text), ..draft("order") };
    world.write_wrap(&key(), id, &fullest("🦀"), None).unwrap();
    world.hang_up(&key(), id).unwrap();
    pass(&mut world, &mut real, HOUR_MS);
    world.write_wrap(&key(), id, &fullest("🐢"), None).unwrap();
    let contact = ContactDraft {
        display_name: "🦀".repeat(200),
        company: Some("🦀".repeat(200)),
        email: Some("🦀".repeat(200)),
        phones: (0..10)
            .map(|_| ContactPhone {
                kind: PhoneType::Mobile,
                number: Arc::new(full(Some("+61491570006"))),
                primary: false,
            })
            .collect(),
        external_ids: BTreeMap::from([("crm".to_owned(), "🦀".repeat(200))]),
        timezone: None,
        do_not_call: false,
        notes: Some("n".repeat(1500)),
    };
    world.put_contact(&key(), None, &contact, None).unwrap();
    for notes in ["n".repeat(4000), "\u{1}".repeat(1000)] {
        let more = ContactDraft { notes: Some(notes), ..contact.clone() };
        assert!(matches!(world.put_contact(&key(), None, &more, None), Err(Refusal::Invalid { field: "notes", .. })));
    }
    let longest = world.window().events().map(|event| on_the_wire(&world, event).to_string().len()).max().unwrap();
    assert!((12 * 1024..16 * 1024).contains(&longest), "{longest}");
}

#[test]
fn a_wrap_is_changed_a_hundred_times_at_most() {
    let mut world = world(93);
    let mut real = now();
    let (_, id) = connected(&mut world, &mut real);
    for n in 0..=Wrap::REVISIONS_MAX {
        let draft = WrapDraft { comments: Some(n.to_string()), ..draft("order") };
        world.write_wrap(&key(), id, &draft, None).unwrap();
    }
    let before = world.state().seq();
    assert!(matches!(world.write_wrap(&key(), id, &draft("order"), None), Err(Refusal::Full(_))));
    let same = WrapDraft { comments: Some(Wrap::REVISIONS_MAX.to_string()), ..draft("order") };
    world.write_wrap(&key(), id, &same, None).unwrap();
    assert_eq!(world.state().seq(), before);
    world.hang_up(&key(), id).unwrap();
    until(&mut world, &mut real, |world| call(world, id).closed_at);
}
