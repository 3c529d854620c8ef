use std::borrow::Cow;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use contact_centre::{shared::NotNow, world::Refusal};
use http::{HeaderName, HeaderValue, StatusCode, header};
use model::ErrorKind;
use serde::Serialize;
use serde_json::{Map, Value};

use super::kinds;

/// Why something was not done, as a problem document (RFC 9457).
#[derive(Clone, Debug)]
pub(crate) struct Problem(Box<Parts>);

#[derive(Clone, Debug)]
struct Parts {
    kind: &'static ErrorKind,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    more: Map<String, Value>,
    retry_after: Option<u64>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// What is wrong with one field or parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct FieldError {
    pub(crate) field: Cow<'static, str>,
    pub(crate) message: Cow<'static, str>,
}

#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    #[serde(flatten)]
    more: &'a Map<String, Value>,
}

impl FieldError {
    pub(crate) fn new(field: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

impl Problem {
    pub(crate) fn new(kind: &'static ErrorKind) -> Self {
        Self(Box::new(Parts {
            kind,
            detail: Cow::Borrowed(kind.title),
            errors: Vec::new(),
            more: Map::new(),
            retry_after: None,
            headers: Vec::new(),
        }))
    }

    /// A malformed request.
    pub(crate) fn invalid(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(&kinds::INVALID_REQUEST).detail(detail)
    }

    /// There is no such thing.
    pub(crate) fn not_found(what: &'static str) -> Self {
        Self::new(&kinds::NOT_FOUND).detail(format!("There is no such {what}."))
    }

    /// A field that can't be so.
    pub(crate) fn field(field: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Self {
        let error = FieldError::new(field, message);
        Self::new(&kinds::INVALID_FIELD).detail(format!("{} {}.", error.field, error.message)).errors(vec![error])
    }

    /// For an answer that was made elsewhere and has only a status.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        Self::new(match status.as_u16() {
            404 => &kinds::NOT_FOUND,
            405 => &kinds::METHOD_NOT_ALLOWED,
            413 => &kinds::BODY_TOO_LARGE,
            415 => &kinds::UNSUPPORTED_MEDIA_TYPE,
            500.. => &kinds::INTERNAL_ERROR,
            _ => &kinds::INVALID_REQUEST,
        })
    }

    /// What is wrong with this request.
    pub(crate) fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.0.detail = detail.into();
        self
    }

    /// Which fields are rejected.
    pub(crate) fn errors(mut self, errors: Vec<FieldError>) -> Self {
        self.0.errors = errors;
        self
    }

    /// A member of the document of its own.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.more.insert(name.to_owned(), value.into());
        self
    }

    /// After how many seconds it is worth asking again.
    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// A header of its answer.
    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Its stable name.
    pub(crate) fn code(&self) -> &'static str {
        self.0.kind.code
    }

    /// What is wrong with this request.
    pub(crate) fn text(&self) -> &str {
        &self.0.detail
    }

    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The document, in an answer that keeps the headers that it has. `HEAD` has none, and says how long it would be.
    pub(crate) fn render(&self, request_id: &str, response: &mut Response, head: bool) {
        let Parts { kind, detail, errors, more, retry_after, headers } = &*self.0;
        let document = Document {
            r#type: format!("/v1/openapi.json#/x-problems/{}", kind.code),
            title: kind.title,
            status: kind.status,
            detail,
            code: kind.code,
            request_id,
            errors,
            more,
        };
        // Strings, numbers and lists of them, which JSON can always hold.
        let body = serde_json::to_vec(&document).unwrap_or_default();
        *response.status_mut() = self.status();
        let own = response.headers_mut();
        own.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        own.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
        own.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = retry_after.or((kind.status == 503).then_some(1)) {
            own.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        for (name, value) in headers {
            own.insert(name.clone(), value.clone());
        }
        *response.body_mut() = if head { Body::empty() } else { Body::from(body) };
    }
}

impl IntoResponse for Problem {
    /// The layer around everything, which knows the request's id, writes the document.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<NotNow> for Problem {
    fn from(not_now: NotNow) -> Self {
        match not_now {
            NotNow::CatchingUp => Self::new(&kinds::CATCHING_UP),
            NotNow::Journal(error) => {
                tracing::error!(%error, "the contact centre can't write down what happens");
                Self::new(&kinds::NOT_WRITTEN)
            }
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let kind = match &refusal {
            Refusal::NotFound(what) => return Self::not_found(what),
            Refusal::Invalid { field, problem } => return Self::field(*field, *problem),
            Refusal::WrongState(state) => {
                return Self::new(&kinds::WRONG_STATE)
                    .detail(format!("The call is {state}, and this can't be done then."))
                    .with("state", state.as_str());
            }
            Refusal::OutsideDiallingHours { next } => return Self::outside_dialling_hours(*next),
            Refusal::LeadRests { next } => {
                return Self::new(&kinds::LEAD_RESTS)
                    .detail(format!("The lead was called a short while ago. It may be called next at {next}."))
                    .with("next_allowed_at", next.to_string());
            }
            Refusal::AgentOffline => &kinds::AGENT_OFFLINE,
            Refusal::AgentBusy => &kinds::AGENT_BUSY,
            Refusal::QueueClosed => &kinds::QUEUE_CLOSED,
            Refusal::DoNotCall => &kinds::DO_NOT_CALL,
            Refusal::Changed => &kinds::VERSION_MOVED,
            Refusal::Recording(_) => &kinds::RECORDING_NOT_POSSIBLE,
            Refusal::Full(_) => &kinds::FULL,
            Refusal::Clock(_) => &kinds::INVALID_FIELD,
            Refusal::Journal(error) => {
                tracing::error!(%error, "the contact centre can't write down what happens");
                &kinds::NOT_WRITTEN
            }
        };
        let detail = if matches!(refusal, Refusal::Journal(_)) { kind.title.to_owned() } else { refusal.to_string() };
        Self::new(kind).detail(detail)
    }
}

impl Problem {
    /// The callee's clocks allow a call next at this instant; none within a week.
    pub(crate) fn outside_dialling_hours(next: Option<model::Instant>) -> Self {
        let problem = Self::new(&kinds::OUTSIDE_DIALLING_HOURS);
        let next = next.map(|next| next.to_string());
        let detail = match &next {
            Some(next) => format!("The callee's clocks allow no call now. They do next at {next}."),
            None => "The callee's clocks allow no call within a week.".to_owned(),
        };
        problem.detail(detail).with("next_allowed_at", next)
    }
}
