use std::sync::Arc;

use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use domain::{Caller, Clock, EventOptions, Keydesk, NewInstallation, NewKey, OpenOptions};
use model::{Actor, SettingsPatch};
use serde_json::{Value, json};
use server::Dispatcher;
use store::testing::TestDatabase;

use super::{StoppedClock, documented, redact};

/// The real router on a real database.
pub(crate) struct TestApp {
    pub(crate) dispatcher: Dispatcher,
    pub(crate) keydesk: Keydesk,
}

/// A caller, with a key or without.
pub(crate) struct Client<'a> {
    app: &'a TestApp,
    key: Option<String>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// A key that a test made.
pub(crate) struct TestKey {
    pub(crate) id: String,
    pub(crate) secret: String,
}

impl TestApp {
    pub(crate) async fn new(database: &TestDatabase) -> Self {
        Self::with_events(database, EventOptions::default()).await
    }

    /// The same, which sends events out so.
    pub(crate) async fn with_events(database: &TestDatabase, events: EventOptions) -> Self {
        Self::with(OpenOptions { events, ..OpenOptions::founding(database.address(), database.dir()) }).await
    }

    /// The same by a clock that the test moves.
    pub(crate) async fn by_clock(database: &TestDatabase, clock: &Arc<StoppedClock>) -> Self {
        let clock = Arc::clone(clock) as Arc<dyn Clock>;
        Self::with(OpenOptions { clock, ..OpenOptions::founding(database.address(), database.dir()) }).await
    }

    /// The same, opened so.
    pub(crate) async fn with(options: OpenOptions) -> Self {
        let keydesk = Keydesk::open(options).await.expect("an open Keydesk");
        Self { dispatcher: server::dispatcher(&keydesk), keydesk }
    }

    /// A second installation.
    pub(crate) async fn installation(&self, name: &str) {
        let new = NewInstallation { name: name.to_owned(), title: name.to_owned(), recoverable: true };
        self.keydesk.create_installation(Actor::Operator, new).await.expect("a new installation");
    }

    pub(crate) async fn operator(&self, installation: &str) -> Caller {
        let found = self.keydesk.installation(installation).await.expect("an answer").expect("the installation");
        Caller::operator(found.id)
    }

    /// A key, made by the operator.
    pub(crate) async fn key_in(&self, installation: &str, client_name: &str, scopes: &[&str]) -> TestKey {
        let operator = self.operator(installation).await;
        let new = NewKey::of(SettingsPatch {
            scopes: Some(scopes.iter().map(|scope| scope.parse().expect("a scope")).collect()),
            ..SettingsPatch::name(client_name)
        });
        let issued = self.keydesk.issue(&operator, new).await.expect("a new key");
        TestKey { id: issued.key.id.to_string(), secret: issued.secret.expose().to_owned() }
    }

    /// A caller with a new key of these scopes.
    pub(crate) async fn client(&self, scopes: &[&str]) -> Client<'_> {
        let key = self.key_in("default", "Caller", scopes).await;
        self.with_key(&key.secret)
    }

    pub(crate) fn with_key(&self, key: &str) -> Client<'_> {
        Client { app: self, key: Some(key.to_owned()) }
    }

    pub(crate) fn anonymous(&self) -> Client<'_> {
        Client { app: self, key: None }
    }

    /// Sends a request as it is.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let (parts, body) = self.dispatcher.clone().answer(request).await.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("a whole body").to_vec();
        let answer = Answer { status: parts.status, headers: parts.headers, body };
        documented::check(&method, &path, &answer);
        answer
    }
}

impl Client<'_> {
    pub(crate) fn key(&self) -> &str {
        self.key.as_deref().expect("a key")
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None, &[]).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Some(&body.to_string()), &[]).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PATCH, path, Some(&body.to_string()), &[]).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, None, &[]).await
    }

    /// An import of these rows, which are of this media type.
    pub(crate) async fn import(&self, query: &str, media_type: &str, rows: &str) -> Answer {
        let mut request = Request::post(format!("/api/v1/keys/import{query}")).header(header::CONTENT_TYPE, media_type);
        if let Some(key) = &self.key {
            request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
        }
        self.app.send(request.body(Body::from(rows.to_owned())).expect("a request")).await
    }

    /// Any call: a body is sent as JSON.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&str>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(key) = &self.key {
            request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_owned()));
        self.app.send(request.body(body).expect("a request")).await
    }
}

impl Answer {
    /// The body as JSON; null when there is none.
    pub(crate) fn json(&self) -> Value {
        if self.body.is_empty() {
            return Value::Null;
        }
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    /// The body, of which each line is JSON.
    pub(crate) fn lines(&self) -> Vec<Value> {
        let text = self.text();
        text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"))).collect()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The `code` of a problem document.
    pub(crate) fn code(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text());
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// Status and code, as tables compare them.
    pub(crate) fn refusal(&self) -> (u16, String) {
        (self.status.as_u16(), self.code())
    }

    /// The whole answer, with values that differ from run to run replaced by their kind. A value without the form of
    /// its kind stays.
    pub(crate) fn whole(&self) -> String {
        let headers: serde_json::Map<_, _> = self
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), json!(value.to_str().unwrap_or("(not text)"))))
            .filter(|(name, _)| name != "content-length")
            .collect();
        let body = if self.header("content-type").contains("json") { self.json() } else { json!(self.text()) };
        let whole = json!({ "status": self.status.as_u16(), "headers": headers, "body": body });
        redact(&serde_json::to_string_pretty(&whole).expect("JSON"))
    }
}
