//! A call can be followed from the id that its client was told to the lines of the log.

use std::{
    io,
    sync::{Arc, Mutex},
};

use axum::http::Method;
use serde_json::{Value, json};
use store::testing::TestDatabase;
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{Answer, FULL, TestApp};

/// The log so far.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Log {
    /// Listens on this thread, at the level that is on by default.
    pub(crate) fn listen(&self) -> tracing::subscriber::DefaultGuard {
        let lines = tracing_subscriber::fmt().json().flatten_event(true).with_span_list(false);
        tracing::subscriber::set_default(lines.with_max_level(tracing::Level::INFO).with_writer(self.clone()).finish())
    }

    pub(crate) fn lines(&self) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Lines with these words, written on behalf of the answered request.
    pub(crate) fn about(&self, answer: &Answer, words: &str) -> Vec<Value> {
        let id = answer.header("x-request-id");
        let mut lines = self.lines();
        lines.retain(|line| line["message"] == words && (line["span"]["request_id"] == id || line["request_id"] == id));
        lines
    }
}

#[tokio::test]
async fn a_failure_is_logged_with_the_id_that_the_client_was_told() {
    let log = Log::default();
    let _listening = log.listen();
    let database = TestDatabase::sqlite().await;
    let app = TestApp::new(&database).await;
    let client = app.client(FULL).await;
    assert_eq!(client.get("/api/v1/whoami").await.status, 200);
    // A key of another deployment: well-formed, and not in this one's memory.
    let elsewhere = TestDatabase::sqlite().await;
    let unknown = TestApp::new(&elsewhere).await.key_in("default", "Elsewhere", &[]).await.secret;
    // The store fails from now on; the caller's key is in memory.
    app.keydesk.clone().close().await;
    for (method, path, body, words) in [
        // Done in a task of its own.
        (Method::POST, "/api/v1/keys", Some(json!({"client_name": "Acme"})), "the store failed"),
        (Method::GET, "/api/v1/keys", None, "the store failed"),
    ] {
        let body = body.map(|body| body.to_string());
        let answer = client.call(method, path, body.as_deref(), &[]).await;
        assert_eq!(answer.refusal(), (503, "unavailable".to_owned()), "{path}");
        assert_eq!(answer.json()["request_id"], answer.header("x-request-id"));
        let lines = log.about(&answer, words);
        assert_eq!(lines.len(), 1, "{path} {:#?}", log.lines());
        assert_eq!(lines[0]["span"]["route"], path);
        assert_eq!(log.about(&answer, "failed").len(), 1, "{path}");
    }
    let stranger = app.with_key(&unknown);
    for (path, route) in [("/api/v1/whoami", "/api/v1/whoami"), ("/authz?scope=contacts:read", "/authz")] {
        let answer = stranger.get(path).await;
        assert_eq!(answer.refusal(), (503, "unavailable".to_owned()), "{path}");
        let lines = log.about(&answer, "a key could not be looked up");
        assert_eq!(lines.len(), 1, "{path} {:#?}", log.lines());
        assert_eq!(lines[0]["span"]["route"], route);
    }
}

#[tokio::test]
async fn refusals_are_logged_by_default_and_not_without_bound() {
    let log = Log::default();
    let _listening = log.listen();
    let database = TestDatabase::sqlite().await;
    let app = TestApp::new(&database).await;
    let first = app.anonymous().get("/api/v1/keys").await;
    let refused = log.about(&first, "refused");
    assert_eq!(refused.len(), 1);
    assert_eq!(
        (&refused[0]["route"], &refused[0]["status"], &refused[0]["code"]),
        (&json!("/api/v1/keys"), &json!(401), &json!("missing_key"))
    );
    for _ in 0..200 {
        app.anonymous().get("/api/v1/keys").await;
    }
    let lines = log.lines().iter().filter(|line| line["message"] == "refused").count();
    assert!((5..100).contains(&lines), "{lines}");
}
