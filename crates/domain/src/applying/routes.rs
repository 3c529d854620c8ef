//! Routes. They stand in a file of the configuration, which the command line writes: here it is said what becomes of them.

use std::collections::BTreeSet;

use model::ClaimKind;
use serde_json::{Value, json};

use super::{
    ApplyError, FieldChange, RouteLines, Step, StepAction,
    planning::{Act, Held, Item, Planning, refused},
};
use crate::{audit::chain::hex, fingerprint};

/// All routes are one object: each is read with the others.
const ALL: &str = "routes";

/// What tells these routes from others.
fn digest(lines: &RouteLines) -> String {
    hex(&fingerprint(&serde_json::to_vec(lines).unwrap_or_default()))
}

fn changes(from: &RouteLines, to: &RouteLines) -> Vec<FieldChange> {
    let names: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    let of = |lines: &RouteLines, name: &String| lines.get(name).map_or(Value::Null, |asks| json!(asks));
    let changes = names.into_iter().map(|name| FieldChange::of(name.as_str(), of(from, name), of(to, name)));
    changes.filter(|change| change.from != change.to).collect()
}

/// Calls that were let through and may not be any more.
fn stops(changes: &[FieldChange]) -> Vec<String> {
    let mut stops: Vec<String> = changes
        .iter()
        .filter_map(|change| match (&change.from, &change.to) {
            (Value::Null, _) => None,
            (_, Value::Null) => Some(format!("calls of {} are refused, unless another route takes them", change.field)),
            (from, to) => Some(format!(
                "calls of {} that have {} need {}",
                change.field,
                from.as_str().unwrap_or_default(),
                to.as_str().unwrap_or_default()
            )),
        })
        .collect();
    stops.push("routes are read when a node starts: start each node again".to_owned());
    stops
}

impl Planning<'_> {
    pub(super) fn plan_routes(&mut self) -> Result<(), ApplyError> {
        let (wanted, now) = (self.wanted, &self.wanted.routes_now);
        let holder = self.holder(ClaimKind::Routes, ALL);
        let is_own = holder.is_some_and(|holder| holder.file == wanted.file.as_str());
        let Some(to) = &wanted.routes else {
            for claim in self.dropped(ClaimKind::Routes, |_| false) {
                let step = Step::new(StepAction::Remove, ClaimKind::Routes, ALL, "the routes");
                self.push_routes(step, now, &RouteLines::new(), claim.settings.first() != Some(&digest(now)), None);
            }
            return Ok(());
        };
        if let Some(other) = holder.filter(|_| !is_own) {
            return Err(refused(ClaimKind::Routes, ALL, format!("the file {} holds them", other.file)));
        }
        let by_hand = holder.is_none() && !now.is_empty();
        if by_hand && !wanted.claims_routes {
            let how = "routes were written by hand; say `claim_routes = true` to take them over";
            return Err(refused(ClaimKind::Routes, ALL, how));
        }
        if is_own && now == to {
            return Ok(());
        }
        let action = match (is_own, by_hand) {
            (true, _) => StepAction::Change,
            (false, true) => StepAction::Claim,
            (false, false) => StepAction::Add,
        };
        let drifted = holder.is_some_and(|holder| holder.settings.first() != Some(&digest(now)));
        let held = Held { name: ALL.to_owned(), settings: vec![digest(to)] };
        let step = Step::new(action, ClaimKind::Routes, ALL, "the routes");
        self.push_routes(step, now, to, drifted, Some(held));
        Ok(())
    }

    fn push_routes(&mut self, step: Step, from: &RouteLines, to: &RouteLines, drifted: bool, held: Option<Held>) {
        let changes = changes(from, to);
        let stops = if changes.is_empty() { Vec::new() } else { stops(&changes) };
        let step = Step { drifted, stops, changes, ..step };
        self.items.push(Item { step, act: Act::Nothing, object: Some(ALL.to_owned()), held });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(lines: &[(&str, &str)]) -> RouteLines {
        lines.iter().map(|(route, asks)| ((*route).to_owned(), (*asks).to_owned())).collect()
    }

    #[test]
    fn each_route_that_refuses_more_is_told() {
        let from = lines(&[("GET /a", "any key"), ("GET /b", "calls:read"), ("GET /c", "calls:read")]);
        let to = lines(&[("GET /b", "calls:read"), ("GET /c", "contacts:read"), ("GET /d", "any key")]);
        let changes = changes(&from, &to);
        assert_eq!(
            changes.iter().map(|change| change.field.as_str()).collect::<Vec<_>>(),
            ["GET /a", "GET /c", "GET /d"]
        );
        assert_eq!(
            stops(&changes),
            [
                "calls of GET /a are refused, unless another route takes them",
                "calls of GET /c that have calls:read need contacts:read",
                "routes are read when a node starts: start each node again",
            ]
        );
        assert_ne!(digest(&from), digest(&to));
    }
}
