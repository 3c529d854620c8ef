use std::collections::HashMap;

use contact_centre::{
    event::EventType,
    id::{AgentId, QueueId},
    push::{Audience, Encoded, Feed, Filter, Kinds, Start},
    view::Rights,
};

use crate::support::{Centre, is_logged, json, kind, rest};

fn agents(ids: &[AgentId]) -> Filter {
    Filter { agents: Some(ids.into()), ..Filter::default() }
}

#[tokio::test(start_paused = true)]
async fn those_who_see_the_same_share_the_bytes_and_others_have_their_own() {
    let mut centre = Centre::new(61);
    let less = Audience { rights: Rights::NONE, ..Audience::all(Feed::Calls) };
    let audiences = [Audience::all(Feed::Calls), Audience::all(Feed::Calls), less];
    let mut streams = audiences.map(|audience| centre.follow(audience, Filter::default(), Start::Now));
    for stream in &mut streams {
        rest(stream).await;
    }
    centre.pass_in(20, 5_000).await;
    let mut read = Vec::new();
    for stream in &mut streams {
        let logged = rest(stream).await.into_iter().filter(|frame| kind(frame).starts_with("call."));
        read.push(logged.collect::<Vec<Encoded>>());
    }
    assert!(!read[0].is_empty() && read[0].len() == read[2].len());
    for ((first, second), less) in read[0].iter().zip(&read[1]).zip(&read[2]) {
        assert_eq!(first.sse().as_ptr(), second.sse().as_ptr(), "one writing for both");
        let (all, less) = (json(first), json(less));
        assert!(all["data"].get("wrap").is_some() && less["data"].get("wrap").is_none());
        assert_eq!(all["seq"], less["seq"]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_read_again_has_the_same_bytes() {
    let mut centre = Centre::new(62);
    let told = centre.told();
    for feed in [Feed::AgentStates, Feed::Queues, Feed::Calls] {
        let logged = |frames: Vec<Encoded>| frames.into_iter().filter(is_logged).collect::<Vec<_>>();
        let mut following = centre.follow(Audience::all(feed), Filter::default(), Start::Now);
        rest(&mut following).await;
        let mut live = Vec::new();
        // Calls tell more than may wait for a reader.
        for _ in 0..20 {
            centre.pass_in(10, 10_000).await;
            live.extend(logged(rest(&mut following).await));
        }
        if feed == Feed::Calls {
            assert!(live.iter().any(|frame| kind(frame) == "recording.started"));
        }
        centre.pass(3_600_000);
        let mut again = centre.follow(Audience::all(feed), Filter::default(), centre.after(told));
        let again: HashMap<_, _> =
            logged(rest(&mut again).await).into_iter().map(|frame| (json(&frame)["seq"].as_u64(), frame)).collect();
        assert!(!live.is_empty(), "{feed}");
        for frame in live {
            assert_eq!(again[&json(&frame)["seq"].as_u64()].sse(), frame.sse(), "{feed}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_filter_narrows_and_leaves_no_hole_in_what_it_lets_through() {
    let mut centre = Centre::new(63);
    let agent = centre.world.read(|world| world.state().agents().find(|agent| agent.status.is_free()).unwrap().id);
    let mut stream = centre.follow(Audience::all(Feed::AgentStates), agents(&[agent]), Start::Now);
    let first = rest(&mut stream).await;
    assert_eq!(json(&first[1])["items"].as_array().unwrap().len(), 1);
    let before = centre.world.read(|world| world.state().agent(agent).unwrap().subject_seq);
    centre.pass_in(300, 30_000).await;
    let frames = rest(&mut stream).await;
    let seqs: Vec<_> = frames.iter().filter_map(|frame| json(frame)["subject_seq"].as_u64()).collect();
    assert!(seqs.len() > 5);
    let expected: Vec<_> = (1..=seqs.len() as u64).map(|n| u64::from(before) + n).collect();
    assert_eq!(seqs, expected);
    assert!(frames.iter().all(|frame| json(frame)["subject"]["id"] == agent.to_string()));
}

#[tokio::test(start_paused = true)]
async fn types_and_queues_narrow_too() {
    let mut centre = Centre::new(64);
    let queue = centre.world.read(|world| world.state().queues().find(|queue| queue.open).unwrap().id);
    let kinds = Kinds::parse(["call.answered", "call.ended"]).unwrap();
    let filter = Filter { queues: Some([queue].into()), kinds, ..Filter::default() };
    let told = centre.told();
    centre.pass(7_200_000);
    let mut stream = centre.follow(Audience::all(Feed::Calls), filter, centre.after(told));
    let frames = rest(&mut stream).await;
    let of_calls: Vec<_> = frames.iter().filter(|frame| is_logged(frame)).map(json).collect();
    assert!(of_calls.iter().any(|event| event["type"] == EventType::CallAnswered.as_str()));
    for event in &of_calls {
        assert_eq!(event["data"]["queue"]["id"], queue.to_string());
        assert!(matches!(event["type"].as_str(), Some("call.answered" | "call.ended")));
    }
}

#[tokio::test(start_paused = true)]
async fn who_may_know_of_one_queue_learns_of_no_other() {
    let mut centre = Centre::new(65);
    // The one with the most calls.
    let queue = centre.world.read(|world| {
        let calls = |queue: QueueId| world.state().calls().filter(|call| call.queue_id == Some(queue)).count();
        world.state().queues().map(|queue| queue.id).max_by_key(|queue| calls(*queue)).unwrap()
    });
    let own = |feed| Audience { queues: Some([queue].into()), ..Audience::all(feed) };
    let mut queues = centre.follow(own(Feed::Queues), Filter::default(), Start::Now);
    let mut calls = centre.follow(own(Feed::Calls), Filter::default(), Start::Now);
    let first = rest(&mut queues).await;
    assert_eq!(json(&first[1])["items"].as_array().unwrap().len(), 1);
    rest(&mut calls).await;
    centre.pass_in(300, 10_000).await;
    let of_queues = rest(&mut queues).await;
    assert!(!of_queues.is_empty());
    for frame in of_queues {
        assert_eq!(json(&frame)["subject"]["id"], queue.to_string());
    }
    let mut of_calls = 0;
    for frame in rest(&mut calls).await {
        assert!(!kind(&frame).starts_with("contact.") && !kind(&frame).starts_with("lead."));
        if kind(&frame).starts_with("call.") {
            assert_eq!(json(&frame)["data"]["queue"]["id"], queue.to_string());
            of_calls += 1;
        }
    }
    assert!(of_calls > 0);
}

#[tokio::test(start_paused = true)]
async fn recordings_contacts_and_leads_are_for_those_who_may_see_them() {
    let mut centre = Centre::new(66);
    let told = centre.told();
    centre.pass(7_200_000);
    let few = Audience { recordings: false, rights: Rights::NONE, ..Audience::all(Feed::Calls) };
    let mut all = centre.follow(Audience::all(Feed::Calls), Filter::default(), centre.after(told));
    let mut few = centre.follow(few, Filter::default(), centre.after(told));
    let all = rest(&mut all).await;
    assert!(all.iter().any(|frame| kind(frame).starts_with("recording.")));
    let few: Vec<_> = rest(&mut few).await.into_iter().filter(is_logged).collect();
    assert!(!few.is_empty() && few.iter().all(|frame| json(frame)["subject"]["kind"] == "call"));
}
