//! Request bodies: JSON, at most 64 KiB, read once, and explained field by field when they are wrong. Those of imports are read by
//! their endpoint.

use std::{collections::BTreeMap, time::Duration};

use bytes::{Bytes, BytesMut};
use edge::{FieldError, Payload, Problem, problem, within};
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, error::Category};

use crate::{doubled::doubled, explain::explain, not_utf8::other_encoding};

/// Most bytes of a body.
pub(crate) const MAX_BYTES: usize = 64 * 1024;

/// How long a body may take to arrive. Shorter than the limit of a whole request, so that a slow sender is told so.
const ARRIVAL: Duration = Duration::from_secs(20);

/// Reads a JSON body to its end.
pub(crate) async fn json<B: Payload>(headers: &HeaderMap, body: B) -> Result<Bytes, Problem> {
    json_up_to(headers, body, MAX_BYTES, || Some(())).await
}

/// The same for one that may be larger. One that is has a place while it is read, of which there are few; without one it is refused.
pub(crate) async fn json_up_to<B: Payload, P>(
    headers: &HeaderMap,
    body: B,
    most: usize,
    enter: impl Fn() -> Option<P>,
) -> Result<Bytes, Problem> {
    if !is_utf_8(headers) {
        return Err(Problem::new(&problem::UNSUPPORTED_MEDIA_TYPE)
            .detail("The charset of Content-Type must be UTF-8: send the body as UTF-8, and say so or nothing."));
    }
    if !is_json(headers) {
        return Err(Problem::new(&problem::UNSUPPORTED_MEDIA_TYPE)
            .detail("Send the body as JSON, uncompressed, with Content-Type: application/json."));
    }
    if announced(headers).is_some_and(|length| length > most as u64) {
        return Err(too_large(most));
    }
    match within(ARRIVAL, collect(body, most, enter)).await {
        Some(read) => read,
        None => Err(Problem::new(&problem::REQUEST_TIMEOUT).detail("The body did not arrive within 20 seconds.")),
    }
}

/// The bytes of a body, if its head says so.
pub(crate) fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok())
}

/// For a call that takes no body: an empty one and one without members are none. What is sent must not be ignored, since whoever sent
/// it means something by it.
pub(crate) async fn none<B: Payload>(body: B) -> Result<(), Problem> {
    let is_none = match within(ARRIVAL, collect(body, MAX_BYTES, || Some(()))).await {
        Some(Ok(bytes)) => bytes.trim_ascii().is_empty() || is_object_without_members(&bytes),
        Some(Err(_)) | None => false,
    };
    if is_none { Ok(()) } else { Err(Problem::invalid("This call takes no body: send none, or {}.")) }
}

/// Also `null`, which some clients send for none.
fn is_object_without_members(bytes: &[u8]) -> bool {
    let read = serde_json::from_slice::<Option<BTreeMap<String, IgnoredAny>>>(bytes);
    read.is_ok_and(|members| members.is_none_or(|members| members.is_empty()))
}

async fn collect<B: Payload, P>(mut body: B, most: usize, enter: impl Fn() -> Option<P>) -> Result<Bytes, Problem> {
    let mut whole = Bytes::new();
    let mut more = BytesMut::new();
    let mut place = None;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::invalid("The body broke off."))?;
        let Ok(data) = frame.into_data() else { continue };
        let length = whole.len() + more.len() + data.len();
        if length > most {
            return Err(too_large(most));
        }
        if length > MAX_BYTES && place.is_none() {
            place = Some(enter().ok_or_else(crowded)?);
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

fn too_large(most: usize) -> Problem {
    Problem::new(&problem::PAYLOAD_TOO_LARGE).detail(format!("A body has at most {} KiB.", most / 1024))
}

fn crowded() -> Problem {
    Problem::new(&problem::UNAVAILABLE).detail("Too many large bodies are being read. Send it again.")
}

fn is_json(headers: &HeaderMap) -> bool {
    media_type(headers).eq_ignore_ascii_case(b"application/json")
}

/// The media type of a body that is not compressed, without its parameters; of another it is empty.
pub(crate) fn media_type(headers: &HeaderMap) -> &[u8] {
    let plain = headers.get(header::CONTENT_ENCODING).is_none_or(|value| value.as_bytes() == b"identity");
    let media = headers.get(header::CONTENT_TYPE).filter(|_| plain).map_or(&b""[..], |value| value.as_bytes());
    media.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii()
}

/// Whether the charset that is named, if one is, is UTF-8. RFC 8259 knows no other.
pub(crate) fn is_utf_8(headers: &HeaderMap) -> bool {
    let media = headers.get(header::CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes());
    media.split(|byte| *byte == b';').skip(1).all(|parameter| {
        let mut halves = parameter.splitn(2, |byte| *byte == b'=').map(<[u8]>::trim_ascii);
        let is_charset = halves.next().is_some_and(|name| name.eq_ignore_ascii_case(b"charset"));
        let value = halves.next().unwrap_or_default();
        let value = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value);
        !is_charset || value.eq_ignore_ascii_case(b"utf-8") || value.eq_ignore_ascii_case(b"utf8")
    })
}

/// Reads a request out of a body, borrowing from it. The type says what the body must be, and no member of any object may be
/// given twice: maps would take the last in silence.
pub(crate) fn parse<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, Problem> {
    let parsed = parse_structs(bytes)?;
    doubled(bytes).map_or(Ok(parsed), |field| Err(given_twice(field)))
}

/// The same for a request without maps, whose types by themselves refuse a field that is given twice: in one pass.
pub(crate) fn parse_structs<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|_| refuse::<T>(bytes))
}

fn given_twice(field: String) -> Problem {
    let message = "is given twice".to_owned();
    Problem::invalid("A field is given twice.").errors(vec![FieldError { field, message }])
}

/// The slow way, taken only for a body that is refused. The messages of `serde_json` are used for errors of syntax
/// only: about data they would repeat what was sent, which can be a secret.
#[cold]
fn refuse<'de, T: Deserialize<'de>>(bytes: &[u8]) -> Problem {
    if bytes.is_empty() {
        return Problem::invalid("The body is empty; it must be a JSON object.");
    }
    if let Some(other) = other_encoding(bytes) {
        return Problem::invalid(other);
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
    // Of a field that is given twice only the last is explained.
    if let Some(field) = doubled(bytes) {
        return given_twice(field);
    }
    let errors = explain::<T>(&value);
    Problem::invalid("The body does not have the documented form.").errors(errors)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use futures::FutureExt as _;
    use model::Bounded;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it can be read is of interest")]
    struct Sample {
        name: String,
        tags: Option<Bounded<String, 1, 2>>,
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
    fn a_call_without_a_body_takes_none() {
        let is_none = |body: String| none(Body::from(body)).now_or_never().unwrap().is_ok();
        for (body, expected) in [
            ("", true),
            (" \n", true),
            ("{}", true),
            (" { } ", true),
            ("null", true),
            (r#"{"a":1}"#, false),
            (r#"{"a":1,"a":1}"#, false),
            ("[]", false),
            ("a=1", false),
            ("{", false),
        ] {
            assert_eq!(is_none(body.to_owned()), expected, "{body}");
        }
        assert!(!is_none(" ".repeat(MAX_BYTES + 1)));
    }

    #[test]
    fn an_optional_field_may_be_null() {
        assert!(parse::<Sample>(br#"{"name":"a","tags":null}"#).is_ok());
    }

    #[test]
    fn another_charset_than_utf_8_is_refused() {
        for (media, expected) in [
            ("application/json", true),
            ("application/json; charset=UTF-8", true),
            ("application/json;charset=\"utf-8\"", true),
            ("application/json; profile=x ; charset = utf8", true),
            ("application/json; charset=iso-8859-1", false),
            ("application/json; charset=utf-16", false),
            ("application/json; charset=", false),
            ("application/json; charset=utf-8; Charset=latin1", false),
        ] {
            let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, media.parse().unwrap())]);
            assert_eq!(is_utf_8(&headers), expected, "{media}");
        }
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
