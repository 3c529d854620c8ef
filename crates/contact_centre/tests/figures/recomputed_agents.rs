//! The figures of agents from their states and legs by another program: SQL, in DuckDB.

use std::fs;

use contact_centre::{
    metrics::{AgentRow, Leg, Terms, agent_rows, intervals},
    objects::Agent,
};
use model::{IntervalLength, TimeZone};
use serde_json::json;

use crate::recomputed::{Figures, assert_same, by_python, exported, simulated};

/// The states of an agent, a line each.
fn states(agent: &Agent) -> String {
    let line = |(number, stay): (usize, &contact_centre::objects::Stay)| {
        let of = &stay.status;
        let state = json!({
            "agent_id": agent.id, "number": number, "since_ms": stay.since.as_millis(),
            "routing": of.routing.as_str(), "reason": of.routing.reason(), "activity": of.activity,
        });
        state.to_string() + "\n"
    };
    agent.stays.iter().enumerate().map(line).collect()
}

/// Figures under the names that the SQL gives them.
fn named(row: &AgentRow<'_>) -> Vec<(String, i64)> {
    let time = &row.time;
    let parts = [
        ("ready", time.ready_ms),
        ("not_ready", time.not_ready_ms),
        ("offered", time.offered_ms),
        ("talking", time.talk_ms),
        ("held", time.hold_ms),
        ("dialing", time.dial_ms),
        ("consulting", time.consult_ms),
        ("wrapping", time.wrap_ms),
        ("offline", time.offline_ms),
        ("handled", i64::try_from(row.handled).unwrap()),
        ("outbound", i64::try_from(row.outbound).unwrap()),
        ("call_ms", row.talk_ms + row.hold_ms),
        ("hold_ms", row.hold_ms),
        ("wrap_ms", row.wrap_ms),
        ("handle_ms", row.handle_ms),
    ];
    let reasons = time.not_ready.iter().map(|(reason, ms)| (format!("not_ready {reason}"), *ms));
    parts.map(|(name, value)| (name.to_owned(), value)).into_iter().chain(reasons).collect()
}

#[test]
fn sql_finds_the_same_figures_of_agents_in_a_simulated_day() {
    let (world, now) = simulated();
    let state = world.state();
    let from = now.plus_millis(-3 * 86_400_000);
    // Whoever never came is in no export of states.
    let agents: Vec<_> = state.agents().filter(|agent| !agent.stays.is_empty()).collect();
    let quarters: Vec<_> = intervals(&TimeZone::UTC, IntervalLength::Quarter, from, now).collect();
    let legs = state.calls().map(|call| Leg::new(call, |id| state.call(id)));
    let terms = Terms::default();
    let mut ours = Figures::new();
    for row in agent_rows(agents.iter().copied(), legs, &quarters, &terms, now) {
        let (agent, start) = (row.agent.id.to_string(), row.interval.start.as_millis());
        let told = named(&row).into_iter().filter(|(_, value)| *value != 0);
        ours.extend(told.map(|(name, value)| ((agent.clone(), start, name), value)));
    }
    for name in ["talking", "wrapping", "held", "handled", "not_ready meal"] {
        assert!(ours.keys().any(|(_, _, told)| told == name), "{name}");
    }
    let folder = tempfile::tempdir().unwrap();
    let [legs, stays] = ["legs.ndjson", "states.ndjson"].map(|name| folder.path().join(name));
    fs::write(&legs, state.calls().map(|call| exported(call) + "\n").collect::<String>()).unwrap();
    fs::write(&stays, agents.iter().map(|agent| states(agent)).collect::<String>()).unwrap();
    let range = [from, now].map(|at| at.as_millis().to_string());
    let theirs = by_python("recomputed_agents.py", |command| command.arg(&legs).arg(&stays).args(&range));
    assert_same(&ours, &theirs, "agents");
}
