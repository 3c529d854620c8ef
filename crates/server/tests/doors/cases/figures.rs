use serde_json::{Value, json};

use super::{desk::Desk, golden::golden};

const SUMS: [&str; 5] = ["offered_count", "answered_count", "abandoned_count", "flowed_out_count", "handled_count"];

fn sum(rows: &[Value], name: &str) -> i64 {
    rows.iter().map(|row| row[name].as_i64().unwrap()).sum()
}

/// Cases 12 and 18: figures by either basis, the summary, and what is exported tell the same of a day that is over, at one place of the log.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_and_exports_tell_the_same() {
    let desk = Desk::open().await;
    desk.until_noon().await;
    // The morning before noon stands, and what is open of it ends.
    desk.pass(5 * 3_600_000).await;
    let now = desk.get("/sandbox/clock").await["at"].as_str().unwrap().parse::<model::Instant>().unwrap();
    let hour = now.as_millis() - now.as_millis().rem_euclid(3_600_000);
    let [from, to] = [9, 4].map(|hours| model::Instant::from_millis(hour - hours * 3_600_000).to_string());
    let range = format!("from={from}&to={to}");
    let rows = async |basis: &str| desk.all(&format!("/metrics/queues?{range}&basis={basis}")).await;
    let (event, offered) = (rows("event").await, rows("offered").await);
    let summary = desk.get(&format!("/metrics/summary?{range}")).await;
    for name in SUMS {
        assert_eq!(sum(&event, name), summary["total"][name].as_i64().unwrap(), "{name}");
    }
    assert!(sum(&event, "offered_count") > 50 && sum(&event, "offered_count") == sum(&offered, "offered_count"));
    let bi = desk.new_key(&["--preset", "business-intelligence"]).await;
    let exported = desk.ask(&bi, "GET /v1/data/calls?format=ndjson", "TE: trailers\r\n", b"").await;
    assert_eq!(exported.status, 200);
    let lines: Vec<Value> = exported
        .body
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    assert!(exported.trailers.contains(&format!("x-row-count: {}\r\n", lines.len())), "{}", exported.trailers);
    assert!(
        exported.trailers.contains(&format!("x-as-of-seq: {}\r\n", summary["as_of"]["seq"])),
        "{}",
        exported.trailers
    );
    let listed = desk.all("/calls").await;
    let ids = |calls: &[Value]| calls.iter().map(|call| call["id"].to_string()).collect::<Vec<_>>();
    assert_eq!(ids(&lines), ids(&listed), "each once");
    // What entered a queue in the range, counted from the export.
    let entered = lines.iter().filter(|call| {
        let at = call["instants"]["enqueued_at"].as_str();
        at.is_some_and(|at| at >= from.as_str() && at < to.as_str())
    });
    assert_eq!(i64::try_from(entered.count()).unwrap(), sum(&offered, "offered_count"));
}

/// Case 11.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_wrap_revises_rows_and_says_so() {
    let desk = Desk::open().await;
    desk.until_noon().await;
    desk.pass(3 * 3_600_000).await;
    let over = |call: &&Value| {
        let (queue, wrap) = (call["queue"]["id"].is_string(), call["wrap"]["code"].is_string());
        call["outcome"] == "completed" && call["state"] == "closed" && queue && wrap
    };
    let calls = desk.all("/calls").await;
    // Old enough, and with younger ones behind it.
    let call = calls.iter().filter(over).rev().nth(300).unwrap();
    let (id, queue) = (call["id"].as_str().unwrap(), call["queue"]["id"].as_str().unwrap());
    let cursor = desk.get("/wraps?limit=1").await["changes_cursor"].as_str().unwrap().to_owned();
    let crm = desk.new_key(&["--preset", "crm"]).await;
    let code = if call["wrap"]["code"] == "complaint" { "other" } else { "complaint" };
    let told = desk.send(&crm, &format!("PUT /v1/calls/{id}/wrap"), "", &json!({ "code": code })).await;
    assert_eq!((told.status, &told.json()["late"]), (200, &json!(true)), "{}", told.json());
    let rows = desk.all(&format!("/metrics/queues?queue_id={queue}&changed_since={cursor}")).await;
    assert!((1..=2).contains(&rows.len()), "{rows:?}");
    assert!(rows.iter().all(|row| row["revision"].as_u64() >= Some(1) && row["final"] == true));
    let others = desk.all(&format!("/calls?changed_since={cursor}")).await;
    assert!(others.iter().any(|one| one["id"] == call["id"]));
    // Whoever follows is told, too.
    let events = desk.get(&format!("/agent-states/events?after={cursor}&types=interval.revised&limit=500")).await;
    assert!(!events["items"].as_array().unwrap().is_empty());
}

/// Case 15.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn null_zero_and_absent_are_three_things() {
    let desk = Desk::open().await;
    let night = desk.get("/sandbox/clock").await["at"].as_str().unwrap().parse::<model::Instant>().unwrap();
    // An hour of the future, which has begun nowhere.
    let ahead = night.as_millis() - night.as_millis().rem_euclid(3_600_000) + 2 * 3_600_000;
    let [from, to] = [ahead, ahead + 900_000].map(|ms| model::Instant::from_millis(ms).to_string());
    let empty = desk.all(&format!("/metrics/queues?queue=Sales&from={from}&to={to}")).await.swap_remove(0);
    for name in SUMS {
        assert_eq!(empty[name], 0, "{name}");
    }
    for name in ["average_speed_of_answer_ms", "average_handle_time_ms", "abandon_ratio"] {
        assert_eq!(empty[name], Value::Null, "{name}");
    }
    let levels = empty["service_level"].as_object().unwrap();
    assert_eq!(levels.len(), 5, "each by its name: {levels:?}");
    assert!(levels.values().all(Value::is_null));
    let ask = async |path: &str| desk.ask(&desk.key, &format!("GET /v1{path}"), "", b"").await;
    assert_eq!(ask("/metrics/queues?queue=None").await.status, 404);
    assert_eq!(ask("/metrics/queues?timezone=%2B10:00").await.status, 400);
}

/// Case 15: whoever is asked for and did nothing has rows of zeros, of which nothing has an average; whoever there is not is not there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filter_that_matches_nothing_gives_rows_of_zeros_and_a_name_of_nobody_none() {
    let desk = Desk::open().await;
    let now = desk.get("/sandbox/clock").await["at"].as_str().unwrap().parse::<model::Instant>().unwrap();
    // Two quarters of the future, in which nobody has done anything.
    let ahead = now.as_millis() - now.as_millis().rem_euclid(3_600_000) + 2 * 3_600_000;
    let [from, to] = [ahead, ahead + 1_800_000].map(|ms| model::Instant::from_millis(ms).to_string());
    let range = format!("from={from}&to={to}");
    let queues = desk.all("/queues").await;
    let rows = desk.all(&format!("/metrics/queues?{range}")).await;
    assert_eq!(rows.len(), 2 * queues.len(), "a row of each");
    let agents = desk.all("/agents").await;
    let team = agents[0]["team"].as_str().unwrap();
    let of_team = agents.iter().filter(|agent| agent["team"] == team).count();
    let of_agents = desk.all(&format!("/metrics/agents?team={team}&{range}")).await;
    assert_eq!(of_agents.len(), 2 * of_team, "a row of each");
    let of_one = format!("/metrics/agents?agent_id={}&{range}", agents[0]["id"].as_str().unwrap());
    assert_eq!(desk.all(&of_one).await.len(), 2);
    let total = desk.get(&format!("/metrics/summary?{range}")).await;
    assert_eq!(total["queues"].as_array().map(Vec::len), Some(queues.len()));
    for row in rows.iter().chain(total["queues"].as_array().unwrap()).chain([&total["total"]]) {
        assert!(SUMS.iter().all(|name| row[*name] == 0), "{row}");
        let averages = ["average_speed_of_answer_ms", "average_handle_time_ms", "abandon_ratio"];
        assert!(averages.iter().all(|name| row.get(*name) == Some(&Value::Null)), "{row}");
    }
    for row in &of_agents {
        let counts = ["offers_count", "offers_not_answered_count", "answered_count", "handled_count", "outbound_count"];
        assert!(counts.iter().all(|name| row[*name] == 0), "{row}");
        let averages = ["average_handle_time_ms", "occupancy_ratio"];
        assert!(averages.iter().all(|name| row.get(*name) == Some(&Value::Null)), "{row}");
    }
    // A list, which has no rows of what did nothing, is empty.
    assert!(desk.all(&format!("/calls?{range}")).await.is_empty());
    let nobody = "01940000-0000-7000-8000-000000000000";
    for path in [
        "/metrics/queues?queue=None".to_owned(),
        format!("/metrics/queues?queue_id={nobody}"),
        "/metrics/agents?team=None".to_owned(),
        format!("/metrics/agents?agent_id={nobody}"),
    ] {
        let refused = desk.ask(&desk.key, &format!("GET /v1{path}&{range}"), "", b"").await;
        assert_eq!((refused.status, refused.code()), (404, "not_found".to_owned()), "{path}");
    }
}

/// Case 14: days have as many quarters as their clocks show, and their sum is that of UTC.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn days_are_as_long_as_their_clocks_say() {
    let desk = golden().await;
    for (zone, from, to, count) in [
        ("Australia/Sydney", "2026-04-04T13:00:00Z", "2026-04-05T14:00:00Z", 100),
        ("Australia/Sydney", "2026-10-03T14:00:00Z", "2026-10-04T13:00:00Z", 92),
        ("Australia/Lord_Howe", "2026-04-04T13:00:00Z", "2026-04-05T13:30:00Z", 98),
        ("Australia/Lord_Howe", "2026-10-03T13:30:00Z", "2026-10-04T13:00:00Z", 94),
        ("Australia/Adelaide", "2026-06-30T14:30:00Z", "2026-07-01T14:30:00Z", 96),
    ] {
        let rows = desk.all(&format!("/metrics/queues?queue=Sales&from={from}&to={to}&timezone={zone}")).await;
        assert_eq!(rows.len(), count, "{zone} {from}");
    }
    // Hours of Adelaide begin at half past by UTC.
    let of = async |zone: &str, length: &str| {
        let range = "from=2026-03-02T08:30:00Z&to=2026-03-02T10:30:00Z";
        desk.all(&format!("/metrics/queues?{range}&timezone={zone}&length={length}")).await
    };
    let (here, there) = (of("UTC", "15m").await, of("Australia/Adelaide", "60m").await);
    assert_eq!((here.len(), there.len()), (8, 2));
    assert!(there[0]["local_start"].as_str().unwrap().ends_with("+10:30"), "{}", there[0]["local_start"]);
    for name in SUMS {
        assert_eq!(sum(&here, name), sum(&there, name), "{name}");
    }
    assert_eq!(sum(&here, "offered_count"), 6);
}

/// Case 14: what is counted of today begins anew at the queue's midnight, and says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn today_begins_at_the_queue_s_midnight() {
    let desk = golden().await;
    // It is midnight in Honolulu, where the queue is.
    let today = async || desk.get("/live/queues").await["items"][0]["today"].clone();
    let morning = today().await;
    assert_eq!((&morning["start"], &morning["offered_count"]), (&json!("2026-03-02T10:00:00.000Z"), &json!(0)));
    desk.pass(86_399_000).await;
    let evening = today().await;
    assert_eq!(evening["start"], morning["start"]);
    assert!(evening["offered_count"].as_i64().unwrap() > 100, "{evening}");
    let path = "/metrics/summary?from=2026-03-02T10:00:00Z&to=2026-03-03T10:00:00Z";
    let total = desk.get(path).await["total"].clone();
    for name in SUMS {
        assert_eq!(evening[name], total[name], "{name}");
    }
    desk.pass(1_000).await;
    let next = today().await;
    assert_eq!((&next["start"], &next["offered_count"]), (&json!("2026-03-03T10:00:00.000Z"), &json!(0)));
}
