//! What stops working, in words for the operator.

use model::WhatBreaks;

use crate::Narrowing;

/// What is lost with a key that is removed.
pub(super) fn of_removal(breaks: &WhatBreaks) -> Vec<String> {
    let last = breaks.last_used_at.map(|at| format!(", the last at {at}")).unwrap_or_default();
    let unknown =
        if breaks.allowed_is_not_recorded { "; allowed calls are not recorded, so there may be more" } else { "" };
    let least = if breaks.is_lower_bound { "at least " } else { "" };
    vec![match breaks.allowed {
        0 if breaks.last_used_at.is_none() => format!("it was never used{unknown}"),
        0 => format!("it made no calls in the last 30 days{last}{unknown}"),
        allowed => format!("it made {least}{} in the last 30 days{last}{unknown}", calls(allowed)),
    }]
}

/// So many calls.
pub(super) fn calls(number: u64) -> String {
    if number == 1 { "1 call".to_owned() } else { format!("{number} calls") }
}

/// What a key loses by a change.
pub(super) fn of_narrowing(narrowing: &Narrowing) -> Vec<String> {
    let mut said = Vec::new();
    let made = format!("it made {} in the last 30 days", calls(narrowing.breaks.allowed));
    if narrowing.disables {
        said.push(format!("all calls with it are refused; {made}"));
    }
    if let Some(end) = narrowing.ends_at {
        said.push(format!("it ends at {end}; {made}"));
    }
    for of in &narrowing.scopes {
        said.push(format!("{} in the last 30 days wanted {}", calls(of.counts.allowed), of.scope));
    }
    for of in &narrowing.addresses {
        said.push(format!("{} came from {}", calls(of.allowed), of.address));
    }
    if narrowing.from_unknown_addresses {
        said.push("it was called from addresses that are not known, and may lose them".to_owned());
    }
    if narrowing.origins {
        said.push(format!("it can be used from fewer web origins; from which it was used is not counted, and {made}"));
    }
    let busiest = narrowing.busiest_hour().map_or(0, |hour| hour.allowed);
    for name in &narrowing.limits {
        said.push(format!("its busiest hour had {}, more than its limit {name} lets pass", calls(busiest)));
    }
    for limit in &narrowing.limits_in_all {
        let (made, most) = (calls(limit.calls), limit.most);
        said.push(format!("it made {made} in the last 30 days, of which its limit {} lets {most} pass", limit.name));
    }
    if narrowing.is_blind {
        said.push("allowed calls are not recorded, so what it would refuse is not known".to_owned());
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_removal_stops_is_always_said() {
        let breaks = WhatBreaks { keys: 1, allowed: 0, ..WhatBreaks::default() };
        assert_eq!(of_removal(&breaks), ["it was never used"]);
        let at = "2026-11-28T10:00:00.000Z".parse().unwrap();
        let used = WhatBreaks { allowed: 2, last_used_at: Some(at), is_lower_bound: true, ..breaks };
        assert_eq!(
            of_removal(&used),
            ["it made at least 2 calls in the last 30 days, the last at 2026-11-28T10:00:00.000Z"]
        );
    }

    #[test]
    fn nothing_is_said_of_a_change_that_refuses_nothing() {
        assert!(of_narrowing(&Narrowing::default()).is_empty());
        let off = Narrowing { disables: true, ..Narrowing::default() };
        assert_eq!(of_narrowing(&off).len(), 1);
    }
}
