use serde_json::{Value, json};

use crate::support::{ALL, BI, Door, NOW, WFM, small};

const SUMS: [&str; 9] = [
    "offered_count",
    "answered_count",
    "abandoned_count",
    "short_abandoned_count",
    "flowed_out_count",
    "handled_count",
    "average_speed_of_answer_sum_ms",
    "average_handle_time_sum_ms",
    "talk_sum_ms",
];

/// All rows of a request, page by page.
async fn rows(door: &Door, path: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = door.get(WFM, &format!("{path}&limit=97{cursor}")).await;
        rows.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next_cursor"].as_str() else { return rows };
        cursor = format!("&cursor={next}");
    }
}

fn sum(rows: &[Value], name: &str) -> i64 {
    rows.iter().map(|row| row[name].as_i64().unwrap()).sum()
}

/// Case 12 of the design, without the part that is SQL.
#[tokio::test]
async fn both_bases_today_and_the_summary_agree() {
    // At night in Sydney, when all is over, so that nothing is open.
    let door = Door::at(small(9), "2026-03-04T12:30:00Z");
    let (from, to) = ("2026-03-03T13:00:00Z", "2026-03-04T12:30:00Z");
    let of = async |basis: &str| rows(&door, &format!("/metrics/queues?from={from}&to={to}&basis={basis}")).await;
    let (event, offered) = (of("event").await, of("offered").await);
    assert_eq!(event.len(), 6 * 94);
    assert_eq!(sum(&offered, "open"), 0);
    let summary = door.get(WFM, &format!("/metrics/summary?from={from}&to={to}")).await;
    let live = door.get(ALL, "/live/queues").await;
    let sydney: Vec<_> = live["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|queue| queue["today"]["start"] == "2026-03-03T13:00:00.000Z")
        .collect();
    assert_eq!(sydney.len(), 4);
    for name in SUMS {
        assert_eq!(sum(&event, name), sum(&offered, name), "{name}");
        assert_eq!(sum(&event, name), summary["total"][name].as_i64().unwrap(), "{name}");
        for queue in &sydney {
            let own: Vec<_> = event.iter().filter(|row| row["queue"]["id"] == queue["id"]).cloned().collect();
            assert_eq!(sum(&own, name), queue["today"][name].as_i64().unwrap(), "{name}");
        }
    }
    assert!(sum(&event, "offered_count") > 500);
    for row in &event {
        let count = |name: &str| row[name].as_i64().unwrap();
        let gone = count("answered_count") + count("abandoned_count") + count("flowed_out_count");
        assert_eq!(count("offered_count") + count("waiting_start_count"), gone + count("waiting_end_count"), "{row}");
    }
}

/// Case 12: the same `seq` gives the same figures, live, by interval and later.
#[tokio::test]
async fn an_older_seq_can_be_asked_again() {
    let door = Door::open(9);
    door.pass(300_000);
    let path = "/metrics/queues?from=2026-03-04T00:00:00Z&to=2026-03-04T03:00:00Z&length=60m";
    let then = door.get(WFM, path).await;
    let seq = then["as_of"]["seq"].as_u64().unwrap();
    door.pass(1_800_000);
    let now = door.get(WFM, path).await;
    assert_ne!(now["items"], then["items"]);
    let again = door.get(WFM, &format!("{path}&as_of_seq={seq}")).await;
    assert_eq!((&again["items"], &again["as_of"]["seq"]), (&then["items"], &json!(seq)));
    let told = door.ask(WFM, "GET", &format!("{path}&as_of_seq={}", u64::MAX)).send().await;
    assert_eq!(told.code(422), "invalid_field");
    let mut short = small(9);
    short.bounds.events_max = 100;
    let door = Door::at(short, NOW);
    assert_eq!(door.ask(WFM, "GET", &format!("{path}&as_of_seq=1")).send().await.code(410), "as_of_lost");
}

/// Case 14 of the design.
#[tokio::test]
async fn days_have_as_many_quarters_as_their_clocks_show() {
    let door = Door::open(9);
    for (zone, from, to, count) in [
        ("Australia/Sydney", "2026-04-04T13:00:00Z", "2026-04-05T14:00:00Z", 100),
        ("Australia/Sydney", "2026-10-03T14:00:00Z", "2026-10-04T13:00:00Z", 92),
        ("Australia/Lord_Howe", "2026-04-04T13:00:00Z", "2026-04-05T13:30:00Z", 98),
        ("Australia/Lord_Howe", "2026-10-03T13:30:00Z", "2026-10-04T13:00:00Z", 94),
        ("Australia/Adelaide", "2026-06-30T14:30:00Z", "2026-07-01T14:30:00Z", 96),
    ] {
        let found = rows(&door, &format!("/metrics/queues?queue=Sales&from={from}&to={to}&timezone={zone}")).await;
        assert_eq!(found.len(), count, "{zone} {from}");
        assert!(found.iter().all(|row| row["offered_count"] == 0), "what has not been is nothing");
    }
    // The sum of local rows is that of UTC.
    let (from, to) = ("2026-03-03T14:30:00Z", "2026-03-04T00:30:00Z");
    let of = async |zone: &str, length: &str| {
        rows(&door, &format!("/metrics/queues?from={from}&to={to}&timezone={zone}&length={length}")).await
    };
    let (here, there) = (of("UTC", "30m").await, of("Australia/Adelaide", "60m").await);
    assert!(sum(&here, "offered_count") > 0);
    for name in SUMS {
        assert_eq!(sum(&here, name), sum(&there, name), "{name}");
    }
    let told = door.ask(WFM, "GET", "/metrics/queues?timezone=%2B09:30").send().await;
    assert_eq!(told.code(400), "invalid_request");
}

/// Case 15 of the design: a filter that nothing is left of gives rows of zeros, and none that is missing.
#[tokio::test]
async fn an_agent_of_another_team_has_done_nothing_for_this_one() {
    let door = Door::open(9);
    let agents = door.get(ALL, "/agents?limit=500").await["items"].as_array().unwrap().clone();
    let range = "from=2026-03-03T22:00:00Z&to=2026-03-04T02:00:00Z";
    let busy = rows(&door, &format!("/metrics/agents?{range}")).await;
    let busy = busy.iter().find(|row| row["handled_count"].as_u64() > Some(0)).unwrap()["agent"]["id"].clone();
    let agent = agents.iter().find(|agent| agent["id"] == busy).unwrap();
    let (id, own) = (busy.as_str().unwrap(), agent["team"].as_str().unwrap());
    let other = agents.iter().map(|agent| agent["team"].as_str().unwrap()).find(|team| *team != own).unwrap();
    let of = async |team: &str| {
        let query: String = team.replace(' ', "%20");
        rows(&door, &format!("/metrics/agents?{range}&agent_id={id}&team={query}")).await
    };
    let (known, zeros) = (of(own).await, of(other).await);
    assert_eq!((known.len(), zeros.len()), (16, 16));
    assert!(known.iter().any(|row| row["handled_count"] != 0));
    for row in &zeros {
        for name in ["offers_count", "answered_count", "handled_count", "talk_sum_ms", "average_handle_time_sum_ms"] {
            assert_eq!(row[name], 0, "{row}");
        }
        assert_eq!((&row["agent"]["id"], &row["time"]["offline_ms"]), (&busy, &json!(900_000)), "{row}");
        assert_eq!((&row["average_handle_time_ms"], &row["occupancy_ratio"]), (&Value::Null, &Value::Null), "{row}");
    }
}

/// Case 15 of the design.
#[tokio::test]
async fn nothing_is_zero_and_no_average() {
    let door = Door::open(9);
    let row = &rows(&door, "/metrics/queues?queue=Sales&from=2026-03-03T16:00:00Z&to=2026-03-03T16:15:00Z").await[0];
    for name in ["offered_count", "handled_count", "average_handle_time_sum_ms"] {
        assert_eq!(row[name], 0, "{name}");
    }
    for name in ["average_speed_of_answer_ms", "average_handle_time_ms", "abandon_ratio", "abandon_of_offered_ratio"] {
        assert_eq!(row[name], Value::Null, "{name}");
    }
    assert!(row["service_level"].as_object().unwrap().values().all(Value::is_null));
    for path in [
        "/metrics/queues?queue=None",
        "/metrics/queues?queue_id=0199c7a0-0000-7000-8000-000000000009",
        "/metrics/agents?agent_id=0199c7a0-0000-7000-8000-000000000009",
        "/metrics/agents?team=None",
        "/metrics/agents?team=",
    ] {
        assert_eq!(door.ask(WFM, "GET", path).send().await.code(404), "not_found", "{path}");
    }
    for query in
        ["from=2026-03-04T02:00:00Z&to=2026-03-04T02:00:00Z", "from=2026-01-01T00:00:00Z&to=2026-03-04T02:00:00Z"]
    {
        assert_eq!(door.ask(WFM, "GET", &format!("/metrics/queues?{query}")).send().await.code(422), "invalid_field");
    }
}

/// Case 13 of the design: a new target leaves what was before it as it was.
#[tokio::test]
async fn a_new_target_leaves_the_morning_as_it_was() {
    let door = Door::open(9);
    let morning = "/metrics/queues?queue=Sales&from=2026-03-03T21:00:00Z&to=2026-03-04T02:00:00Z&length=60m";
    door.pass(600_000);
    let before = door.get(WFM, morning).await;
    let queue = door.world(|world| world.state().queues().find(|queue| &*queue.name == "Sales").unwrap().id);
    door.centre
        .worlds()
        .main()
        .with(door.centre.now(), |world| {
            let mut settings = world.state().queue(queue).unwrap().current();
            settings.service_level_target_ms = 1_000;
            world.set_queue(&contact_centre::event::Actor::SYSTEM, queue, settings).unwrap();
        })
        .unwrap();
    door.pass(600_000);
    let after = door.get(WFM, morning).await;
    let firm = |page: &Value| {
        page["items"].as_array().unwrap().iter().filter(|row| row["final"] == true).cloned().collect::<Vec<_>>()
    };
    let then = firm(&before);
    assert!(then.len() >= 4);
    assert_eq!(firm(&after)[..then.len()], then[..]);
    let next =
        door.get(WFM, "/metrics/queues?queue=Sales&from=2026-03-04T02:00:00Z&to=2026-03-04T03:00:00Z&length=60m").await;
    assert_eq!(next["items"][0]["settings"].as_array().unwrap().len(), 2, "a row names the settings that it rests on");
}

#[tokio::test]
async fn an_agent_s_time_adds_up_to_the_interval() {
    let door = Door::open(9);
    let found = rows(&door, "/metrics/agents?from=2026-03-03T21:00:00Z&to=2026-03-04T01:00:00Z").await;
    assert_eq!(found.len(), 20 * 16);
    for row in &found {
        let time = row["time"].as_object().unwrap();
        let parts: i64 = time.values().filter_map(Value::as_i64).sum();
        let reasons: i64 = time["not_ready"].as_object().unwrap().values().map(|ms| ms.as_i64().unwrap()).sum();
        assert_eq!((parts, reasons), (900_000, time["not_ready_ms"].as_i64().unwrap()), "{row}");
    }
}

#[tokio::test]
async fn reports_are_told_as_json_and_as_csv() {
    let door = Door::open(9);
    let reports = door.get(BI, "/reports").await;
    let reports = reports["items"].as_array().unwrap();
    assert!(!reports.is_empty());
    for report in reports {
        let name = report["name"].as_str().unwrap();
        let path = format!("/reports/{name}?date=2026-03-04&timezone=Australia%2FSydney");
        let told = door.get(BI, &path).await;
        assert_eq!((&told["date"], &told["start"]), (&json!("2026-03-04"), &json!("2026-03-03T13:00:00.000Z")));
        let items = told["items"].as_array().unwrap();
        assert!(!items.is_empty(), "{name}");
        let csv = door.ask(BI, "GET", &format!("{path}&format=csv")).send().await;
        assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8; header=present"));
        let mut reader = csv::Reader::from_reader(&*csv.bytes);
        assert_eq!(reader.records().map(Result::unwrap).count(), items.len(), "{name}");
        let accepted = door.ask(BI, "GET", &path).header("accept", "text/csv").send().await;
        assert_eq!(accepted.bytes, csv.bytes);
    }
    assert_eq!(door.ask(BI, "GET", "/reports/none").send().await.code(404), "not_found");
}
