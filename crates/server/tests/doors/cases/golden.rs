//! The golden example of the design, section 2.5, as the gateway's answers tell it. The program is given it as a journal: over HTTP nobody
//! says when an agent answers.

use std::{collections::HashMap, fs};

use contact_centre::{
    event::{Body, Event, Subject},
    log::Journal,
    objects::QueueSettings,
    sim::Config,
};
use serde_json::{Value, json};

use super::{
    desk::Desk,
    golden_day::{self, BEN, SALES, call, clock, ended, inbound, numbered, stands},
};

/// A gateway, and behind it the world in which the golden example has happened. It is ten, the clock stands, and until four in the
/// afternoon only that happens which somebody asks for.
pub(super) async fn golden() -> Desk {
    let desk = Desk::over(|journal| {
        fs::create_dir(journal.parent().unwrap()).unwrap();
        // What the desk's configuration comes to. A journal of another world would be replaced.
        let config = Config { history_days: 1, ..Config::new(7) };
        golden_day::keep(journal, &config);
    });
    let desk = desk.await;
    assert_eq!(desk.all("/calls").await.len(), 7, "the journal was not understood, and another world began");
    desk
}

/// Rows of Sales, quarter by quarter.
fn rows_of(from: &str, to: &str) -> String {
    format!("/metrics/queues?queue=Sales&from=2026-03-02T{from}Z&to=2026-03-02T{to}Z&length=15m")
}

/// Counts of a row, in the order of the design's tables.
fn counts(row: &Value, names: &[&str]) -> Vec<i64> {
    names.iter().map(|name| row[name].as_i64().unwrap()).collect()
}

/// Case 12: the tables of the design.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_golden_example_gives_its_tables() {
    let desk = golden().await;
    let names = [
        "offered_count",
        "answered_count",
        "abandoned_count",
        "flowed_out_count",
        "waiting_end_count",
        "handled_count",
        "average_handle_time_sum_ms",
    ];
    let path = rows_of("09:00:00", "09:45:00");
    let event = desk.all(&format!("{path}&basis=event")).await;
    let told: Vec<_> = event.iter().map(|row| counts(row, &names)).collect();
    assert_eq!(told, [[4, 1, 2, 0, 1, 1, 280_000], [2, 2, 0, 1, 0, 2, 450_000], [0, 0, 0, 0, 0, 1, 890_000]]);
    assert!(event.iter().all(|row| row["final"] == true && row["revision"] == 0));
    let offered = desk.all(&format!("{path}&basis=offered")).await;
    let told: Vec<_> = offered.iter().map(|row| counts(row, &names[..4])).collect();
    assert_eq!(told, [[4, 2, 2, 0], [2, 1, 0, 1], [0, 0, 0, 0]]);
    // Of an agent, split by the clock.
    let path = format!("/metrics/agents?agent_id={BEN}&from=2026-03-02T09:15:00Z&to=2026-03-02T09:45:00Z");
    let rows = desk.all(&path).await;
    let time = |row: usize, name: &str| rows[row]["time"][name].as_i64().unwrap();
    assert_eq!((time(0, "talk_ms"), time(0, "wrap_ms"), time(1, "wrap_ms")), (810_000, 60_000, 20_000));
}

/// Cases 12 and 13: the totals of the design, with all five service levels.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_golden_example_gives_its_totals() {
    let desk = golden().await;
    let path = "/metrics/summary?from=2026-03-02T09:00:00Z&to=2026-03-02T10:00:00Z";
    let total = desk.get(path).await["total"].clone();
    let names = [
        "offered_count",
        "answered_count",
        "abandoned_count",
        "short_abandoned_count",
        "flowed_out_count",
        "handled_count",
    ];
    assert_eq!(counts(&total, &names), [6, 3, 2, 1, 1, 4]);
    assert_eq!(total["average_speed_of_answer_ms"], 21_000);
    assert_eq!(total["average_time_to_abandon_ms"], 45_000);
    assert_eq!(total["average_handle_time_ms"], 405_000);
    let close = |found: &Value, wanted: f64| (found.as_f64().unwrap() - wanted).abs() < 1e-12;
    for (name, wanted) in [("abandon_ratio", 1.0 / 4.0), ("abandon_of_offered_ratio", 2.0 / 6.0)] {
        assert!(close(&total[name], wanted), "{name}: {}", total[name]);
    }
    let levels = &total["service_level"];
    for (name, wanted) in [
        ("answered_and_abandoned", 2.0 / 4.0),
        ("answered_only", 2.0 / 3.0),
        ("all_resolved", 2.0 / 6.0),
        ("ignore_abandoned_within", 2.0 / 5.0),
        ("abandoned_within_met", 3.0 / 6.0),
    ] {
        assert!(close(&levels[name], wanted), "{name}: {levels}");
    }
    let short = desk.get(&format!("{path}&short_abandons=include")).await;
    assert_eq!(short["total"]["average_time_to_abandon_ms"], 24_000);
    // And its legs, as they are listed and exported.
    let exported = desk.read("/data/calls?format=ndjson").await;
    let lines: Vec<Value> = exported
        .body
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    assert_eq!(lines, desk.all("/calls").await);
    let wait = |n: usize| lines[n]["durations"]["wait_ms"].as_i64();
    assert_eq!([0, 1, 2, 3, 4, 5].map(wait), [8, 3, 45, 40, 120, 15].map(|s| Some(s * 1_000)));
}

/// Another target from noon on, and somebody who waits for 15 s after that. By no route is a target changed.
fn afternoon(seq: u64) -> Vec<Event> {
    let settings = QueueSettings { service_level_target_ms: 10_000, ..QueueSettings::DEFAULT };
    let id = call(8, "12:05:00");
    let (queue, leg) = (Subject::Queue(SALES), Subject::Call(id));
    let told = vec![
        (clock("12:00:00"), queue, Body::QueueUpdated(Box::new(settings))),
        (clock("12:05:00"), leg, Body::Started(Box::new(inbound(id)))),
        (clock("12:05:00"), leg, Body::Queued(SALES)),
        (clock("12:05:05"), leg, Body::Offered(BEN)),
        (clock("12:05:15"), leg, Body::Answered { recorded: false }),
        (clock("12:06:15"), leg, ended()),
        (clock("12:06:45"), leg, Body::Wrapped),
        (clock("12:06:45"), leg, Body::Closed),
    ];
    // The morning closed an interval.
    numbered(seq, HashMap::from([(queue, 1)]), told)
}

/// The morning's rows, byte for byte.
async fn morning(desk: &Desk) -> String {
    let text = String::from_utf8(desk.read(&rows_of("09:00:00", "09:45:00")).await.body).unwrap();
    text.split_once("\"next_cursor\"").unwrap().0.to_owned()
}

/// Case 13: a target that changes at noon.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_changes_at_noon_leaves_the_morning_byte_for_byte() {
    let desk = golden().await;
    let before = morning(&desk).await;
    assert!(before.contains("\"service_level_target_ms\":20000"), "{before}");
    let seq = desk.get("/sandbox").await["as_of"]["seq"].as_u64().unwrap();
    let desk = desk
        .killed_and(|path| {
            let (mut journal, _) = Journal::open::<Value>(path, |_| true).unwrap();
            journal.add(&json!({ "clock": stands(clock("13:00:00")) })).unwrap();
            journal.add(&json!({ "events": afternoon(seq) })).unwrap();
            journal.flush().unwrap();
        })
        .await;
    assert_eq!(desk.get("/sandbox/clock").await["at"], "2026-03-02T13:00:00.000Z");
    assert_eq!(morning(&desk).await, before);
    let rows = desk.all(&rows_of("11:45:00", "12:15:00")).await;
    let targets = |row: usize| {
        let settings = rows[row]["settings"].as_array().unwrap();
        settings.iter().map(|one| one["service_level_target_ms"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!((rows.len(), targets(0), targets(1)), (2, vec![20_000], vec![10_000]));
    // In the morning whoever waited for 15 s was answered in time.
    assert_eq!(counts(&rows[1], &["answered_count", "answered_in_target_count"]), [1, 0]);
    assert_eq!(rows[1]["service_level"]["answered_only"], 0.0);
}
