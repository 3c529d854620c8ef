//! Which web pages may read an answer. A page that may read answers may read refusals, too: they say what to do.

use std::{
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::{Duration, Instant},
};

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts};
use model::OriginUnion;
use verify::Record;

/// What a page may read of an answer besides its body.
static EXPOSED: HeaderValue = HeaderValue::from_static(
    "Content-Disposition, Content-Range, Deprecation, ETag, Idempotency-Replayed, Link, Location, RateLimit, RateLimit-Policy, \
     Repr-Digest, Retry-After, WWW-Authenticate, X-Keydesk-Error, X-Request-Id",
);
static METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
/// A browser asks again after this many seconds.
static MAX_AGE: HeaderValue = HeaderValue::from_static("600");
static VARY: HeaderValue = HeaderValue::from_static("Origin");
static VARY_OF_PREFLIGHT: HeaderValue =
    HeaderValue::from_static("Origin, Access-Control-Request-Method, Access-Control-Request-Headers");

/// The origins that may read.
#[derive(Debug, Default)]
pub(super) struct Cors {
    /// Those of the configuration.
    configured: OriginUnion,
    /// Those of all keys that live.
    living: RwLock<Arc<OriginUnion>>,
    /// Those of tokens that other nodes have made, as they were read last.
    of_tokens: RwLock<Arc<OriginUnion>>,
    /// When that was.
    read_at: Mutex<Option<Instant>>,
}

/// How often the origins of tokens are read, however many origins are asked for that nobody knows.
const READ: Duration = Duration::from_millis(250);

/// A question of a browser, whether a page may make a call.
pub(super) fn is_preflight(parts: &Parts) -> bool {
    parts.method == Method::OPTIONS
        && parts.headers.contains_key(header::ORIGIN)
        && parts.headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

impl Cors {
    pub(super) fn new(configured: OriginUnion) -> Self {
        Self { configured, ..Self::default() }
    }

    /// The keys' origins have changed.
    pub(super) fn set_living(&self, origins: OriginUnion) {
        *self.living.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(origins);
    }

    /// Whether the origins of tokens are to be read now, since somebody asks for one that is not known.
    pub(super) fn is_due(&self) -> bool {
        let mut read_at = self.read_at.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = read_at.is_none_or(|at| at.elapsed() >= READ);
        if is_due {
            *read_at = Some(Instant::now());
        }
        is_due
    }

    /// The origins of tokens were read.
    pub(super) fn set_of_tokens(&self, origins: OriginUnion) {
        *self.of_tokens.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(origins);
    }

    /// Whether pages of an origin may read what anybody is answered: who asks is not known.
    pub(super) fn allows_anyone(&self, origin: &HeaderValue) -> bool {
        let Ok(origin) = origin.to_str() else { return false };
        let living = Arc::clone(&self.living.read().unwrap_or_else(PoisonError::into_inner));
        let of_tokens = Arc::clone(&self.of_tokens.read().unwrap_or_else(PoisonError::into_inner));
        self.configured.allows(origin) || living.allows(origin) || of_tokens.allows(origin)
    }

    /// Whether pages of an origin may read what the caller with this key is answered.
    pub(super) fn allows(&self, origin: &HeaderValue, record: &Record) -> bool {
        let Ok(origin) = origin.to_str() else { return false };
        record.is_for_page(origin) || self.configured.allows(origin)
    }

    /// The answer to a browser's question: by all keys, since it sends none.
    pub(super) fn preflight(&self, parts: &Parts) -> (StatusCode, HeaderMap) {
        let mut headers = HeaderMap::with_capacity(6);
        headers.insert(header::VARY, VARY_OF_PREFLIGHT.clone());
        let Some(origin) = parts.headers.get(header::ORIGIN).filter(|origin| self.allows_anyone(origin)) else {
            return (StatusCode::FORBIDDEN, headers);
        };
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS.clone());
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE.clone());
        if let Some(asked) = parts.headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
        }
        (StatusCode::NO_CONTENT, headers)
    }
}

/// Lets pages of this origin read an answer; `None`: no page may. Whoever keeps the answer has to keep it for this origin alone.
pub(super) fn write(origin: Option<HeaderValue>, headers: &mut HeaderMap) {
    headers.append(header::VARY, VARY.clone());
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED.clone());
    }
}

/// Names a refusal of the gateway's own.
pub(super) static ERROR: HeaderName = HeaderName::from_static("x-keydesk-error");

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn asked(lines: &[(&'static str, &'static str)]) -> Parts {
        let mut request = Request::builder().method(Method::OPTIONS).uri("/v1/calls");
        for (name, value) in lines {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn a_preflight_goes_by_all_keys_and_the_configuration() {
        let mut configured = OriginUnion::default();
        configured.add(&"https://own.example".parse().unwrap());
        let cors = Cors::new(configured);
        let mut living = OriginUnion::default();
        living.add(&"https://*.page.example".parse().unwrap());
        cors.set_living(living);
        for (origin, expected) in [
            ("https://own.example", 204),
            ("https://a.page.example", 204),
            ("https://page.example", 403),
            ("null", 403),
            ("*", 403),
        ] {
            let parts = asked(&[("origin", origin), ("access-control-request-method", "POST")]);
            assert!(is_preflight(&parts));
            let (status, headers) = cors.preflight(&parts);
            assert_eq!(status.as_u16(), expected, "{origin}");
            assert_eq!(headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN), expected == 204);
            assert!(!headers.contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS));
        }
        assert!(!is_preflight(&asked(&[("origin", "https://own.example")])));
        assert!(!is_preflight(&asked(&[("access-control-request-method", "GET")])));
    }
}
