//! The findings as SARIF 2.1.0 (OASIS), which code hosts and editors show beside the lines that they are about.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use scan::{Report, Unread};
use serde_json::{Value, json};

use super::told::{Spot, State, Told};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// What stands in the path of an address as it is.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// Id, name, what it finds, how grave that is where it works.
const RULES: [(&str, &str, &str, &str); 3] = [
    ("keydesk/key", "ApiKey", "An API key of Keydesk", "9.0"),
    ("keydesk/token", "DerivedToken", "A derived token of Keydesk", "7.0"),
    ("keydesk/signing-secret", "SigningSecret", "A secret with which Keydesk signs deliveries to a webhook", "7.0"),
];

const HELP: &str = "Whoever can read this place can use it. Delete or rotate it in Keydesk first; taking it out of the file or the history \
                    comes after that, since it was there for others to copy.";

/// The log of one run.
pub(super) fn log(told: &[Told], report: &Report) -> Value {
    let rules: Vec<Value> = RULES
        .iter()
        .map(|(id, name, finds, severity)| {
            json!({
                "id": id,
                "name": name,
                "shortDescription": { "text": format!("{finds}.") },
                "fullDescription": { "text": format!("{finds} where it must not be. {HELP}") },
                "help": { "text": HELP },
                "defaultConfiguration": { "level": "error" },
                "properties": { "tags": ["security", "secret"], "security-severity": severity, "precision": "very-high" },
            })
        })
        .collect();
    let results: Vec<Value> = told.iter().flat_map(|one| one.places.iter().map(|spot| result(one, spot))).collect();
    let is_whole = report.unread_count == 0 && report.left_out == 0;
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "keydesk scan",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
            "invocations": [{
                "executionSuccessful": is_whole,
                "toolExecutionNotifications": report.unread.iter().map(unread).collect::<Vec<_>>(),
            }],
        }],
    })
}

fn result(told: &Told, spot: &Spot) -> Value {
    let rule = match told.form {
        "key" => 0,
        "token" => 1,
        _ => 2,
    };
    let level = match told.state {
        State::Works | State::NotAsked => "error",
        State::Disabled | State::Expired | State::Unknown => "warning",
        State::Revoked | State::Ended => "note",
    };
    let advice = told.advice().map(|advice| format!(" What to do: {advice}.")).unwrap_or_default();
    let message = format!("{} {}: {}.{advice}", told.hint, told.whose(), told.state.words());
    let mut result = json!({
        "ruleId": RULES[rule].0,
        "ruleIndex": rule,
        "level": level,
        "message": { "text": message },
        "locations": [location(told, spot)],
        // The same secret at another place is another finding of one fault.
        "partialFingerprints": { "keydeskSecret/v1": format!("{}:{}", told.form, told.owner.key_id.as_ref().unwrap_or(&told.hint)) },
        "properties": { "state": told.state },
    });
    if let Some(commit) = &spot.commit {
        result["properties"]["commit"] = json!(commit);
        result["properties"]["removed"] = json!(spot.removed);
    }
    result
}

fn location(told: &Told, spot: &Spot) -> Value {
    let Some(path) = &spot.path else {
        let name = spot.commit.as_ref().map_or("standard input".to_owned(), |commit| format!("commit {commit}"));
        return json!({
            "message": { "text": format!("Line {}, column {}.", spot.line, spot.column) },
            "logicalLocations": [{ "fullyQualifiedName": name }],
        });
    };
    let mut region = json!({ "startLine": spot.line, "startColumn": spot.column });
    if let Some(length) = told.length() {
        region["endColumn"] = json!(spot.column + length);
    }
    json!({ "physicalLocation": { "artifactLocation": { "uri": uri(path) }, "region": region } })
}

/// A reference to a file: relative as it was named, or an address of its own.
fn uri(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    let encoded = utf8_percent_encode(path, PATH);
    if path.starts_with('/') { format!("file://{encoded}") } else { encoded.to_string() }
}

fn unread(unread: &Unread) -> Value {
    let mut notification =
        json!({ "level": "error", "message": { "text": format!("It can't be read: {}", unread.why) } });
    if let Some(path) = &unread.path {
        let uri = uri(&path.to_string_lossy());
        notification["locations"] = json!([{ "physicalLocation": { "artifactLocation": { "uri": uri } } }]);
    }
    notification
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_reference() {
        for (path, expected) in [
            ("src/a b.env", "src/a%20b.env"),
            ("./src/ä:1.env", "src/%C3%A4%3A1.env"),
            ("/etc/keydesk/key", "file:///etc/keydesk/key"),
            ("a#b?c%d", "a%23b%3Fc%25d"),
        ] {
            assert_eq!(uri(path), expected);
        }
    }
}
