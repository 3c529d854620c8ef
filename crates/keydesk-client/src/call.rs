//! One call, before it is sent.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, header};
use serde::Serialize;
use uuid::Uuid;

use crate::{Error, query::Query, retry::Safety};

/// What is asked, without the key and the address of the server.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Query,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Bytes,
    pub(crate) safety: Safety,
}

impl Call {
    /// A call without a body. It is idempotent as its method is.
    pub(crate) fn new(method: Method, path: impl Into<String>) -> Self {
        let safety = if method.is_idempotent() { Safety::Repeatable } else { Safety::Once };
        Self { method, path: path.into(), query: Query::default(), headers: Vec::new(), body: Bytes::new(), safety }
    }

    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    pub(crate) fn post(path: impl Into<String>) -> Self {
        Self::new(Method::POST, path)
    }

    pub(crate) fn query(mut self, query: Query) -> Self {
        self.query = query;
        self
    }

    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// With a body of JSON.
    pub(crate) fn json(mut self, body: &impl Serialize) -> Result<Self, Error> {
        self.body = serde_json::to_vec(body).map_err(Error::NotUnderstood)?.into();
        Ok(self.header(header::CONTENT_TYPE, HeaderValue::from_static("application/json")))
    }

    /// Made once, however often it is sent: with this `Idempotency-Key`, or one that is made up.
    pub(crate) fn once(mut self, key: Option<&str>) -> Result<Self, Error> {
        #[expect(clippy::disallowed_methods, reason = "it names a call, and is no id of the server's")]
        let made = || Uuid::new_v4().to_string();
        let key = key.map_or_else(made, str::to_owned);
        let value = HeaderValue::try_from(key).map_err(|_| Error::InvalidKey)?;
        self.safety = Safety::Repeatable;
        Ok(self.header(HeaderName::from_static("idempotency-key"), value))
    }

    /// Only if nobody has changed it since this version.
    pub(crate) fn if_version(self, version: Option<u64>) -> Self {
        match version {
            Some(version) => {
                let tag =
                    HeaderValue::try_from(format!("\"{version}\"")).unwrap_or_else(|_| HeaderValue::from_static("*"));
                self.header(header::IF_MATCH, tag)
            }
            None => self,
        }
    }

    /// What it asks, without the ids: what a limit is likely to be shared by.
    pub(crate) fn kind(&self) -> String {
        let words = self.path.split('/').filter(|word| !word.is_empty() && Uuid::try_parse(word).is_err());
        let place: Vec<_> = words.collect();
        format!("{} /{}", self.method, place.join("/"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_of_one_kind_differ_by_ids_alone() {
        let one = Call::get("/v1/calls/0199c7a0-0000-7000-8000-000000000001/wrap");
        assert_eq!(one.kind(), "GET /v1/calls/wrap");
    }

    #[test]
    fn a_post_is_repeatable_once_it_has_an_idempotency_key() {
        assert_eq!(Call::post("/v1/calls").safety, Safety::Once);
        let call = Call::post("/v1/calls").once(None).unwrap();
        assert_eq!(call.safety, Safety::Repeatable);
        assert!(call.headers.iter().any(|(name, value)| name == "idempotency-key" && value.len() == 36));
        assert!(Call::post("/v1/calls").once(Some("a\nb")).is_err());
    }
}
