//! Traces over OTLP, as a collector receives them from the real binary.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{Router, body::Bytes, extract::State, routing::post};
use http::{HeaderMap, StatusCode};
use opentelemetry_proto::tonic::{
    collector::trace::v1::{ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse},
    common::v1::{KeyValue, any_value::Value},
    trace::v1::{Span, span::SpanKind},
};
use prost::Message as _;
use tokio::net::TcpListener;

use crate::support::{Connection, Program, keydesk, request, wait_until};

/// Takes spans, and keeps all that it was sent.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Received>>);

#[derive(Default)]
struct Received {
    requests: Vec<(HeaderMap, ExportTraceServiceRequest)>,
    bytes: Vec<u8>,
    /// What the next requests are answered.
    answers: Vec<StatusCode>,
}

impl Collector {
    /// Listens at `address`. Gives the one that it got.
    async fn listen(&self, address: &str) -> String {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let router = Router::new().route("/v1/traces", post(Self::take)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        address
    }

    async fn take(State(this): State<Self>, headers: HeaderMap, body: Bytes) -> (StatusCode, Vec<u8>) {
        let mut received = this.0.lock().unwrap();
        let answer = received.answers.pop().unwrap_or(StatusCode::OK);
        if answer == StatusCode::OK {
            received.bytes.extend_from_slice(&body);
            received.requests.push((headers, ExportTraceServiceRequest::decode(body).unwrap()));
        }
        // The first span of each request is refused where it answers 206, which is a success all the same.
        let partly = ExportTracePartialSuccess { rejected_spans: 1, error_message: "one is too old".to_owned() };
        let partial_success = (answer == StatusCode::PARTIAL_CONTENT).then_some(partly);
        (answer, ExportTraceServiceResponse { partial_success }.encode_to_vec())
    }

    fn spans(&self) -> Vec<Span> {
        let received = self.0.lock().unwrap();
        let of_resources = received.requests.iter().flat_map(|(_, request)| &request.resource_spans);
        of_resources.flat_map(|of| &of.scope_spans).flat_map(|of| &of.spans).cloned().collect()
    }

    /// Waits for a span for which this holds.
    async fn span(&self, holds: impl Fn(&Span) -> bool) -> Span {
        let mut found = None;
        let seen = wait_until(async || {
            found = self.spans().into_iter().find(&holds);
            found.is_some()
        });
        assert!(seen.await, "it is not in {:#?}", self.spans());
        found.unwrap()
    }
}

fn attributes(all: &[KeyValue]) -> BTreeMap<&str, String> {
    let shown = |value: &Value| match value {
        Value::StringValue(text) => text.clone(),
        Value::IntValue(number) => number.to_string(),
        other => panic!("{other:?}"),
    };
    let value = |attribute: &KeyValue| attribute.value.as_ref().unwrap().value.as_ref().map(shown).unwrap();
    all.iter().map(|attribute| (attribute.key.as_str(), value(attribute))).collect()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Serves with traces that go to `address`, and these lines besides in `[otlp]`.
async fn serve(data: &Path, address: &str, more: &str) -> Program {
    let config = data.join("keydesk.toml");
    fs::write(&config, format!("[otlp]\nendpoint = \"http://{address}\"\n{more}")).unwrap();
    Program::serve(data, &["--config", config.to_str().unwrap()]).await
}

async fn new_key(data: &Path, scope: &str) -> String {
    let made = keydesk(data, &["key", "create", "--client-name", "Acme", "--scope", scope, "--json"]).await;
    let made: serde_json::Value = serde_json::from_slice(&made.stdout).unwrap();
    made["key"].as_str().unwrap().to_owned()
}

/// Calls with these headers: the whole answer.
async fn call(program: &Program, method: &str, path: &str, headers: &str) -> String {
    let mut connection = Connection::open(&program.address).await.unwrap();
    let head =
        format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n{headers}\r\n");
    connection.write(head.as_bytes()).await.unwrap();
    connection.read_to_end().await.unwrap()
}

/// Whether it is of the trace that began with this request.
fn is_of(span: &Span, request: &str) -> bool {
    hexadecimal(&span.trace_id) == request.replace('-', "")
}

fn request_id(answer: &str) -> String {
    let lower = answer.to_ascii_lowercase();
    let line = lower.lines().find_map(|line| line.strip_prefix("x-request-id: ")).unwrap();
    line.trim().to_owned()
}

async fn counter(program: &Program, name: &str) -> u64 {
    let (_, page) = request(&program.ops_address, "GET", "/metrics", None, None).await.unwrap();
    page.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_sampled_request_is_a_span_with_what_the_database_was_asked_below_it_and_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let collector = Collector::default();
    let address = collector.listen("127.0.0.1:0").await;
    let more = "service_name = \"desk\"\nheaders = { authorization = \"Bearer of-the-collector\" }\n";
    let mut program = serve(data, &address, more).await;
    let key = new_key(data, "keys:*").await;
    let bearer = format!("Authorization: Bearer {key}\r\n");
    assert!(wait_until(async || call(&program, "GET", "/api/v1/whoami", &bearer).await.contains(" 200 ")).await);

    // Answered from memory, and refused.
    let refused = call(&program, "GET", "/authz/secret-in-the-path?token=secret-in-the-query", &bearer).await;
    let id = request_id(&refused);
    let span = collector.span(|span| is_of(span, &id) && span.kind() == SpanKind::Server).await;
    assert_eq!((span.name.as_str(), span.kind()), ("GET /authz", SpanKind::Server));
    assert!(span.parent_span_id.is_empty() && span.status.is_none(), "{span:?}");
    assert!(span.end_time_unix_nano >= span.start_time_unix_nano);
    let expected = [
        ("error.type", "no_route"),
        ("http.request.method", "GET"),
        ("http.response.status_code", "403"),
        ("http.route", "/authz"),
        ("keydesk.request_id", id.as_str()),
    ];
    let found = attributes(&span.attributes);
    assert_eq!(found.iter().map(|(key, value)| (*key, value.as_str())).collect::<Vec<_>>(), expected);

    // Continued from the caller's trace, and asked of the database.
    let parent = "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n";
    let listed = call(&program, "GET", "/api/v1/keys?search=Acme", &format!("{bearer}{parent}")).await;
    assert!(listed.contains(" 200 "), "{listed}");
    let is_of_trace = |span: &Span| hexadecimal(&span.trace_id) == "0af7651916cd43dd8448eb211c80319c";
    let span = collector.span(|span| is_of_trace(span) && span.name == "GET /api/v1/keys").await;
    assert_eq!(hexadecimal(&span.parent_span_id), "b7ad6b7169203331");
    let below = collector.span(|child| is_of_trace(child) && child.parent_span_id == span.span_id).await;
    assert_eq!(below.name, "database read");
    assert!(attributes(&below.attributes)["code.namespace"].starts_with("store::"), "{below:?}");
    assert!(below.start_time_unix_nano >= span.start_time_unix_nano, "{below:?} {span:?}");
    assert!(below.end_time_unix_nano <= span.end_time_unix_nano, "{below:?} {span:?}");

    // Not sampled by whoever calls.
    let unsampled = "traceparent: 00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00\r\n";
    call(&program, "GET", "/authz", &format!("{bearer}{unsampled}")).await;
    // The last spans are sent at the end.
    let last = request_id(&call(&program, "BREW", "/coffee", "").await);
    program.signal("TERM").await;
    assert_eq!(program.end().await, Some(0));
    let spans = collector.spans();
    let span = spans.iter().find(|span| is_of(span, &last) && span.kind() == SpanKind::Server).unwrap();
    assert_eq!(span.name, "_OTHER /");
    assert!(!spans.iter().any(|span| hexadecimal(&span.trace_id).starts_with("1af7")));

    let received = collector.0.lock().unwrap();
    let sent = String::from_utf8_lossy(&received.bytes);
    for secret in [key.as_str(), "secret-in-the", "search", "Acme", "coffee", "BREW"] {
        assert!(!sent.contains(secret), "{secret} was sent");
    }
    for (headers, body) in &received.requests {
        assert_eq!(headers["content-type"], "application/x-protobuf");
        assert_eq!(headers["authorization"], "Bearer of-the-collector");
        let resource = attributes(&body.resource_spans[0].resource.as_ref().unwrap().attributes);
        assert_eq!(resource["service.name"], "desk");
        assert!(resource.contains_key("service.instance.id") && resource.contains_key("service.version"));
    }
    assert!(!program.printed().contains("of-the-collector"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_is_away_stops_no_call_and_is_told_of_once() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    // Free again, so nobody listens there.
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string();
    let program = serve(data, &address, "").await;
    let key = new_key(data, "keys:*").await;
    let bearer = format!("Authorization: Bearer {key}\r\n");
    assert!(
        wait_until(async || call(&program, "GET", "/authz?scope=keys:read", &bearer).await.contains(" 200 ")).await
    );
    program.line("the collector takes no spans").await;
    let before = Instant::now();
    for _ in 0..50 {
        assert!(call(&program, "GET", "/authz?scope=keys:read", &bearer).await.contains(" 200 "));
    }
    assert!(before.elapsed() < Duration::from_secs(10), "{:?}", before.elapsed());
    assert_eq!(counter(&program, "keydesk_otlp_spans_total{result=\"sent\"}").await, 0);
    // It is back, is busy at first, and then gets what waited, too.
    let collector = Collector::default();
    collector.0.lock().unwrap().answers = vec![StatusCode::SERVICE_UNAVAILABLE];
    collector.listen(&address).await;
    program.line("the collector takes spans again").await;
    let answered = async || {
        let spans = collector.spans();
        spans.iter().filter(|span| span.name == "GET /authz").count() >= 51
    };
    assert!(wait_until(answered).await, "{:?}", collector.spans().len());
    assert_eq!(program.printed().matches("the collector takes no spans").count(), 1);
    assert!(counter(&program, "keydesk_otlp_spans_total{result=\"sent\"}").await >= 51);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_collector_rejects_and_what_is_not_sampled_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let collector = Collector::default();
    collector.0.lock().unwrap().answers = vec![StatusCode::PARTIAL_CONTENT, StatusCode::BAD_REQUEST];
    let address = collector.listen("127.0.0.1:0").await;
    let program = serve(data, &address, "share = 0.0\n").await;
    let parent = "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n";
    let rejected = async || counter(&program, "keydesk_otlp_spans_total{result=\"rejected\"}").await;
    // Refused for good, so it is not sent again.
    call(&program, "GET", "/authz", parent).await;
    assert!(wait_until(async || rejected().await == 1).await);
    // Taken but for one.
    call(&program, "GET", "/authz", parent).await;
    assert!(wait_until(async || rejected().await == 2).await);
    // Taken.
    call(&program, "GET", "/authz", "").await;
    call(&program, "GET", "/authz", parent).await;
    assert!(wait_until(async || counter(&program, "keydesk_otlp_spans_total{result=\"sent\"}").await == 1).await);
    assert_eq!(collector.spans().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_is_none_is_refused_at_the_start_and_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("keydesk.toml");
    fs::write(&config, "[otlp]\nendpoint = \"http://ada:hunter2@collector:4318\"\n").unwrap();
    let output = keydesk(folder.path(), &["serve", "--config", config.to_str().unwrap()]).await;
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("otlp.endpoint is not where a collector listens") && !said.contains("hunter2"), "{said}");
}
