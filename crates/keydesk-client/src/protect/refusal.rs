//! What a caller who is not let through is told: the statuses and codes that Keydesk itself answers in front of an API.

use http::{HeaderValue, Response, StatusCode, header};
use serde_json::json;

use crate::{Code, Verdict};

/// Why a call is not let through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    challenge: Option<String>,
    retry_after: Option<u64>,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, title: &'static str) -> Self {
        Self { status, code, title, challenge: None, retry_after: None }
    }

    /// It came with no key.
    pub(super) fn missing() -> Self {
        let refusal = Self::new(StatusCode::UNAUTHORIZED, "missing_key", "An API key is needed");
        Self { challenge: Some("Bearer realm=\"keydesk\"".to_owned()), ..refusal }
    }

    /// It came with several keys.
    pub(super) fn unclear() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", "The headers name more than one API key")
    }

    /// Keydesk could not be asked. Nobody is let through meanwhile.
    pub(super) fn unavailable() -> Self {
        let refusal = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The API key can't be checked now");
        Self { retry_after: Some(1), ..refusal }
    }

    /// Keydesk has decided so.
    pub(super) fn of(verdict: &Verdict) -> Self {
        const FORBIDDEN: StatusCode = StatusCode::FORBIDDEN;
        match verdict.code {
            Code::EnvironmentNotAllowed => {
                Self::new(FORBIDDEN, "environment_not_allowed", "The API key is of another environment")
            }
            Code::IpNotAllowed => {
                Self::new(FORBIDDEN, "ip_not_allowed", "The API key may not be used from this address")
            }
            Code::OriginNotAllowed => {
                Self::new(FORBIDDEN, "origin_not_allowed", "The API key may not be used from this origin")
            }
            Code::InsufficientScope => {
                let scopes = verdict.missing_scopes.join(" ");
                let challenge = format!("Bearer realm=\"keydesk\", error=\"insufficient_scope\", scope=\"{scopes}\"");
                let refusal = Self::new(FORBIDDEN, "insufficient_scope", "The API key lacks a scope");
                Self { challenge: Some(challenge), ..refusal }
            }
            Code::RateLimited | Code::QuotaExceeded if verdict.retry_after_seconds.is_none() => {
                Self::new(FORBIDDEN, "cost_exceeds_limit", "No waiting lets this call in")
            }
            Code::RateLimited | Code::QuotaExceeded => {
                let code = if verdict.code == Code::RateLimited { "rate_limited" } else { "quota_exceeded" };
                let refusal = Self::new(StatusCode::TOO_MANY_REQUESTS, code, "Too many calls");
                Self { retry_after: verdict.retry_after_seconds, ..refusal }
            }
            // Keys that are unknown, over or switched off are told alike, and so is a reason that this version does not know.
            _ => {
                let refusal = Self::new(StatusCode::UNAUTHORIZED, "invalid_token", "The API key is not valid");
                Self { challenge: Some("Bearer realm=\"keydesk\", error=\"invalid_token\"".to_owned()), ..refusal }
            }
        }
    }

    /// As a problem document.
    pub(super) fn response<B: From<Vec<u8>>>(&self, request_id: Option<uuid::Uuid>) -> Response<B> {
        let mut document = json!({ "type": "about:blank", "title": self.title, "status": self.status.as_u16(),
            "detail": self.title, "code": self.code });
        if let (Some(id), Some(fields)) = (request_id, document.as_object_mut()) {
            fields.insert("request_id".to_owned(), json!(id));
        }
        let mut response = Response::new(B::from(document.to_string().into_bytes()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(challenge) = self.challenge.as_deref().and_then(|text| HeaderValue::try_from(text).ok()) {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What all clients tell, by the verdict.
    const CASES: &str = include_str!("../../../../clients/refusals.json");

    #[test]
    fn each_verdict_is_told_as_keydesk_tells_it() {
        let cases: Vec<serde_json::Value> = serde_json::from_str(CASES).unwrap();
        assert!(cases.len() > 10);
        for case in cases {
            let mut verdict = case["verdict"].clone();
            verdict["valid"] = false.into();
            verdict["request_id"] = "0199c7a0-0000-7000-8000-000000000001".into();
            let refusal = Refusal::of(&serde_json::from_value(verdict).unwrap());
            let challenge = case["challenge"].as_str().map(|rest| format!("Bearer realm=\"keydesk\", {rest}"));
            let told = (u64::from(refusal.status.as_u16()), refusal.code, refusal.challenge, refusal.retry_after);
            let code = case["code"].as_str().unwrap();
            let expected = (case["status"].as_u64().unwrap(), code, challenge, case["retry_after"].as_u64());
            assert_eq!(told, expected, "{case}");
        }
    }
}
