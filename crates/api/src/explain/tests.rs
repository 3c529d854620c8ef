use std::{borrow::Cow, collections::BTreeMap};

use serde_json::json;

use super::*;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only whether it can be read is of interest")]
struct Sample<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    size: u8,
    on: Option<bool>,
    letter: Option<Letter>,
    two: Option<Two>,
    even: Option<Even>,
    tags: Option<BTreeMap<String, String>>,
    rows: Option<Vec<Vec<Even>>>,
    parts: Option<Vec<Sample<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Letter {
    A,
    B,
    C,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Two {
    Yes,
    No,
}

#[derive(Deserialize)]
#[serde(try_from = "u32")]
struct Even;

impl TryFrom<u32> for Even {
    type Error = &'static str;

    fn try_from(number: u32) -> Result<Self, &'static str> {
        if number.is_multiple_of(2) { Ok(Self) } else { Err("must be even") }
    }
}

fn faults(body: &Value) -> Vec<String> {
    explain::<Sample<'_>>(body).into_iter().map(|error| format!("{} {}", error.field, error.message)).collect()
}

fn good() -> Value {
    json!({"name": "a", "size": 1})
}

#[test]
fn a_valid_body_has_no_fault() {
    assert!(faults(&good()).is_empty());
    let all = json!({"name": "a", "size": 255, "on": false, "letter": "c", "two": "no", "even": 2, "tags": {"a": ""},
        "rows": [[], [0, 2]], "parts": [good()]});
    assert!(faults(&all).is_empty(), "{:?}", faults(&all));
    let nulls = json!({"name": "a", "size": 0, "on": null, "letter": null, "even": null, "rows": null, "parts": null});
    assert!(faults(&nulls).is_empty());
}

#[test]
fn every_fault_is_named_unknown_names_first_and_then_fields_in_their_order() {
    let body = json!({"zeta": 1, "size": 256, "on": "true", "letter": "d", "two": 2, "even": 3, "tags": {"a": 1},
        "rows": [[2], [1, "x", 2, 5], 7], "parts": [{"name": 1, "sise": 1}, good(), null]});
    assert_eq!(
        faults(&body),
        [
            "zeta is not a field of this request",
            "name is required",
            "size must be a whole number from 0 to 255",
            "on must be true or false",
            "letter must be one of a, b and c",
            "two must be yes or no",
            "even must be even",
            "tags must have a string for each value",
            "rows[1][0] must be even",
            "rows[1][1] must be a whole number from 0 to 4294967295",
            "rows[1][3] must be even",
            "rows[2] must be a list",
            "parts[0].sise is not a field of this request",
            "parts[0].name must be a string",
            "parts[0].size is required",
            "parts[2] must be an object",
        ]
    );
    assert_eq!(faults(&json!({})), ["name is required", "size is required"]);
}

#[test]
fn nothing_that_was_sent_is_repeated() {
    let secret = "ccc_live_7QfxAbcdefghijklmnopqrstuvwxyz012345";
    for field in ["name", "size", "on", "letter", "two", "even", "tags", "rows", "parts", secret] {
        for value in [json!(secret), json!([secret]), json!({ secret: secret }), json!([[secret]])] {
            let mut body = good();
            body[field] = value;
            let faults = faults(&body);
            assert!(faults.iter().all(|fault| !fault.contains("7Qfx")), "{faults:?}");
            assert_eq!(
                faults.is_empty(),
                field == "name" && body["name"].is_string() || field == "tags" && body["tags"].is_object(),
                "{field} {faults:?}"
            );
        }
    }
}

#[test]
fn no_more_faults_than_fit_an_answer() {
    let mut body = good();
    body["rows"] = json!([vec![1; 1_000]]);
    assert_eq!(faults(&body).len(), MAX_ERRORS);
    let many: Map<_, _> = (0..1_000).map(|n| (format!("x{n}"), json!(1))).collect();
    assert_eq!(faults(&Value::Object(many)).len(), MAX_ERRORS);
}
