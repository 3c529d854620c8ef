use serde_json::{Value, json};

use crate::support::Door;

const WIDGET: &str = "live:read queues:read";

#[tokio::test]
async fn live_figures_say_until_when_they_are_good() {
    let door = Door::open(8);
    let told = door.ask(WIDGET, "GET", "/live/queues").send().await;
    assert_eq!(told.header("cache-control"), Some("private, max-age=1"));
    let tag = told.header("etag").unwrap().to_owned();
    let queues = told.json();
    assert_eq!(queues["items"].as_array().unwrap().len(), 6);
    for queue in queues["items"].as_array().unwrap() {
        let agents: i64 = queue["agents"].as_object().unwrap().values().map(|count| count.as_i64().unwrap()).sum();
        assert!(agents >= queue["agents_working"].as_i64().unwrap());
        assert_eq!(queue["expected_wait_ms"].is_null(), !queue["reason"].is_null());
        assert!(queue["today"]["start"].is_string() && queue["today_ends_at"].is_string());
    }
    let same = door.ask(WIDGET, "GET", "/live/queues").header("if-none-match", &tag).send().await;
    assert_eq!((same.status.as_u16(), same.bytes.len()), (304, 0));
    let id = queues["items"][0]["id"].as_str().unwrap();
    assert_eq!(door.get(WIDGET, &format!("/live/queues/{id}")).await["id"], json!(id));
}

#[tokio::test]
async fn whoever_stands_further_back_waits_longer_and_where_nobody_works_nobody_knows() {
    let door = Door::open(8);
    let queue = door.open_queue();
    let wait = async |position: u64| {
        door.get(WIDGET, &format!("/live/queues/{queue}/expected-wait?position={position}")).await
    };
    let mut last = -1;
    for position in [1, 5, 20, 100] {
        let told = wait(position).await;
        let ms = told["expected_wait_ms"].as_i64().unwrap();
        assert!(ms >= last && told["low_ms"].as_i64() <= Some(ms) && told["high_ms"].as_i64() >= Some(ms), "{told}");
        assert_eq!(told["position"], position);
        last = ms;
    }
    assert!(last > 0);
    for bad in ["0", "10001", "x"] {
        let told = door.ask(WIDGET, "GET", &format!("/live/queues/{queue}/expected-wait?position={bad}")).send().await;
        assert_eq!(told.code(400), "invalid_request");
    }
    // At three in the morning in Sydney.
    let night = Door::at(crate::support::small(8), "2026-03-03T16:00:00Z");
    let queues = night.get(WIDGET, "/live/queues").await;
    assert_eq!(queues["items"].as_array().unwrap().len(), 6);
    for queue in queues["items"].as_array().unwrap() {
        assert_eq!((&queue["expected_wait_ms"], &queue["reason"]), (&Value::Null, &json!("closed")));
    }
}

/// Time alone changes no figure: until when they are good is not of them.
#[tokio::test]
async fn the_same_figures_are_not_sent_again_though_time_passes() {
    // Three in the morning in Sydney: nothing happens.
    let night = Door::at(crate::support::small(8), "2026-03-03T16:00:00Z");
    let queue = night.world(|world| world.state().queues().next().unwrap().id);
    let paths =
        ["/live/queues".to_owned(), format!("/live/queues/{queue}"), format!("/live/queues/{queue}/expected-wait")];
    for path in &paths {
        let known = night.ask(WIDGET, "GET", path).send().await;
        let (tag, told) = (known.header("etag").unwrap().to_owned(), known.json());
        night.pass(1);
        let same = night.ask(WIDGET, "GET", path).header("if-none-match", &tag).send().await;
        assert_eq!((same.status.as_u16(), same.header("etag")), (304, Some(tag.as_str())), "{path}");
        let again = night.get(WIDGET, path).await;
        let until = |told: &Value| {
            let one = if told["items"].is_array() { &told["items"][0] } else { told };
            one["valid_until"].as_str().unwrap().to_owned()
        };
        assert!(until(&again) > until(&told), "{path}: {again}");
    }
    // Figures that have changed have another.
    let day = Door::open(8);
    let known = day.ask(WIDGET, "GET", "/live/queues").send().await.header("etag").unwrap().to_owned();
    day.pass(600_000);
    let changed = day.ask(WIDGET, "GET", "/live/queues").header("if-none-match", &known).send().await;
    assert_eq!(changed.status, 200);
}

/// Case 14 of the design: today begins at the queue's midnight, and says so.
#[tokio::test]
async fn today_begins_at_the_queue_s_midnight() {
    let door = Door::at(crate::support::small(8), "2026-03-04T12:59:00Z");
    let today = async |name: &str| {
        let queues = door.get(WIDGET, "/live/queues").await;
        let queue = queues["items"].as_array().unwrap().iter().find(|queue| queue["name"] == name).unwrap().clone();
        (queue["today"]["local_start"].as_str().unwrap().to_owned(), queue["today"]["offered_count"].as_u64().unwrap())
    };
    let (start, offered) = today("Sales").await;
    assert_eq!(start, "2026-03-04T00:00:00.000+11:00");
    assert!(offered > 0);
    let (adelaide, _) = today("Technical Support").await;
    door.pass(120_000);
    assert_eq!(today("Sales").await, ("2026-03-05T00:00:00.000+11:00".to_owned(), 0));
    assert_eq!(today("Technical Support").await.0, adelaide);
}

#[tokio::test]
async fn how_good_expected_waits_were_is_told_of_yesterday() {
    let door = Door::open(8);
    let told = door.get("", "/live/accuracy").await;
    let answered: u64 =
        told["items"].as_array().unwrap().iter().map(|item| item["answered_count"].as_u64().unwrap()).sum();
    assert!(answered > 50, "{told}");
    for item in told["items"].as_array().unwrap() {
        let nobody = item["answered_count"] == 0;
        assert_eq!(item["bias_ms"].is_null(), nobody);
        assert_eq!(item["mean_absolute_error_ms"].is_null(), nobody);
        // A mean goes with its sum: of several it can be made again.
        let count = item["answered_count"].as_i64().unwrap();
        for name in ["mean_wait", "bias", "mean_absolute_error"] {
            let sum = item[format!("{name}_sum_ms")].as_i64().unwrap();
            let mean = item[format!("{name}_ms")].as_i64().unwrap_or(0);
            assert!((sum - mean * count).abs() * 2 <= count, "{name}: {item}");
        }
    }
}
