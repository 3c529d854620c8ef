//! Figures that another program computes from what is exported: SQL, in DuckDB.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use super::{
    desk::{Desk, Told},
    golden::golden,
};

/// By basis, start of the interval and name.
type Figures = BTreeMap<(String, i64, String), i64>;

const DAY_MS: i64 = 86_400_000;
/// What the SQL calls a figure, and where a row has it. All that hung up count, also at once.
const NAMES: [(&str, &str); 19] = [
    ("offered", "/offered_count"),
    ("answered", "/answered_count"),
    ("answered_in_target", "/answered_in_target_count"),
    ("answered_wait_ms", "/average_speed_of_answer_sum_ms"),
    ("answered_within_90", "/answered_within/6/count"),
    ("abandoned", "/abandoned_count"),
    ("abandoned_in_target", "/abandoned_in_target_count"),
    ("abandoned_wait_ms", "/average_time_to_abandon_sum_ms"),
    ("abandoned_within_90", "/abandoned_within/6/count"),
    ("short_abandoned", "/short_abandoned_count"),
    ("flowed_out", "/flowed_out_count"),
    ("voicemail", "/flowed_out_to/voicemail"),
    ("callback_in_target", "/callback_in_target_count"),
    ("handled", "/handled_count"),
    ("offers_not_answered", "/offers_not_answered_count"),
    ("hold_ms", "/hold_sum_ms"),
    ("dial_ms", "/dial_sum_ms"),
    ("handle_ms", "/average_handle_time_sum_ms"),
    ("wrap_ms", "/wrap_time_sum_ms"),
];

/// Runs a script. What it printed.
async fn ran(script: &Path, args: &[String]) -> String {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python =
        std::env::var_os("TEST_PYTHON").map_or_else(|| ours.join("../../target/venv/bin/python"), PathBuf::from);
    let output =
        tokio::process::Command::new(&python).arg(ours.join(script)).args(args).output().await.unwrap_or_else(
            |error| panic!("{} with `duckdb`, as `cargo xtask test` has it: {error}", python.display()),
        );
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The `seq` up to which an export is true. It is whole.
fn seq_of(export: &Told) -> u64 {
    let trailer = |name: &str| export.trailers.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
    assert!(trailer("x-row-count: ").is_some(), "it was cut off: {}", export.trailers);
    trailer("x-as-of-seq: ").unwrap().parse().unwrap()
}

/// What the rows of a queue say that are not zero.
async fn by_rows(desk: &Desk, queue: &str, range: &str) -> Figures {
    let mut figures = Figures::new();
    for basis in ["event", "offered"] {
        let path = format!("/metrics/queues?queue_id={queue}&{range}&basis={basis}&short_abandons=include");
        for row in desk.all(&path).await {
            let start = row["start"].as_str().unwrap().parse::<model::Instant>().unwrap().as_millis();
            for (name, place) in NAMES {
                let value = row.pointer(place).and_then(Value::as_i64).unwrap();
                if value != 0 {
                    figures.insert((basis.to_owned(), start, name.to_owned()), value);
                }
            }
        }
    }
    figures
}

/// What the SQL of the contact centre finds of a queue in legs.
async fn by_sql(legs: &Path, queue: &Value) -> Figures {
    let [target, short] = ["service_level_target_ms", "short_abandon_ms"].map(|name| queue[name].to_string());
    let args = [legs.display().to_string(), queue["id"].as_str().unwrap().to_owned(), target, short];
    let printed = ran(Path::new("../contact_centre/tests/figures/recomputed.py"), &args).await;
    let rows = printed.lines().map(|line| serde_json::from_str::<(String, i64, String, i64)>(line).unwrap());
    rows.map(|(basis, start, name, value)| ((basis, start, name), value)).collect()
}

/// Asserts that two programs found the same, and tells only what differs.
fn assert_same(ours: &Figures, theirs: &Figures, whose: &Value) {
    let names: BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
    let differ: Vec<_> = names.into_iter().filter(|name| ours.get(name) != theirs.get(name)).collect();
    let told: Vec<_> = differ.iter().map(|name| (name, ours.get(name), theirs.get(name))).take(20).collect();
    assert!(differ.is_empty(), "{whose}: {} differ, ours and theirs: {told:#?}", differ.len());
}

/// Asserts that five service levels are what hand-written SQL says. Both divide the same whole numbers; what is read may differ in the
/// last digit.
fn assert_levels(ours: &Value, theirs: &Value) {
    let (ours, theirs) = (ours.as_object().unwrap(), theirs.as_object().unwrap());
    let names = |levels: &serde_json::Map<String, Value>| levels.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!((ours.len(), names(ours)), (5, names(theirs)));
    for (name, level) in ours {
        let both = (level.as_f64(), theirs[name].as_f64());
        let same = match both {
            (Some(one), Some(other)) => (one - other).abs() < 1e-12,
            (one, other) => one.is_none() && other.is_none(),
        };
        assert!(same, "{name}: {both:?}");
    }
}

/// Exports every leg of a world whose clock stands, has everything computed anew, and compares. How many figures there were.
async fn assert_recomputed(desk: &Desk) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let (ndjson, parquet) =
        (desk.read("/data/calls?format=ndjson").await, desk.read("/data/calls?format=parquet").await);
    fs::write(file("calls.ndjson"), &ndjson.body).unwrap();
    fs::write(file("calls.parquet"), &parquet.body).unwrap();
    let queues = desk.all("/queues").await;
    let settings: Value = queues
        .iter()
        .map(|queue| {
            let of = json!([queue["service_level_target_ms"], queue["short_abandon_ms"]]);
            (queue["id"].as_str().unwrap().to_owned(), of)
        })
        .collect::<serde_json::Map<_, _>>()
        .into();
    let files = ["calls.ndjson", "calls.parquet", "legs.ndjson"].map(|name| file(name).display().to_string());
    let args = [&files[..], &[settings.to_string()]].concat();
    let printed = ran(Path::new("tests/doors/cases/exported.py"), &args).await;
    let found: Value = serde_json::from_str(&printed).unwrap();
    // Case 1: of every leg, in both forms.
    assert_eq!(found["wrong"], json!([]));
    let listed = desk.all("/calls").await.len();
    assert_eq!(found["legs"], listed);
    let now = desk.get("/sandbox/clock").await["at"].as_str().unwrap().parse::<model::Instant>().unwrap();
    // What happens at an instant is in the interval that begins with it.
    let (from, to) = (now.plus_millis(-3 * DAY_MS), now.plus_millis(1));
    let range = format!("from={from}&to={to}");
    let summary = desk.get(&format!("/metrics/summary?{range}")).await;
    let seqs = [seq_of(&ndjson), seq_of(&parquet), summary["as_of"]["seq"].as_u64().unwrap()];
    assert_eq!(seqs, [seqs[0]; 3], "they are of one place of the log");
    let mut count = 0;
    for queue in &queues {
        let ours = by_rows(desk, queue["id"].as_str().unwrap(), &range).await;
        assert_same(&ours, &by_sql(&file("legs.ndjson"), queue).await, &queue["name"]);
        // Case 13: by each of the five formulas.
        let row = summary["queues"].as_array().unwrap().iter().find(|row| row["queue"]["id"] == queue["id"]).unwrap();
        assert_levels(&row["service_level"], &found["service_levels"][queue["id"].as_str().unwrap()]);
        count += ours.len();
    }
    count
}

/// Cases 12, 13 and 1: of the day that was made up, and of what goes on now.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sql_finds_the_figures_of_a_day_in_what_is_exported() {
    let desk = Desk::open().await;
    desk.clock(&json!({ "action": "pause" })).await;
    let count = assert_recomputed(&desk).await;
    assert!(count > 1_000, "{count}");
}

/// The same of the golden example.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sql_finds_the_figures_of_the_golden_example_in_what_is_exported() {
    let count = assert_recomputed(&golden().await).await;
    assert!(count > 40, "{count}");
}
