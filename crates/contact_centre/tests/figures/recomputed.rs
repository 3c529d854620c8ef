//! The same figures from the same legs by another program: SQL, in DuckDB.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use contact_centre::{
    metrics::{Basis, Leg, QueueFigures, Terms, intervals, queue_rows},
    objects::{Call, OfferResult, Queue},
    sim::Config,
    world::World,
};
use model::{Instant, IntervalLength, TimeZone};
use proptest::{
    collection::vec,
    strategy::{Strategy as _, ValueTree as _},
    test_runner::TestRunner,
};
use serde_json::json;

use crate::{
    script::{Script, at, sales, seen},
    sums::{course, tell},
};

/// By basis or agent, start of the interval and name.
pub(crate) type Figures = BTreeMap<(String, i64, String), i64>;

/// A leg, with instants in milliseconds.
pub(crate) fn exported(call: &Call) -> String {
    let ms = |at: Option<Instant>| at.map(Instant::as_millis);
    let of = &call.instants;
    let missed =
        call.offers.iter().filter(|offer| matches!(offer.result, Some(OfferResult::NoAnswer | OfferResult::Rejected)));
    json!({
        "id": call.id, "parent_id": call.parent_id, "relation": call.relation, "direction": call.direction,
        "queue_id": call.queue_id, "agent_id": call.agent_id,
        "outcome": call.outcome, "flowed_out_to": call.flowed_out_to, "started_at": of.started_at.as_millis(),
        "enqueued_at": ms(of.enqueued_at), "dequeued_at": ms(of.dequeued_at), "answered_at": ms(of.answered_at),
        "disconnected_at": ms(of.disconnected_at), "wrap_ended_at": ms(of.wrap_ended_at),
        "hold_ms": call.durations().hold_ms, "missed_at": missed.map(|offer| ms(offer.ended_at)).collect::<Vec<_>>(),
    })
    .to_string()
}

/// Figures under the names that the SQL gives them.
fn named(of: &QueueFigures) -> Vec<(&'static str, i64)> {
    let counts = [
        ("offered", of.offered),
        ("answered", of.answered),
        ("answered_in_target", of.answered_in_target),
        ("answered_within_90", of.answered_within[6]),
        ("abandoned", of.abandoned),
        ("abandoned_in_target", of.abandoned_in_target),
        ("abandoned_within_90", of.abandoned_within[6]),
        ("short_abandoned", of.short_abandoned),
        ("flowed_out", of.flowed_out),
        ("voicemail", of.flowed_out_to[0]),
        ("callback_in_target", of.callback_in_target),
        ("handled", of.handled),
        ("offers_not_answered", of.offers_not_answered),
    ];
    let sums = [
        ("answered_wait_ms", of.answered_wait_ms),
        ("abandoned_wait_ms", of.abandoned_wait_ms),
        ("dial_ms", of.dial_ms),
        ("hold_ms", of.hold_ms),
        ("handle_ms", of.handle_ms),
        ("wrap_ms", of.wrap_ms),
    ];
    counts.map(|(name, count)| (name, i64::try_from(count).unwrap())).into_iter().chain(sums).collect()
}

/// Asserts that two programs found the same, and tells only what differs.
pub(crate) fn assert_same(ours: &Figures, theirs: &Figures, whose: &str) {
    let names: BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
    let differ: Vec<_> = names.into_iter().filter(|name| ours.get(name) != theirs.get(name)).collect();
    let told: Vec<_> = differ.iter().map(|name| (name, ours.get(name), theirs.get(name))).take(20).collect();
    assert!(differ.is_empty(), "{whose}: {} differ, ours and theirs: {told:#?}", differ.len());
}

fn by_sql(queue: &Queue, calls: &[&Call]) -> Figures {
    let folder = tempfile::tempdir().unwrap();
    let legs = folder.path().join("legs.ndjson");
    fs::write(&legs, calls.iter().map(|call| exported(call) + "\n").collect::<String>()).unwrap();
    let settings = queue.current();
    by_python("recomputed.py", |command| {
        command.arg(legs).arg(queue.id.to_string());
        command.args([settings.service_level_target_ms.to_string(), settings.short_abandon_ms.to_string()])
    })
}

/// What a program beside this one prints, with its arguments.
pub(crate) fn by_python(program: &str, arguments: impl FnOnce(&mut Command) -> &mut Command) -> Figures {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python =
        std::env::var_os("TEST_PYTHON").map_or_else(|| ours.join("../../target/venv/bin/python"), PathBuf::from);
    let mut command = Command::new(&python);
    let output = arguments(command.arg(ours.join("tests/figures").join(program)))
        .output()
        .unwrap_or_else(|error| panic!("{} with `duckdb`, as `cargo xtask test` has it: {error}", python.display()));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    let rows = lines.lines().map(|line| serde_json::from_str::<(String, i64, String, i64)>(line).unwrap());
    rows.map(|(whose, start, name, value)| ((whose, start, name), value)).collect()
}

/// What the rows of a range say.
fn by_rows(queue: &Queue, legs: &[Leg<'_>], from: Instant, now: Instant) -> Figures {
    let quarters: Vec<_> = intervals(&TimeZone::UTC, IntervalLength::Quarter, from, now).collect();
    let mut figures = Figures::new();
    for basis in [Basis::Event, Basis::Offered] {
        let terms = Terms { basis, ..Terms::default() };
        for row in queue_rows(queue, legs.iter().copied(), &quarters, &terms, now) {
            let start = row.interval.start.as_millis();
            let told = named(&row.figures).into_iter().filter(|(_, value)| *value != 0);
            figures.extend(told.map(|(name, value)| ((basis.to_string(), start, name.to_owned()), value)));
        }
    }
    figures
}

#[test]
fn sql_finds_the_same_figures_in_a_day_of_two_thousand_callers() {
    let begin = at("2026-03-02T00:00:00Z");
    let mut runner = TestRunner::deterministic();
    let callers = vec((0..86_400_000_i64, course()), 2_000).new_tree(&mut runner).unwrap().current();
    let mut script = Script::default();
    for (n, (came_ms, course)) in callers.iter().enumerate() {
        tell(&mut script, n, begin.plus_millis(*came_ms), course);
    }
    // Before the day is over, so that some things are still open.
    let now = begin.plus_millis(80_000_000);
    let calls = script.legs_at(now);
    let ours = by_rows(&sales(), &seen(&calls), begin, now);
    assert!(ours.len() > 1_500, "{}", ours.len());
    assert_same(&ours, &by_sql(&sales(), &calls.values().collect::<Vec<_>>()), "Sales");
}

/// A day of a small contact centre, and when it is over.
pub(crate) fn simulated() -> (World, Instant) {
    let now = at("2026-03-04T02:00:00Z");
    let mut config = Config::new(7);
    config.agents = 20;
    config.contacts = 300;
    config.leads = 200;
    config.calls_per_day = 900;
    config.history_days = 1;
    (World::ephemeral(config, now), now)
}

#[test]
fn sql_finds_the_same_figures_in_a_simulated_day() {
    let (world, now) = simulated();
    let state = world.state();
    let calls: Vec<_> = state.calls().collect();
    let legs: Vec<_> = calls.iter().map(|call| Leg::new(call, |id| state.call(id))).collect();
    assert!(calls.len() > 500, "{}", calls.len());
    let mut offered = 0;
    for queue in state.queues() {
        let ours = by_rows(queue, &legs, now.plus_millis(-3 * 86_400_000), now);
        assert_same(&ours, &by_sql(queue, &calls), &queue.name);
        offered += ours.iter().filter(|((basis, _, name), _)| basis == "event" && name == "offered").count();
    }
    assert!(offered > 50, "{offered}");
}
