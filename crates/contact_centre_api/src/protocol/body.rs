//! Bodies of requests: JSON of at most 64 KiB, or more where a route says so.

use std::borrow::Cow;

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::{HeaderMap, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

use super::{FieldError, Problem, kinds};

/// Most bytes of a body, where nothing else is said.
const BODY_MAX: usize = 64 * 1024;

/// A JSON body as it came. It is kept whole: whoever sends a request again must send the same.
#[derive(Clone, Debug)]
pub(crate) struct Sent(pub(crate) Bytes);

impl<S: Sync> FromRequest<S> for Sent {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        read_json(request, BODY_MAX).await.map(Self)
    }
}

/// Reads a JSON body to its end.
///
/// # Errors
/// 415 of another kind, 413 if it is longer, 400 if it broke off.
pub(crate) async fn read_json(request: Request, most: usize) -> Result<Bytes, Problem> {
    let (parts, body) = request.into_parts();
    let length =
        parts.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > most) {
        return Err(too_large(most));
    }
    let body = Limited::new(body, most).collect().await.map_err(|error| {
        if error.downcast_ref::<LengthLimitError>().is_some() {
            too_large(most)
        } else {
            Problem::invalid("The body broke off.")
        }
    })?;
    let body = body.to_bytes();
    // A call that may have a body may also have none.
    if !body.is_empty() && !is_json(&parts.headers) {
        return Err(Problem::new(&kinds::UNSUPPORTED_MEDIA_TYPE)
            .detail("Send the body as JSON in UTF-8, uncompressed, with Content-Type: application/json."));
    }
    Ok(body)
}

fn too_large(most: usize) -> Problem {
    Problem::new(&kinds::BODY_TOO_LARGE).detail(format!("A body has at most {} KiB here.", most / 1024))
}

fn is_json(headers: &HeaderMap) -> bool {
    let plain = headers.get(header::CONTENT_ENCODING).is_none_or(|value| value.as_bytes() == b"identity");
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = media.split(';').map(str::trim);
    let json = parts.next().is_some_and(|media| media.eq_ignore_ascii_case("application/json"));
    plain && json && parts.all(is_utf_8)
}

/// Whether a parameter is no charset, or the one that JSON has.
fn is_utf_8(parameter: &str) -> bool {
    let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
    let value = value.trim().trim_matches('"');
    !name.trim().eq_ignore_ascii_case("charset")
        || value.eq_ignore_ascii_case("utf-8")
        || value.eq_ignore_ascii_case("utf8")
}

impl Sent {
    /// The request that a body is. An empty one is an object without members.
    ///
    /// # Errors
    /// 400, naming the field where it can be told.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let json: &[u8] = if self.0.trim_ascii().is_empty() { b"{}" } else { &self.0 };
        serde_json::from_slice(json).map_err(|error| refused(&error))
    }
}

/// What `serde_json` says, with the field that it names.
fn refused(error: &serde_json::Error) -> Problem {
    if !error.is_data() {
        return Problem::invalid(format!("The body is not JSON: {error}."));
    }
    let message = error.to_string();
    let field = message.split('`').nth(1).filter(|_| message.contains(" field `")).unwrap_or_default().to_owned();
    let problem = Problem::invalid("The body does not have the documented form.");
    problem.errors(vec![FieldError::new(Cow::Owned(field), Cow::Owned(message))])
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        #[expect(dead_code, reason = "only whether it can be read is of interest")]
        name: String,
    }

    #[test]
    fn a_refused_body_names_its_field() {
        let refusal = |body: &'static str| format!("{:?}", Sent(Bytes::from_static(body.as_bytes())).read::<Sample>());
        assert!(refusal(r#"{"name":"a","nmae":1}"#).contains(r#"field: "nmae""#));
        assert!(refusal("{}").contains(r#"field: "name""#));
        assert!(refusal("").contains(r#"field: "name""#));
        assert!(refusal("{").contains("not JSON"));
    }

    #[tokio::test]
    async fn only_json_of_some_size_is_read() {
        let read = async |media: &str, body: String| {
            let request = Request::builder().header("content-type", media).body(Body::from(body)).unwrap();
            read_json(request, 10).await.map_err(|problem| problem.code())
        };
        assert!(read("application/json; charset=UTF-8", "{}".to_owned()).await.is_ok());
        assert!(read("", String::new()).await.is_ok());
        for media in ["text/plain", "application/jsonp", "application/json; charset=latin1", ""] {
            assert_eq!(read(media, "{}".to_owned()).await, Err("unsupported_media_type"), "{media}");
        }
        assert_eq!(read("application/json", " ".repeat(11)).await, Err("body_too_large"));
    }
}
