use contact_centre::{
    push::Feed,
    webhooks::{HEALTH_WINDOW_MS, NotDone, Patch, Standing, Webhooks},
};
use delivery::testing::{Receiver, Reply};
use model::WebhookOrder;
use serde_json::{Value, json};

use crate::support::{Centre, KEY, events, small};

fn shown(centre: &Centre, feed: Feed) -> Vec<Value> {
    centre.webhooks.list(KEY, feed).iter().map(|view| serde_json::to_value(view).unwrap()).collect()
}

#[tokio::test]
async fn a_receiver_ends_with_its_key_and_gets_no_more_than_that_may() {
    let mut centre = Centre::new(31);
    let receiver = Receiver::start().await.unwrap();
    centre.make(Feed::Calls, &["call.*"], receiver.url()).await.unwrap();
    centre.make(Feed::AgentStates, &["*"], receiver.url()).await.unwrap();
    let stands = Standing::Stands { feeds: vec![Feed::Calls], wraps: false, contacts: false, recordings: false };
    centre.webhooks.stands(KEY, &stands);
    centre.pass(3_600_000);
    centre.deliver().await;
    let came = events(&receiver);
    assert!(came.iter().all(|event| event["subject"]["kind"] == "call" && event["data"].get("wrap").is_none()));
    assert!(came.iter().any(|event| event["data"]["from"]["raw"].as_str().unwrap().contains('*')));
    assert_eq!(shown(&centre, Feed::AgentStates)[0]["disabled_by"], "insufficient_scope");
    assert_eq!(centre.webhooks.keys(), [KEY]);
    centre.webhooks.stands(KEY, &Standing::Ended);
    centre.pass(3_600_000);
    centre.deliver().await;
    assert_eq!((events(&receiver).len(), centre.webhooks.keys().len()), (came.len(), 0));
}

#[tokio::test]
async fn a_receiver_that_says_that_it_is_gone_is_switched_off() {
    let mut centre = Centre::new(32);
    let receiver = Receiver::start().await.unwrap();
    let (view, _) = centre.make(Feed::Calls, &["*"], receiver.url()).await.unwrap();
    receiver.answer(|_| Reply::status(410));
    centre.pass(600_000);
    centre.deliver().await;
    let hook = &shown(&centre, Feed::Calls)[0];
    assert_eq!((&hook["enabled"], &hook["disabled_by"]), (&json!(false), &json!("gone")));
    assert_eq!(centre.webhooks.switched_off(), [(view.id(), "gone".into())]);
    assert!(hook["health"]["parked"].as_u64() > Some(0));
    assert!(matches!(centre.webhooks.test(KEY, Feed::Calls, view.id()), Err(NotDone::Disabled)));
}

#[tokio::test]
async fn three_days_of_nothing_but_failures_switch_it_off_and_nothing_is_lost() {
    let mut centre = Centre::new(33);
    let receiver = Receiver::start().await.unwrap();
    let (view, _) = centre.make(Feed::Calls, &["call.ended"], receiver.url()).await.unwrap();
    receiver.answer(|_| Reply::status(500));
    let from = centre.told();
    centre.pass(600_000);
    centre.deliver().await;
    let waiting = shown(&centre, Feed::Calls)[0]["health"]["pending"].as_u64();
    assert!(waiting > Some(0));
    centre.wait(HEALTH_WINDOW_MS);
    centre.deliver().await;
    let hook = &shown(&centre, Feed::Calls)[0];
    assert_eq!((&hook["disabled_by"], hook["health"]["parked"].as_u64()), (&json!("failing"), waiting));
    receiver.answer(|_| Reply::status(204));
    let before = events(&receiver).len();
    let on = Patch { enabled: Some(true), ..Patch::default() };
    centre.webhooks.update(KEY, (Feed::Calls, view.id()), on, None).await.unwrap();
    let again = centre.webhooks.redeliver(KEY, (Feed::Calls, view.id()), (from + 1, u64::MAX)).unwrap();
    centre.deliver().await;
    assert_eq!((Some(again as u64), events(&receiver).len()), (waiting, before + again));
}

#[tokio::test]
async fn whoever_was_away_for_longer_than_the_log_reaches_back_is_told_so() {
    let mut config = small(34);
    config.bounds.events_max = 500;
    let mut centre = Centre::of(config, None);
    let receiver = Receiver::start().await.unwrap();
    let (view, _) = centre.make(Feed::Calls, &["call.ended"], receiver.url()).await.unwrap();
    let switched = |enabled| Patch { enabled: Some(enabled), ..Patch::default() };
    centre.webhooks.update(KEY, (Feed::Calls, view.id()), switched(false), None).await.unwrap();
    centre.pass(4 * 3_600_000);
    centre.webhooks.update(KEY, (Feed::Calls, view.id()), switched(true), None).await.unwrap();
    centre.deliver().await;
    let came = events(&receiver);
    assert_eq!((came.len(), &came[0]["type"]), (1, &json!("stream.reset")));
    assert_eq!((&came[0]["data"]["reason"], came[0]["data"]["seq"].as_u64()), (&json!("too_old"), Some(centre.told())));
}

#[tokio::test]
async fn a_change_by_somebody_who_knows_another_version_is_refused() {
    let mut centre = Centre::new(35);
    let receiver = Receiver::start().await.unwrap();
    let (view, _) = centre.make(Feed::Calls, &["*"], receiver.url()).await.unwrap();
    let of = (Feed::Calls, view.id());
    let patch = || Patch { types: Some(vec!["call.ended".to_owned()]), ..Patch::default() };
    let changed = centre.webhooks.update(KEY, of, patch(), Some(1)).await.unwrap();
    assert_eq!(changed.version, 2);
    assert!(matches!(centre.webhooks.update(KEY, of, patch(), Some(1)).await, Err(NotDone::Moved)));
    let others = uuid::Uuid::from_u128(99);
    assert!(matches!(centre.webhooks.get(others, Feed::Calls, view.id()), Err(NotDone::NotFound)));
    assert!(matches!(centre.webhooks.get(KEY, Feed::AgentStates, view.id()), Err(NotDone::NotFound)));
    centre.webhooks.delete(KEY, Feed::Calls, view.id()).await.unwrap();
    assert!(shown(&centre, Feed::Calls).is_empty());
}

#[tokio::test]
async fn a_file_that_cannot_be_understood_is_put_aside_and_others_are_made() {
    let folder = tempfile::tempdir().unwrap();
    let (path, aside) = (folder.path().join("webhooks.json"), folder.path().join("webhooks.json.broken"));
    for broken in [&b"[{\"id\":"[..], b"", b"\xff\0", b"{}"] {
        std::fs::write(&path, broken).unwrap();
        let mut centre = Centre::of(small(37), Some(path.clone()));
        let (put, why) = centre.webhooks.broken().unwrap();
        assert_eq!((put, why.to_string().contains("can't be understood")), (&*aside, true));
        assert_eq!(std::fs::read(&aside).unwrap(), broken);
        assert!(!path.exists() && centre.webhooks.keys().is_empty());
        let receiver = Receiver::start().await.unwrap();
        centre.make(Feed::Calls, &["call.ended"], receiver.url()).await.unwrap();
        let made = shown(&centre, Feed::Calls);
        centre.restart(path.clone());
        assert!(centre.webhooks.broken().is_none());
        assert_eq!(shown(&centre, Feed::Calls), made);
    }
}

#[tokio::test]
async fn no_more_tries_wait_for_a_receiver_than_can() {
    let mut centre = Centre::new(39);
    let receiver = Receiver::start().await.unwrap();
    let made = centre.make_so(Feed::Calls, &["call.ended"], receiver.url(), WebhookOrder::None).await;
    let (view, _) = made.unwrap();
    let test = || centre.webhooks.test(KEY, Feed::Calls, view.id());
    for _ in 0..1_000 {
        test().unwrap();
    }
    assert!(matches!(test(), Err(NotDone::Crowded)));
    assert_eq!(shown(&centre, Feed::Calls)[0]["health"]["pending"], 1_000);
    centre.deliver().await;
    assert_eq!(events(&receiver).len(), 1_000);
    test().unwrap();
}

#[tokio::test]
async fn whoever_keeps_receivers_at_the_same_time_as_others_keeps_the_last_state() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("webhooks.json");
    let mut centre = Centre::of(small(38), Some(path.clone()));
    let receiver = Receiver::start().await.unwrap();
    let (view, _) = centre.make(Feed::Calls, &["call.ended"], receiver.url()).await.unwrap();
    let keeps = |webhooks: &Webhooks| {
        for _ in 0..20 {
            webhooks.test(KEY, Feed::Calls, view.id()).unwrap();
            webhooks.keep().unwrap();
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| keeps(&centre.webhooks));
        }
    });
    let made = shown(&centre, Feed::Calls);
    assert_eq!(made[0]["health"]["pending"], 160);
    centre.restart(path);
    assert_eq!(shown(&centre, Feed::Calls), made);
}

#[tokio::test]
async fn receivers_and_what_waits_for_them_survive_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("webhooks.json");
    let mut centre = Centre::of(small(36), Some(path.clone()));
    let receiver = Receiver::start().await.unwrap();
    centre.make(Feed::Calls, &["call.ended"], receiver.url()).await.unwrap();
    receiver.answer(|_| Reply::status(500));
    centre.pass(900_000);
    centre.deliver().await;
    centre.webhooks.keep().unwrap();
    let tried = events(&receiver);
    let before = shown(&centre, Feed::Calls);
    centre.restart(path.clone());
    assert_eq!(shown(&centre, Feed::Calls), before);
    receiver.answer(|_| Reply::status(204));
    centre.wait(10_000);
    centre.deliver().await;
    let all = events(&receiver);
    assert!(!tried.is_empty());
    for event in &tried {
        assert_eq!(all.iter().filter(|other| *other == event).count(), 2, "{event}");
    }
    // What signs is not in the file, and nobody else reads it.
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(!text.contains("whsec_"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
