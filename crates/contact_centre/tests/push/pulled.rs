use std::collections::BTreeMap;

use contact_centre::{
    log::{Cursor, Unreadable},
    push::{Audience, Feed, Filter, Kinds, pull},
};

use crate::support::{Centre, is_logged, json, rest};

#[tokio::test(start_paused = true)]
async fn a_pull_gives_the_bytes_of_the_stream_page_by_page() {
    let mut centre = Centre::new(91);
    let told = centre.told();
    centre.pass(3_600_000);
    let audience = Audience::all(Feed::Calls);
    let mut stream = centre.follow(audience.clone(), Filter::default(), centre.after(told));
    let streamed: Vec<_> = rest(&mut stream).await.into_iter().filter(is_logged).collect();
    let mut cursor: Cursor = Cursor { epoch: centre.world.read(|world| world.epoch().clone()), seq: told };
    let mut pulled = Vec::new();
    loop {
        let page = centre.world.read(|world| pull(world, &audience, &Filter::default(), Some(&cursor), 7)).unwrap();
        let shown: serde_json::Value = serde_json::from_slice(&page.json()).unwrap();
        assert_eq!(shown["items"].as_array().unwrap().len(), page.items.len());
        assert_eq!(
            (shown["has_more"].as_bool(), shown["next_cursor"].as_str()),
            (Some(page.has_more), Some(&*page.next))
        );
        assert!(shown["as_of"]["seq"].as_u64() >= Some(told) && page.items.len() <= 7);
        pulled.extend(page.items);
        cursor = page.next.parse().unwrap();
        if !page.has_more {
            break;
        }
    }
    assert_eq!(pulled, streamed);
}

#[tokio::test(start_paused = true)]
async fn a_page_moves_on_over_what_is_not_wanted() {
    let mut centre = Centre::new(92);
    let told = centre.told();
    centre.pass(3_600_000);
    let filter = Filter { kinds: Kinds::parse(["recording.deleted"]).unwrap(), ..Filter::default() };
    let page = centre.world.read(|world| pull(world, &Audience::all(Feed::Queues), &filter, None, 500)).unwrap();
    assert!(page.items.is_empty());
    assert!(page.next.parse::<Cursor>().unwrap().seq > 0);
    let Some(ahead) = page.next.parse::<Cursor>().ok().map(|cursor| Cursor { seq: centre.told() + 1, ..cursor }) else {
        panic!("no place")
    };
    let future = centre.world.read(|world| pull(world, &Audience::all(Feed::Calls), &filter, Some(&ahead), 5));
    assert_eq!(future, Err(Unreadable::Future));
    assert!(centre.told() > told);
    assert!(centre.world.read(|world| {
        let page = pull(world, &Audience::all(Feed::AgentStates), &Filter::default(), None, 1).unwrap();
        json(&page.items[0])["subject"]["kind"] == "agent"
    }));
}

/// What closes an interval counts among the events of its agent: whoever asks for all types sees no hole, and whoever leaves it out does.
#[tokio::test(start_paused = true)]
async fn an_agent_s_events_are_counted_without_a_gap_and_intervals_count() {
    let mut centre = Centre::new(93);
    let from = Cursor { epoch: centre.world.read(|world| world.epoch().clone()), seq: centre.told() };
    centre.pass(3_600_000);
    let counted = |filter: &Filter| {
        let (mut cursor, mut counts) = (from.clone(), BTreeMap::<String, Vec<(u64, String)>>::new());
        loop {
            let page = centre
                .world
                .read(|world| pull(world, &Audience::all(Feed::AgentStates), filter, Some(&cursor), 500).unwrap());
            for event in page.items.iter().map(json) {
                let of = counts.entry(event["subject"]["id"].to_string()).or_default();
                of.push((event["subject_seq"].as_u64().unwrap(), event["type"].as_str().unwrap().to_owned()));
            }
            cursor = page.next.parse().unwrap();
            if !page.has_more {
                return counts;
            }
        }
    };
    let has_hole = |counts: &[(u64, String)]| counts.windows(2).any(|two| two[1].0 != two[0].0 + 1);
    let all = counted(&Filter::default());
    assert!(all.values().flatten().any(|(_, kind)| kind == "interval.closed"));
    assert!(!all.values().any(|counts| has_hole(counts)));
    let few = counted(&Filter { kinds: Kinds::parse(["agent.*"]).unwrap(), ..Filter::default() });
    assert!(few.values().any(|counts| has_hole(counts)));
}
