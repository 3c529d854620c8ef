use crate::support::Door;

#[tokio::test]
async fn a_pull_goes_on_where_the_snapshot_ended() {
    let door = Door::open(21).await;
    let scope = "agent-states:subscribe";
    let (status, _, whole) = door.ask("GET /v1/agent-states/snapshot", scope, None).await;
    assert_eq!((status, whole["items"].as_array().unwrap().len()), (200, 20));
    let from = whole["as_of"]["seq"].as_u64().unwrap();
    door.pass(900_000);
    let mut cursor = whole["cursor"].as_str().unwrap().to_owned();
    let mut pulled = Vec::new();
    loop {
        let line = format!("GET /v1/agent-states/events?after={cursor}&limit=10");
        let (status, _, page) = door.ask(&line, scope, None).await;
        assert_eq!(status, 200, "{page}");
        pulled.extend(page["items"].as_array().unwrap().iter().map(|event| event["seq"].as_u64().unwrap()));
        page["next_cursor"].as_str().unwrap().clone_into(&mut cursor);
        if page["has_more"] == false {
            break;
        }
    }
    let log: Vec<_> = door.centre.worlds().main().read(|world| {
        let of_agents = |event: &&contact_centre::event::Event| event.subject.kind().as_str() == "agent";
        world.events_after(from, usize::MAX).unwrap().filter(of_agents).map(|event| event.seq).collect()
    });
    assert!(pulled.len() > 20);
    assert_eq!(pulled, log);
    let (_, _, then) = door.ask(&format!("GET /v1/agent-states/snapshot?as_of_seq={from}"), scope, None).await;
    assert_eq!(then, whole);
}

#[tokio::test]
async fn what_can_not_be_read_is_told() {
    let door = Door::open(22).await;
    for (query, status, code) in [
        ("after=k0-5", 410, "changes_lost"),
        ("after=5", 400, "invalid_request"),
        ("limit=0", 400, "invalid_request"),
        ("limit=501", 400, "invalid_request"),
        ("types=", 400, "invalid_request"),
    ] {
        let (found, _, problem) = door.ask(&format!("GET /v1/call-events?{query}"), "calls:read", None).await;
        assert_eq!((found, problem["code"].as_str()), (status, Some(code)), "{query}: {problem}");
    }
    let ahead = format!("GET /v1/live-calls?as_of_seq={}", door.told() + 1);
    let (status, _, problem) = door.ask(&ahead, "calls:read", None).await;
    assert_eq!((status, problem["reason"].as_str()), (410, Some("from_the_future")));
}

#[tokio::test]
async fn numbers_and_wraps_follow_rights() {
    let door = Door::open(23).await;
    let from = format!("GET /v1/call-events?types=call.*&limit=500&after={}-{}", door.epoch(), door.told());
    door.pass(600_000);
    let (_, _, all) = door.ask(&from, "calls:read contacts:read wraps:read", None).await;
    let (_, _, few) = door.ask(&from, "calls:read", None).await;
    let inbound = |page: &serde_json::Value| {
        let events = page["items"].as_array().unwrap().clone();
        events
            .into_iter()
            .find(|event| event["data"]["direction"] == "inbound" && event["data"]["from"]["e164"].is_string())
            .unwrap()
    };
    let (all, few) = (inbound(&all), inbound(&few));
    assert_eq!(all["id"], few["id"]);
    assert!(all["data"].get("wrap").is_some() && few["data"].get("wrap").is_none());
    assert!(!all["data"]["from"]["e164"].as_str().unwrap().contains('*'));
    assert!(few["data"]["from"]["e164"].as_str().unwrap().contains('*'));
}
