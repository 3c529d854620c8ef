//! Request bodies: JSON, at most 64 KiB, read once, and explained field by field when they are wrong.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use edge::{FieldError, Payload, Problem, printable, problem, within};
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use serde::Deserialize;
use serde_json::{Value, error::Category};

/// Most bytes of a body.
pub(crate) const MAX_BYTES: usize = 64 * 1024;

/// How long a body may take to arrive. Shorter than the limit of a whole request, so that a slow sender is told so.
const ARRIVAL: Duration = Duration::from_secs(20);

/// Most rejected fields that one answer names.
const MAX_ERRORS: usize = 20;

/// A body with a list of its fields, so that a refusal can say which of them is wrong.
pub(crate) trait Form<'de>: Deserialize<'de> {
    const FIELDS: &'static [Field];
}

/// One field of a form.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) required: bool,
    pub(crate) shape: Shape,
}

/// What a field holds.
pub(crate) enum Shape {
    /// A value for which `holds` is true; else the message is given.
    Plain { holds: fn(&Value) -> bool, message: &'static str },
    /// A value that passes the check; else the check's message is given.
    Checked { check: fn(&Value) -> Result<(), String> },
    /// A list of this many values that pass the check; else the check's message is given, at the value.
    CheckedList { check: fn(&Value) -> Result<(), String>, least: usize, most: usize },
    /// A list of this many values for which `holds` is true; else the message is given, at the value or at the list.
    List { holds: fn(&Value) -> bool, message: &'static str, least: usize, most: usize },
    /// A list of this many forms.
    Forms { fields: &'static [Field], least: usize, most: usize },
}

impl Field {
    pub(crate) const fn required(name: &'static str, shape: Shape) -> Self {
        Self { name, required: true, shape }
    }

    pub(crate) const fn optional(name: &'static str, shape: Shape) -> Self {
        Self { name, required: false, shape }
    }
}

/// A string.
pub(crate) const TEXT: Shape = Shape::Plain { holds: Value::is_string, message: "must be a string" };

/// Reads a JSON body to its end.
pub(crate) async fn json<B: Payload>(headers: &HeaderMap, body: B) -> Result<Bytes, Problem> {
    if !is_json(headers) {
        return Err(Problem::new(&problem::UNSUPPORTED_MEDIA_TYPE)
            .detail("Send the body as JSON, uncompressed, with Content-Type: application/json."));
    }
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > MAX_BYTES as u64) {
        return Err(too_large());
    }
    match within(ARRIVAL, collect(body)).await {
        Some(read) => read,
        None => Err(Problem::new(&problem::REQUEST_TIMEOUT).detail("The body did not arrive within 20 seconds.")),
    }
}

async fn collect<B: Payload>(mut body: B) -> Result<Bytes, Problem> {
    let mut whole = Bytes::new();
    let mut more = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::invalid("The body broke off."))?;
        let Ok(data) = frame.into_data() else { continue };
        if whole.len() + more.len() + data.len() > MAX_BYTES {
            return Err(too_large());
        }
        // A body almost always comes in one piece, which is then used as it is.
        if whole.is_empty() {
            whole = data;
        } else {
            more.extend_from_slice(&data);
        }
    }
    if !more.is_empty() {
        let mut all = BytesMut::with_capacity(whole.len() + more.len());
        all.extend_from_slice(&whole);
        all.extend_from_slice(&more);
        whole = all.freeze();
    }
    Ok(whole)
}

fn too_large() -> Problem {
    Problem::new(&problem::PAYLOAD_TOO_LARGE).detail("A body has at most 64 KiB.")
}

fn is_json(headers: &HeaderMap) -> bool {
    let plain = headers.get(header::CONTENT_ENCODING).is_none_or(|value| value.as_bytes() == b"identity");
    let media = headers.get(header::CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes());
    let media = media.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    plain && media.eq_ignore_ascii_case(b"application/json")
}

/// Reads a form out of a body, borrowing from it.
pub(crate) fn parse<'de, T: Form<'de>>(bytes: &'de [u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| explain(bytes, T::FIELDS, &error))
}

/// The slow way, taken only for a body that is refused. The messages of `serde_json` are used for errors of syntax
/// only: about data they would repeat what was sent, which can be a secret.
#[cold]
fn explain(bytes: &[u8], fields: &[Field], error: &serde_json::Error) -> Problem {
    if bytes.is_empty() {
        return Problem::invalid("The body is empty; it must be a JSON object.");
    }
    let value = match serde_json::from_slice::<Value>(bytes) {
        Ok(value) => value,
        Err(error) if matches!(error.classify(), Category::Syntax | Category::Eof) => {
            return Problem::invalid(format!("The body is not JSON: {error}."));
        }
        Err(_) => return Problem::invalid("The body is not JSON."),
    };
    if !value.is_object() {
        return Problem::invalid("The body must be a JSON object.");
    }
    let mut errors = Vec::new();
    check(&value, fields, "", &mut errors);
    errors.truncate(MAX_ERRORS);
    if errors.is_empty() {
        // Once repeated fields are folded the body is valid after all: a field must have come twice.
        return Problem::invalid(format!("A field is given twice, before column {}.", error.column()));
    }
    Problem::invalid("The body does not have the documented form.").errors(errors)
}

fn check(value: &Value, fields: &[Field], at: &str, errors: &mut Vec<FieldError>) {
    let Some(object) = value.as_object() else {
        return errors.push(FieldError { field: at.to_owned(), message: "must be an object".to_owned() });
    };
    let path = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
    for name in object.keys().filter(|name| fields.iter().all(|field| field.name != name.as_str())) {
        errors.push(FieldError { field: path(printable(name)), message: "is not a field of this request".to_owned() });
    }
    for field in fields {
        match object.get(field.name) {
            None if field.required => {
                errors.push(FieldError { field: path(field.name), message: "is required".to_owned() });
            }
            None => {}
            Some(Value::Null) if !field.required => {}
            Some(value) => check_shape(value, &field.shape, &path(field.name), errors),
        }
    }
}

fn check_shape(value: &Value, shape: &Shape, at: &str, errors: &mut Vec<FieldError>) {
    let mut wrong = |field: String, message: String| errors.push(FieldError { field, message });
    let (least, most) = match shape {
        Shape::Plain { holds, message } => {
            if !holds(value) {
                wrong(at.to_owned(), (*message).to_owned());
            }
            return;
        }
        Shape::Checked { check } => {
            if let Err(message) = check(value) {
                wrong(at.to_owned(), message);
            }
            return;
        }
        Shape::List { least, most, .. } | Shape::CheckedList { least, most, .. } | Shape::Forms { least, most, .. } => {
            (*least, *most)
        }
    };
    let Some(items) = value.as_array() else {
        return wrong(at.to_owned(), "must be a list".to_owned());
    };
    if !(least..=most).contains(&items.len()) {
        return wrong(at.to_owned(), format!("must have {least} to {most} entries"));
    }
    for (index, item) in items.iter().enumerate() {
        let at = format!("{at}[{index}]");
        match shape {
            Shape::Forms { fields, .. } => check(item, fields, &at, errors),
            Shape::List { holds, message, .. } if !holds(item) => {
                errors.push(FieldError { field: at, message: (*message).to_owned() });
            }
            Shape::CheckedList { check, .. } => {
                if let Err(message) = check(item) {
                    errors.push(FieldError { field: at, message });
                }
            }
            Shape::List { .. } | Shape::Plain { .. } | Shape::Checked { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it can be read is of interest")]
    struct Sample {
        name: String,
        tags: Option<Vec<String>>,
    }

    impl Form<'_> for Sample {
        const FIELDS: &'static [Field] = &[
            Field::required("name", TEXT),
            Field::optional(
                "tags",
                Shape::List { holds: Value::is_string, message: "must be a string", least: 1, most: 2 },
            ),
        ];
    }

    fn refusal(body: &str) -> String {
        let problem = parse::<Sample>(body.as_bytes()).unwrap_err();
        format!("{problem:?}")
    }

    #[test]
    fn every_wrong_field_is_named_and_nothing_that_was_sent_is_repeated() {
        let secret = "ccc_live_7QfxAbcdefghijklmnopqrstuvwxyz012345";
        for (body, expected) in [
            (r#"{"name":5}"#.to_owned(), r#"field: "name", message: "must be a string""#),
            (r#"{}"#.to_owned(), r#"field: "name", message: "is required""#),
            (r#"{"name":null}"#.to_owned(), r#"field: "name", message: "must be a string""#),
            (format!(r#"{{"name":"a","tags":"{secret}"}}"#), r#"field: "tags", message: "must be a list""#),
            (r#"{"tags":[]}"#.to_owned(), "must have 1 to 2 entries"),
            (format!(r#"{{"name":["{secret}"],"tags":["a",7]}}"#), r#"field: "tags[1]""#),
            (format!(r#"{{"name":"a","{secret}":1}}"#), r#"field: "(unknown)""#),
            (r#"{"name":"a","nmae":1}"#.to_owned(), r#"field: "nmae", message: "is not a field of this request""#),
            (format!(r#""{secret}""#), "must be a JSON object"),
            (format!(r#"{{"name":"{secret}","name":"b"}}"#), "given twice"),
            (format!(r#"{{"name":{secret}}}"#), "not JSON: expected value at line 1 column 9"),
            (r#"{"name":"\ud800"}"#.to_owned(), "not JSON"),
            ("[".repeat(100_000), "recursion limit exceeded"),
            (String::new(), "empty"),
        ] {
            let refusal = refusal(&body);
            assert!(refusal.contains(expected), "{refusal}");
            assert!(!refusal.contains("7Qfx"), "{refusal}");
        }
    }

    #[test]
    fn an_optional_field_may_be_null() {
        assert!(parse::<Sample>(br#"{"name":"a","tags":null}"#).is_ok());
    }

    #[test]
    fn only_json_is_json() {
        for (media, expected) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/jsonp", false),
            ("text/plain", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, media.parse().unwrap());
            assert_eq!(is_json(&headers), expected, "{media}");
        }
    }
}
