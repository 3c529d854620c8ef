//! Limits in units of a contact centre are read, written and compared alike.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn of(value: Value) -> ContactCentreLimits {
    serde_json::from_value(value).unwrap()
}

fn text(text: &str) -> ContactCentreLimits {
    text.parse().unwrap()
}

const AGENT: &str = "01940000-0000-7000-8000-000000000001";
const OTHER: &str = "01940000-0000-7000-8000-000000000002";

#[test]
fn limits_have_one_form_in_json() {
    let all = json!({
        "calls_per_hour": 60,
        "call_prefixes": [{"prefix": "+", "calls_per_hour": 0}, {"prefix": "+61", "calls_per_hour": null}],
        "dialling_hours": {"from_hour": 9, "to_hour": 20, "weekends": false},
        "max_streams": 5,
        "recording_bytes_per_day": 500_000_000,
        "agent_ids": [AGENT],
    });
    assert_eq!(json!(of(all.clone())), all);
    assert_eq!(json!(ContactCentreLimits::default()), json!({}));
    assert_eq!(of(json!({"calls_per_hour": null, "agent_ids": null})), ContactCentreLimits::default());
    let unordered = json!({"call_prefixes": [{"prefix": "+61"}, {"prefix": "+1", "calls_per_hour": 1}]});
    assert_eq!(of(unordered).call_prefixes.iter().map(|one| one.prefix.as_str()).collect::<Vec<_>>(), ["+1", "+61"]);
    assert_eq!(of(json!({"agent_ids": [OTHER, AGENT, OTHER]})), of(json!({"agent_ids": [AGENT, OTHER]})));
}

#[test]
fn what_is_no_limit_is_refused_with_its_reason() {
    for (value, said) in [
        (json!({"calls_per_hour": 1_000_001}), "must be a whole number from 0 to 1000000"),
        (json!({"max_streams": 10_001}), "must be a whole number from 0 to 10000"),
        (json!({"recording_bytes_per_day": 9_007_199_254_740_992_u64}), "from 0 to 9007199254740991"),
        (json!({"calls_per_hour": -1}), "expected u64"),
        (json!({"call_prefixes": [{"prefix": "61", "calls_per_hour": 1}]}), "must be + and up to 15 digits"),
        (json!({"call_prefixes": [{"prefix": "+0", "calls_per_hour": 1}]}), "must be + and up to 15 digits"),
        (json!({"call_prefixes": [{"prefix": "+1234567890123456"}]}), "must be + and up to 15 digits"),
        (json!({"call_prefixes": [{"prefix": "+1"}, {"prefix": "+1"}]}), "must each be of another prefix"),
        (json!({"dialling_hours": {"from_hour": 9, "to_hour": 9}}), "must begin at a full hour"),
        (json!({"dialling_hours": {"from_hour": 9, "to_hour": 25}}), "must begin at a full hour"),
        (json!({"dialling_hours": {"from_hour": 9}}), "missing field `to_hour`"),
        (json!({"agent_ids": ["ada"]}), "UUID"),
        (json!({"agent": []}), "unknown field"),
    ] {
        let refused = serde_json::from_value::<ContactCentreLimits>(value.clone()).unwrap_err().to_string();
        assert!(refused.contains(said), "{value}: {refused}");
    }
    let many: Vec<_> = (1..=21).map(|n| json!({"prefix": format!("+{n}")})).collect();
    assert!(serde_json::from_value::<ContactCentreLimits>(json!({"call_prefixes": many})).is_err());
    let many: Vec<_> = (0..=100).map(|n| json!(uuid::Uuid::from_u128(n))).collect();
    assert!(serde_json::from_value::<ContactCentreLimits>(json!({"agent_ids": many})).is_err());
}

#[test]
fn limits_are_read_as_they_are_written() {
    let all = format!(
        "calls=60/hour +=0/hour +61=any +6149=20/hour hours=9-20,weekends streams=5 recordings=500MB/day agent={AGENT} agent={OTHER}"
    );
    for words in [
        "",
        "calls=0/hour",
        "hours=0-24",
        "recordings=1kB/day",
        "recordings=0/day",
        "recordings=1001/day",
        "agent=none",
        &all,
    ] {
        assert_eq!(text(words).to_string(), words);
    }
    assert_eq!(text("recordings=2000MB/day\n\tcalls=1/hour "), text("calls=1/hour recordings=2GB/day"));
    for (words, said) in [
        ("calls=60", "calls=60 must end with /hour"),
        ("calls=1000001/hour", "calls=1000001/hour must be a whole number from 0 to 1000000"),
        ("calls=+6/hour", "calls=+6/hour must have a whole number"),
        ("calls=1/hour calls=2/hour", "calls=2/hour is the second of its kind"),
        ("+061=1/hour", "+061=1/hour must be + and up to 15 digits"),
        ("+61=1/hour +61=any", "The prefixes must each be of another prefix"),
        ("hours=20-9", "hours=20-9 must begin at a full hour"),
        ("hours=9-20,sundays", "hours=9-20,sundays must have hours of the day"),
        ("streams=", "streams= must have a whole number"),
        ("recordings=1PB/day", "recordings=1PB/day must have a whole number"),
        ("recordings=18446744073709551615TB/day", "recordings=18446744073709551615TB/day must be a whole number"),
        ("agent=ada", "agent=ada must have the id of an agent"),
        ("phones=2", "phones=2 is none of calls=60/hour"),
        ("any", "any is none of"),
    ] {
        let error = words.parse::<ContactCentreLimits>().unwrap_err().to_string();
        assert!(error.starts_with(said), "{error}");
    }
}

#[test]
fn the_longest_prefix_of_a_number_counts() {
    let prefixes = text("+=0/hour +61=any +6149=20/hour").call_prefixes;
    let found = |number: &str| prefixes.of_number(number).map(|one| one.prefix.as_str().to_owned());
    for (number, expected) in [("+61491570006", "+6149"), ("+61291570006", "+61"), ("+4930901820", "+")] {
        assert_eq!(found(number).as_deref(), Some(expected), "{number}");
    }
    assert_eq!(text("+61=1/hour").call_prefixes.of_number("+4930901820"), None);
}

#[test]
fn whatever_lets_more_through_is_not_covered() {
    for (before, after, covered) in [
        ("", "calls=1/hour", true),
        ("calls=2/hour", "calls=1/hour", true),
        ("calls=1/hour", "calls=2/hour", false),
        ("calls=1/hour", "", false),
        ("", "+61=1/hour", true),
        ("+61=2/hour", "+61=1/hour +64=1/hour", true),
        ("+61=2/hour", "+61=2/hour +6149=0/hour", true),
        // What goes there is no longer counted with the rest.
        ("+61=2/hour", "+61=2/hour +6149=1/hour", false),
        ("+=0/hour +61=any", "+=0/hour", true),
        ("+=0/hour", "+=0/hour +61=any", false),
        ("+61=0/hour", "", false),
        ("hours=9-20", "hours=9-19", true),
        ("hours=9-20", "hours=8-20", false),
        ("hours=9-20", "hours=9-20,weekends", false),
        ("hours=9-20", "", false),
        ("streams=2", "streams=3", false),
        ("recordings=1GB/day", "recordings=1MB/day", true),
        ("recordings=1GB/day", "", false),
        ("", "agent=none", true),
        ("agent=none", "", false),
    ] {
        assert_eq!(text(before).covers(&text(after)), covered, "{before} -> {after}");
    }
    let both = text(&format!("agent={AGENT} agent={OTHER}"));
    let one = text(&format!("agent={AGENT}"));
    assert!(both.covers(&one) && !one.covers(&both) && one.covers(&text("agent=none")));
}

#[test]
fn what_the_gateway_keeps_is_nothing_that_the_contact_centre_does() {
    for (before, after, covered) in [
        ("streams=1", "streams=2", true),
        ("recordings=1MB/day", "", true),
        ("calls=1/hour streams=1", "calls=2/hour streams=1", false),
        ("+61=0/hour", "", false),
        ("hours=9-20", "", false),
        ("agent=none", "", false),
    ] {
        assert_eq!(text(before).covers_behind(&text(after)), covered, "{before} -> {after}");
    }
}

#[test]
fn a_world_has_a_short_name_of_its_own() {
    for name in ["a", "acme-ci", "0_9", &"a".repeat(64)] {
        assert_eq!(name.parse::<WorldName>().unwrap().as_str(), name);
    }
    for name in ["", "main", "A", "a b", "ä", &"a".repeat(65)] {
        assert_eq!(name.parse::<WorldName>(), Err(InvalidWorldName), "{name}");
    }
}

/// Prefixes of few digits, so that they often lie within each other.
fn prefixes() -> impl Strategy<Value = CallPrefixes> {
    let one = ("[12]{0,3}", prop::option::of(0..3_u64));
    prop::collection::btree_map(one.0, one.1, 0..5).prop_map(|all| {
        let one = |(digits, calls): (String, Option<u64>)| CallPrefix {
            prefix: DialPrefix::parse(&format!("+{digits}")).unwrap(),
            calls_per_hour: calls.map(|calls| calls.try_into().unwrap()),
        };
        CallPrefixes::new(all.into_iter().map(one).collect()).unwrap()
    })
}

/// Which of these calls pass, each taking from the prefix that counts for it.
fn passed(prefixes: &CallPrefixes, calls: &[String]) -> usize {
    let mut left: Vec<_> = prefixes.iter().map(|one| (one.prefix.clone(), one.calls_per_hour.map(u64::from))).collect();
    let mut pass = |number: &String| {
        let Some(one) = prefixes.of_number(number) else { return true };
        let (_, left) = left.iter_mut().find(|(prefix, _)| *prefix == one.prefix).unwrap();
        match left {
            None => true,
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
        }
    };
    calls.iter().filter(|number| pass(number)).count()
}

proptest! {
    #[test]
    fn where_prefixes_are_covered_no_more_calls_pass(
        before in prefixes(),
        after in prefixes(),
        calls in prop::collection::vec("[+][12]{3,4}", 0..12),
    ) {
        prop_assert!(before.covers(&before));
        if before.covers(&after) {
            prop_assert!(passed(&after, &calls) <= passed(&before, &calls), "{:?} {:?} {:?}", before, after, calls);
        }
    }

    #[test]
    fn prefixes_that_are_covered_step_by_step_are_covered(one in prefixes(), two in prefixes(), three in prefixes()) {
        if one.covers(&two) && two.covers(&three) {
            prop_assert!(one.covers(&three), "{:?} {:?} {:?}", one, two, three);
        }
    }
}
