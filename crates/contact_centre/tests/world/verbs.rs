use std::collections::BTreeMap;

use contact_centre::{
    event::TransferTarget,
    objects::{AgentState, LegState, Outcome, PhoneNumber, RecordingStatus, Relation},
    world::{Arriving, ContactDraft, Dialled, LeadDraft, Refusal, TransferMode},
};

use crate::support::{
    Beside, beside_a_colleague, call, connected, free_agent, key, now, open_queue, pass, until, world,
};

#[test]
fn a_call_is_there_before_it_is_dialled() {
    let mut world = world(71);
    let agent = until(&mut world, &mut now(), free_agent);
    let to = PhoneNumber::valid("+61491570006");
    let dialled = Dialled { agent_id: agent, to, from: None, campaign_id: None, lead_id: None };
    let id = world.make_call(&key(), dialled.clone()).unwrap();
    assert_eq!(call(&world, id).state, LegState::Requested);
    assert_eq!(world.state().agent(agent).unwrap().status.state(), AgentState::Dialing);
    assert!(matches!(world.make_call(&key(), dialled), Err(Refusal::AgentBusy)));
    world.hang_up(&key(), id).unwrap();
    assert_eq!(call(&world, id).outcome, Some(Outcome::Cancelled));
    assert!(matches!(world.hang_up(&key(), id), Err(Refusal::WrongState(LegState::Closed))));
}

#[test]
fn a_call_is_held_and_resumed_and_its_hold_is_counted() {
    let mut world = world(72);
    let mut real = now();
    let (agent, id) = connected(&mut world, &mut real);
    assert!(matches!(world.resume_call(&key(), id), Err(Refusal::WrongState(LegState::Connected))));
    world.hold(&key(), id).unwrap();
    assert_eq!(world.state().agent(agent).unwrap().status.state(), AgentState::Held);
    assert!(matches!(world.hold(&key(), id), Err(Refusal::WrongState(LegState::Held))));
    pass(&mut world, &mut real, 1_234);
    world.resume_call(&key(), id).unwrap();
    world.hang_up(&key(), id).unwrap();
    assert_eq!(call(&world, id).durations().hold_ms, Some(1_234));
}

#[test]
fn a_blind_transfer_begins_another_leg_in_the_same_moment() {
    let Beside { mut world, agent, id, colleague, .. } = beside_a_colleague(73..84).next().expect("a free colleague");
    let before = world.state().seq();
    let own = world.transfer(&key(), id, TransferTarget::Agent(agent), TransferMode::Blind);
    assert!(matches!(own, Err(Refusal::Invalid { .. })));
    let child = world.transfer(&key(), id, TransferTarget::Agent(colleague), TransferMode::Blind).unwrap();
    let of: Vec<_> = world.events_after(before, 100).unwrap().collect();
    let kinds: Vec<_> = of.iter().map(|event| event.kind().as_str()).collect();
    assert_eq!(kinds[..4], ["call.transferred", "call.started", "call.offered", "call.ended"]);
    assert!(of.iter().all(|event| event.at == world.now()));
    let (parent, child) = (call(&world, id), call(&world, child));
    assert_eq!((parent.state, parent.outcome), (LegState::Wrapping, Some(Outcome::Transferred)));
    assert_eq!((child.parent_id, child.root_id, child.relation), (Some(id), parent.root_id, Relation::Transfer));
    assert_eq!((child.queue_id, child.instants.enqueued_at), (None, None), "it visits no queue");
}

#[test]
fn an_attended_transfer_joins_whom_the_agent_has_asked() {
    for Beside { mut world, mut real, agent, id, colleague } in beside_a_colleague(74..84) {
        let consult = world.transfer(&key(), id, TransferTarget::Agent(colleague), TransferMode::Attended).unwrap();
        assert_eq!(call(&world, id).state, LegState::Held);
        // The customer waits: that goes before asking a colleague.
        assert_eq!(world.state().agent(agent).unwrap().status.state(), AgentState::Held);
        assert_eq!(world.state().agent(colleague).unwrap().status.state(), AgentState::Offered);
        assert!(matches!(world.complete(&key(), id), Err(Refusal::WrongState(_))));
        let answered = until(&mut world, &mut real, |world| {
            let (own, other) = (call(world, id).state, call(world, consult).state);
            (other != LegState::Alerting || own != LegState::Held).then_some(other == LegState::Connected)
        });
        if !answered {
            continue;
        }
        assert_eq!(world.state().agent(agent).unwrap().status.state(), AgentState::Held);
        assert_eq!(world.state().agent(colleague).unwrap().status.state(), AgentState::Consulting);
        world.complete(&key(), id).unwrap();
        assert_eq!(call(&world, consult).closed_at, Some(world.now()));
        let legs: Vec<_> = world.state().calls_of_root(call(&world, id).root_id).collect();
        let child = legs.iter().find(|leg| leg.relation == Relation::Transfer).unwrap();
        assert_eq!((child.state, child.agent_id), (LegState::Connected, Some(colleague)));
        assert_eq!(child.instants.answered_at, call(&world, id).instants.disconnected_at);
        assert_eq!(world.state().agent(colleague).unwrap().status.state(), AgentState::Talking);
        return;
    }
    panic!("no colleague ever answered");
}

#[test]
fn a_caller_who_is_made_up_waits_as_long_as_was_said() {
    let mut world = world(85);
    let mut real = now();
    let arriving = Arriving { queue_id: open_queue(&world), from: PhoneNumber::withheld(), patience_ms: Some(0) };
    let id = world.have_call(&key(), arriving).unwrap();
    until(&mut world, &mut real, |world| call(world, id).closed_at);
    let call = call(&world, id);
    assert_eq!(call.outcome, Some(Outcome::Abandoned));
    assert!(call.durations().wait_ms.is_none_or(|ms| ms <= 1), "{call:#?}");
}

#[test]
fn a_recording_pauses_and_is_as_long_as_the_call() {
    let mut world = world(86);
    let mut real = now();
    let (_, id) = connected(&mut world, &mut real);
    for reason in ["a\nb", "\0", &"é".repeat(33)] {
        let refused = world.pause_recording(&key(), id, reason);
        assert!(matches!(refused, Err(Refusal::Invalid { field: "reason", .. })), "{reason:?}");
    }
    world.pause_recording(&key(), id, "payment").unwrap();
    assert!(matches!(world.pause_recording(&key(), id, "payment"), Err(Refusal::Recording(_))));
    pass(&mut world, &mut real, 500);
    world.resume_recording(&key(), id).unwrap();
    world.pause_recording(&key(), id, "again").unwrap();
    world.hang_up(&key(), id).unwrap();
    assert!(matches!(world.resume_recording(&key(), id), Err(Refusal::Recording(_))));
    let recording = call(&world, id).recording_id.unwrap();
    let processing = world.state().recording(recording).unwrap();
    assert_eq!(processing.status, RecordingStatus::Processing);
    let took = call(&world, id).durations();
    assert_eq!(processing.duration_ms(), took.talk_ms.zip(took.hold_ms).map(|(talk, hold)| talk + hold));
    let spans: Vec<_> =
        processing.pauses.iter().map(|pause| pause.to.unwrap().as_millis() - pause.from.as_millis()).collect();
    assert_eq!(spans, [500, 0]);
    until(&mut world, &mut real, |world| {
        (world.state().recording(recording)?.status == RecordingStatus::Available).then_some(())
    });
}

#[test]
fn nobody_is_let_in_beyond_the_bound() {
    let mut config = crate::support::small(87);
    config.bounds.live_calls_max = 3;
    let mut world = contact_centre::world::World::ephemeral(config, now());
    let queue_id = open_queue(&world);
    let arriving = || Arriving { queue_id, from: PhoneNumber::withheld(), patience_ms: None };
    while world.state().live_count() < 3 {
        world.have_call(&key(), arriving()).unwrap();
    }
    assert!(matches!(world.have_call(&key(), arriving()), Err(Refusal::Full("calls"))));
    let mut real = now();
    pass(&mut world, &mut real, 600_000);
    assert!(world.state().live_count() <= 3);
}

fn lead_draft(world: &contact_centre::world::World, external_id: &str) -> LeadDraft {
    LeadDraft {
        campaign_id: world.state().campaigns().next().unwrap().id,
        external_id: Some(external_id.to_owned()),
        contact_id: None,
        phones: vec![PhoneNumber::valid("+61491570006")],
        timezone: None,
        not_before: None,
        not_after: None,
        excluded: false,
    }
}

#[test]
fn a_lead_is_found_by_the_id_of_another_system_and_is_the_only_one_with_it() {
    let mut world = world(88);
    let draft = lead_draft(&world, "X-1");
    let first = world.put_lead(&key(), None, draft.clone()).unwrap();
    assert_eq!(world.state().lead_with_external_id(draft.campaign_id, "X-1"), Some(first));
    assert!(matches!(world.put_lead(&key(), None, draft.clone()), Err(Refusal::Invalid { field: "external_id", .. })));
    let other_id = LeadDraft { external_id: Some("X-2".to_owned()), ..draft.clone() };
    let second = world.put_lead(&key(), None, other_id).unwrap();
    assert!(matches!(world.put_lead(&key(), Some(second), draft.clone()), Err(Refusal::Invalid { .. })));
    assert_eq!(world.put_lead(&key(), Some(first), LeadDraft { excluded: true, ..draft.clone() }).unwrap(), first);
    let other = world.state().campaigns().nth(1).unwrap().id;
    assert_eq!(world.state().lead_with_external_id(other, "X-1"), None);
    let elsewhere = world.put_lead(&key(), None, LeadDraft { campaign_id: other, ..draft }).unwrap();
    assert_eq!(world.state().lead_with_external_id(other, "X-1"), Some(elsewhere));
    // Those of the beginning are found, too.
    let known = world.state().leads().find(|lead| lead.external_id.as_deref() == Some("L-00001")).unwrap();
    assert_eq!(world.state().lead_with_external_id(known.campaign_id, "L-00001"), Some(known.id));
}

#[test]
fn nobody_s_name_is_blank_and_no_lead_ends_before_it_begins() {
    let mut world = world(89);
    let contact = ContactDraft {
        display_name: "Ada".to_owned(),
        company: None,
        email: None,
        phones: Vec::new(),
        external_ids: BTreeMap::new(),
        timezone: None,
        do_not_call: false,
        notes: Some("one\ntwo".to_owned()),
    };
    let some = |text: &str| Some(text.to_owned());
    let ids = |system: &str, id: &str| BTreeMap::from([(system.to_owned(), id.to_owned())]);
    for (field, wrong) in [
        ("display_name", ContactDraft { display_name: String::new(), ..contact.clone() }),
        ("display_name", ContactDraft { display_name: "   ".to_owned(), ..contact.clone() }),
        ("display_name", ContactDraft { display_name: "\0".to_owned(), ..contact.clone() }),
        ("display_name", ContactDraft { display_name: "a\nb".to_owned(), ..contact.clone() }),
        ("company", ContactDraft { company: some("a\0"), ..contact.clone() }),
        ("email", ContactDraft { email: some("a@b\r\nBcc: c"), ..contact.clone() }),
        ("external_ids", ContactDraft { external_ids: ids("crm", " "), ..contact.clone() }),
        ("external_ids", ContactDraft { external_ids: ids("a\tb", "1"), ..contact.clone() }),
    ] {
        let refused = world.put_contact(&key(), None, &wrong, None);
        assert!(matches!(refused, Err(Refusal::Invalid { field: named, .. }) if named == field), "{refused:?}");
    }
    world.put_contact(&key(), None, &contact, None).unwrap();
    let lead = lead_draft(&world, "X-1");
    let at = |ms: i64| Some(now().plus_millis(ms));
    for (field, wrong) in [
        ("external_id", LeadDraft { external_id: some(" "), ..lead.clone() }),
        ("external_id", LeadDraft { external_id: some("a\0"), ..lead.clone() }),
        ("not_after", LeadDraft { not_before: at(1), not_after: at(0), ..lead.clone() }),
        ("not_after", LeadDraft { not_before: at(1), not_after: at(1), ..lead.clone() }),
    ] {
        let refused = world.put_lead(&key(), None, wrong);
        assert!(matches!(refused, Err(Refusal::Invalid { field: named, .. }) if named == field), "{refused:?}");
    }
    world.put_lead(&key(), None, LeadDraft { not_before: at(0), not_after: at(1), ..lead }).unwrap();
}
