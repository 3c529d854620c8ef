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
