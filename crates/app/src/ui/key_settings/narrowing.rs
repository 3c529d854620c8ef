//! What a change of a key would refuse, in words.

use domain::{LimitInAll, Narrowing};
use model::{BusiestHour, TimeZone};

use super::posted::Form;
use crate::{
    ApiError,
    ui::{BLIND, calls},
};

/// Lines that are shown; of others their number.
const SHOWN: usize = 10;

/// One thing that a change refuses: its name, as the form has it that was told of it, and the sentence that tells of it.
struct Refused {
    name: String,
    line: String,
}

/// Asks about a change that would refuse calls, until the form says that its sender was told of all of them.
pub(super) fn ask(narrowing: &Narrowing, form: Form<'_>, zone: &TimeZone) -> Result<(), ApiError> {
    let refused = refused(narrowing, zone);
    let told: Vec<_> = form.text("narrows").split(' ').collect();
    if refused.iter().all(|refused| told.contains(&refused.name.as_str())) {
        return Ok(());
    }
    let (names, lines): (Vec<_>, Vec<_>) = refused.into_iter().map(|Refused { name, line }| (name, line)).unzip();
    Err(ApiError::Narrows { lines: shortened(lines), seen: names.join(" ") })
}

fn refused(narrowing: &Narrowing, zone: &TimeZone) -> Vec<Refused> {
    let allowed = calls(narrowing.breaks.allowed);
    let mut all = Vec::new();
    let mut add = |name: String, line: String| all.push(Refused { name, line });
    if narrowing.disables {
        add("disabled".to_owned(), format!("Every call is refused: there were {allowed}."));
    }
    if let Some(at) = narrowing.ends_at {
        let words = zone.end_words(at);
        add(format!("ends={at}"), format!("Every call after {words}, is refused: there were {allowed}."));
    }
    for of in &narrowing.scopes {
        let line = format!("Calls that need {} are refused: there were {}.", of.scope, calls(of.counts.allowed));
        add(format!("scope={}", of.scope), line);
    }
    for of in &narrowing.addresses {
        let line = format!(
            "Calls from {} are refused: it made {} in all, the last on {}.",
            of.address,
            calls(of.allowed),
            zone.words(of.last_seen)
        );
        add(format!("address={}", of.address), line);
    }
    if narrowing.from_unknown_addresses {
        let line = "Some calls came from addresses that are not known, and may be refused.";
        add("addresses".to_owned(), line.to_owned());
    }
    if narrowing.origins {
        let line =
            format!("Calls from other pages are refused: there were {allowed}, and from which pages is not known.");
        add("origins".to_owned(), line);
    }
    for name in &narrowing.limits {
        let busiest = narrowing.busiest_hour().map(|BusiestHour { at, allowed }| (calls(allowed), zone.words(at)));
        let (number, at) = busiest.unwrap_or_default();
        add(
            format!("limit={name}"),
            format!("The limit “{name}” lets fewer pass than came in the busiest hour: {number} from {at}."),
        );
    }
    for LimitInAll { name, most, calls: counted } in &narrowing.limits_in_all {
        let (most, counted) = (calls(*most), calls(*counted));
        add(
            format!("limit={name}"),
            format!("The limit “{name}” lets at most {most} pass in 30 days, and would have counted up to {counted}."),
        );
    }
    if narrowing.is_blind {
        let line = "Allowed calls are not recorded by this Keydesk, so calls that are made may be refused.";
        add(BLIND.to_owned(), line.to_owned());
    }
    all
}

/// The first few lines.
fn shortened(mut lines: Vec<String>) -> Vec<String> {
    let more = lines.len().saturating_sub(SHOWN);
    if more > 0 {
        lines.truncate(SHOWN);
        lines.push(format!("{more} more scopes, addresses or limits are concerned."));
    }
    lines
}

#[cfg(test)]
mod tests {
    use model::{BreaksDetails, CallCounts, Instant, ScopeUsage, WhatBreaks};

    use super::*;

    fn asked(narrowing: &Narrowing, told: &str) -> Option<(Vec<String>, String)> {
        let fields = [("narrows".to_owned(), told.to_owned())];
        match ask(narrowing, Form(&fields), &TimeZone::UTC) {
            Err(ApiError::Narrows { lines, seen }) => Some((lines, seen)),
            _ => None,
        }
    }

    #[test]
    fn a_change_is_asked_about_until_all_of_it_was_told() {
        let scope = |name: &str, allowed| ScopeUsage {
            scope: name.parse().unwrap(),
            counts: CallCounts { allowed, ..CallCounts::default() },
        };
        let mut narrowing = Narrowing { scopes: vec![scope("calls:read", 1_204)], ..Narrowing::default() };
        let (lines, seen) = asked(&narrowing, "").unwrap();
        assert_eq!(lines, ["Calls that need calls:read are refused: there were 1,204 calls."]);
        assert_eq!(asked(&narrowing, &seen), None);
        narrowing.scopes.push(scope("calls:make", 1));
        narrowing.disables = true;
        let (lines, seen) = asked(&narrowing, &seen).unwrap();
        assert_eq!((lines.len(), seen.as_str()), (3, "disabled scope=calls:read scope=calls:make"));
        // What is told may be more than what is refused by now.
        narrowing.disables = false;
        assert_eq!(asked(&narrowing, &seen), None);
        assert_eq!(asked(&Narrowing::default(), ""), None);
    }

    #[test]
    fn where_calls_are_not_recorded_it_is_asked_once() {
        let narrowing = Narrowing { is_blind: true, ..Narrowing::default() };
        let (lines, seen) = asked(&narrowing, "").unwrap();
        assert_eq!(lines, ["Allowed calls are not recorded by this Keydesk, so calls that are made may be refused."]);
        assert_eq!(seen, BLIND);
        assert_eq!(asked(&narrowing, &seen), None);
    }

    #[test]
    fn a_limit_is_compared_with_the_busiest_hour() {
        let busiest_hour = Some(BusiestHour { at: Instant::from_millis(0), allowed: 130 });
        let details = Some(BreaksDetails { busiest_hour, ..BreaksDetails::default() });
        let narrowing = Narrowing {
            limits: vec![model::LimitName::parse("daily").unwrap()],
            breaks: WhatBreaks { details, ..WhatBreaks::default() },
            ..Narrowing::default()
        };
        let (lines, seen) = asked(&narrowing, "").unwrap();
        assert_eq!(
            lines,
            ["The limit “daily” lets fewer pass than came in the busiest hour: 130 calls from 1 Jan 1970, 00:00, UTC."]
        );
        assert_eq!(seen, "limit=daily");
    }

    #[test]
    fn a_limit_on_some_scopes_is_compared_with_all_of_their_calls() {
        let none = LimitInAll { name: model::LimitName::parse("reads").unwrap(), most: 0, calls: 1_204 };
        let narrowing = Narrowing { limits_in_all: vec![none], ..Narrowing::default() };
        let (lines, seen) = asked(&narrowing, "").unwrap();
        let line = "The limit “reads” lets at most 0 calls pass in 30 days, and would have counted up to 1,204 calls.";
        assert_eq!((lines, seen.as_str()), (vec![line.to_owned()], "limit=reads"));
    }
}
