//! The golden example of the design, section 2.5, in a world whose log was written by hand.

use contact_centre::{sim::Config, world::World};
use serde_json::{Value, json};

use crate::{
    golden_day::{self, BEN, clock},
    support::{ALL, BI, Door, WFM},
};

/// The world at ten, with its clock standing.
fn door(folder: &tempfile::TempDir) -> Door {
    let path = folder.path().join("journal");
    let mut config = Config::new(1);
    (config.agents, config.contacts, config.leads, config.calls_per_day) = (3, 0, 0, 0);
    golden_day::keep(&path, &config);
    let now = clock("10:00:00");
    let world = World::open(config, &path, now).unwrap();
    assert_eq!(world.state().calls().count(), 7, "the journal was not understood, and another world began");
    Door::of(world, now)
}

/// Counts of a row, in the order of the design's tables.
fn counts(row: &Value, names: &[&str]) -> Vec<i64> {
    names.iter().map(|name| row[name].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn the_golden_example_gives_its_tables() {
    let folder = tempfile::tempdir().unwrap();
    let door = door(&folder);
    let of = async |basis: &str| {
        let path = format!(
            "/metrics/queues?queue=Sales&from=2026-03-02T09:00:00Z&to=2026-03-02T09:45:00Z&length=15m&basis={basis}"
        );
        door.get(WFM, &path).await["items"].as_array().unwrap().clone()
    };
    let names = [
        "offered_count",
        "answered_count",
        "abandoned_count",
        "flowed_out_count",
        "waiting_end_count",
        "handled_count",
        "average_handle_time_sum_ms",
    ];
    let event: Vec<_> = of("event").await.iter().map(|row| counts(row, &names)).collect();
    assert_eq!(event, [[4, 1, 2, 0, 1, 1, 280_000], [2, 2, 0, 1, 0, 2, 450_000], [0, 0, 0, 0, 0, 1, 890_000]]);
    let offered: Vec<_> = of("offered").await.iter().map(|row| counts(row, &names[..4])).collect();
    assert_eq!(offered, [[4, 2, 2, 0], [2, 1, 0, 1], [0, 0, 0, 0]]);
    assert!(of("event").await.iter().all(|row| row["final"] == true && row["revision"] == 0));
}

#[tokio::test]
async fn the_golden_example_gives_its_totals() {
    let folder = tempfile::tempdir().unwrap();
    let door = door(&folder);
    let path = "/metrics/summary?from=2026-03-02T09:00:00Z&to=2026-03-02T10:00:00Z";
    let total = door.get(WFM, path).await["total"].clone();
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
    assert_eq!((&total["abandon_ratio"], &total["abandon_of_offered_ratio"]), (&json!(0.25), &json!(2.0 / 6.0)));
    assert_eq!(
        total["service_level"],
        json!({
            "answered_and_abandoned": 0.5,
            "answered_only": 2.0 / 3.0,
            "all_resolved": 2.0 / 6.0,
            "ignore_abandoned_within": 0.4,
            "abandoned_within_met": 0.5,
        })
    );
    let short = door.get(WFM, &format!("{path}&short_abandons=include")).await;
    assert_eq!(short["total"]["average_time_to_abandon_ms"], 24_000);
}

#[tokio::test]
async fn the_golden_example_splits_time_by_the_clock() {
    let folder = tempfile::tempdir().unwrap();
    let door = door(&folder);
    let path = format!("/metrics/agents?agent_id={BEN}&from=2026-03-02T09:15:00Z&to=2026-03-02T09:45:00Z");
    let rows = door.get(WFM, &path).await;
    let time = |row: usize, name: &str| rows["items"][row]["time"][name].as_i64().unwrap();
    assert_eq!((time(0, "talk_ms"), time(0, "wrap_ms"), time(1, "wrap_ms")), (810_000, 60_000, 20_000));
}

#[tokio::test]
async fn the_golden_example_is_exported_as_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let door = door(&folder);
    let legs = door.get(ALL, "/calls?from=2026-03-02T09:00:00Z&to=2026-03-02T10:00:00Z").await;
    let told = door.ask(BI, "GET", "/data/calls").send().await;
    let lines: Vec<Value> = told.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(json!(lines), legs["items"]);
    assert!(lines.iter().filter(|leg| crate::calls::check_durations(leg)).count() > 0);
    let wait = |n: usize| lines[n]["durations"]["wait_ms"].as_i64();
    assert_eq!([0, 1, 2, 3, 4, 5].map(wait), [8, 3, 45, 40, 120, 15].map(|s| Some(s * 1_000)));
}
