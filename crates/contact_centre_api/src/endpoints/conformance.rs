use serde::Serialize;

use crate::{
    asked::Asked,
    kept::{CHECKS, Count},
    protocol::{Answer, Problem, json},
};

#[derive(Serialize)]
struct Item {
    name: &'static str,
    /// The acceptance case of the design that it belongs to.
    case: u8,
    text: &'static str,
    kept_count: u64,
    broken_count: u64,
    verdict: &'static str,
}

#[derive(Serialize)]
struct Conformance {
    items: Vec<Item>,
    /// Of what was seen, how much was kept; null while nothing was.
    score_ratio: Option<f64>,
}

fn verdict(count: Count) -> &'static str {
    match (count.good, count.bad) {
        (0, 0) => "not_seen",
        (_, 0) => "kept",
        _ => "broken",
    }
}

/// How the key behaves, as far as it is seen from here. What a program does with an answer can't be seen.
pub(crate) async fn get(asked: Asked) -> Result<Answer, Problem> {
    asked.no_query()?;
    let counts = asked.centre.habits().of(asked.caller.key_id);
    let items: Vec<_> = CHECKS
        .iter()
        .zip(counts)
        .map(|(check, count)| Item {
            name: check.name,
            case: check.case,
            text: check.text,
            kept_count: count.good,
            broken_count: count.bad,
            verdict: verdict(count),
        })
        .collect();
    let seen = items.iter().filter(|item| item.verdict != "not_seen").count();
    let kept = items.iter().filter(|item| item.verdict == "kept").count();
    let score_ratio = (seen > 0).then(|| part(kept, seen));
    json(&Conformance { items, score_ratio })
}

#[expect(clippy::cast_precision_loss, reason = "there are a handful of checks")]
fn part(kept: usize, seen: usize) -> f64 {
    kept as f64 / seen as f64
}
