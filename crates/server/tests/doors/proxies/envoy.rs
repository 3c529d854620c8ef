use std::time::Duration;

use envoy_types::{
    ext_authz::v3::pb::{CheckRequest, HttpResponse},
    pb::envoy::service::auth::v3::{
        AttributeContext,
        attribute_context::{HttpRequest, Request},
        authorization_client::AuthorizationClient,
    },
};

use super::{
    gate::{Gate, send},
    http_2,
    paths::Paths,
    promises::{self, Forwarded},
    proxy::{Proxy, documented, free_address, spoiled},
    upstream::Upstream,
};

/// The documented file, which asks over gRPC, or the one over HTTP.
pub(super) fn file(name: &str, address: &str, keydesk: &str, upstream: &str) -> String {
    let documented_port = if name == "envoy.yaml" { "port_value: 3001" } else { "port_value: 3000" };
    let at = |address: &str| format!("port_value: {}", address.rsplit(':').next().expect("a port"));
    let (address, keydesk, upstream) = (at(address), at(keydesk), at(upstream));
    let addresses =
        [("port_value: 8080", address.as_str()), (documented_port, &keydesk), ("port_value: 9000", &upstream)];
    documented(name, &addresses)
}

pub(super) async fn start(text: String, address: String) -> Proxy {
    // For a hot restart it would share memory in files, which stay behind when it is killed.
    let args = ["-c", "envoy.yaml", "--disable-hot-restart", "--concurrency", "2", "--log-level", "warning"];
    Proxy::start("envoy", &args, address, &[("envoy.yaml", text)]).await
}

async fn over_grpc() -> (Gate, Proxy) {
    let gate = Gate::open_with(&["--grpc-listen", "127.0.0.1:0"]).await;
    let proxy = over_grpc_to(&gate).await;
    (gate, proxy)
}

/// Envoy in front of a Keydesk that answers over gRPC.
pub(crate) async fn over_grpc_to(gate: &Gate) -> Proxy {
    let address = free_address();
    let text = file("envoy.yaml", &address, &gate.program.grpc_address, &gate.upstream.address);
    start(text, address).await
}

async fn over_http() -> (Gate, Proxy) {
    let gate = Gate::open().await;
    let address = free_address();
    let text = file("envoy-http.yaml", &address, &gate.program.address, &gate.upstream.address);
    (gate, start(text, address).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn envoy_over_http_keeps_every_promise() {
    let (gate, proxy) = over_http().await;
    promises::all(&gate, &proxy.address, Forwarded::Appended, Paths::Kept).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn envoy_over_grpc_keeps_every_promise() {
    let (gate, proxy) = over_grpc().await;
    promises::all(&gate, &proxy.address, Forwarded::Appended, Paths::Kept).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_http_2_envoy_asks_for_the_path_that_it_forwards() {
    for (gate, proxy) in [over_grpc().await, over_http().await] {
        http_2::paths_arrive_as_over_http_1(&gate, &proxy.address, Paths::Kept).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn envoy_forwards_nothing_without_an_answer() {
    let upstream = Upstream::start().await;
    // The system accepts connections, but nobody ever answers.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    for keydesk in [free_address(), silent.local_addr().unwrap().to_string()] {
        for name in ["envoy.yaml", "envoy-http.yaml"] {
            let address = free_address();
            let proxy = start(file(name, &address, &keydesk, &upstream.address), address).await;
            let asked = send(&proxy.address, "GET", b"/api/contacts/42", &[], "");
            let got = tokio::time::timeout(Duration::from_secs(10), asked).await.unwrap();
            assert_eq!(got.status, 503, "{name}: {}", got.head);
            assert_eq!(got.header("content-type"), ["application/problem+json"], "{name}: {}", got.head);
            assert_eq!(got.header("x-request-id").len(), 1, "{name}: {}", got.head);
        }
    }
    assert_eq!(upstream.calls(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_guard_in_envoys_files_is_needed() {
    let gate = Gate::open_with(&["--grpc-listen", "127.0.0.1:0"]).await;
    let key = format!("Authorization: Bearer {}", gate.reader.secret);
    let ask = async |name: &str, edit: Option<(&str, &str)>, target: &str, line: &str| {
        let address = free_address();
        let keydesk = if name == "envoy.yaml" { &gate.program.grpc_address } else { &gate.program.address };
        let text = file(name, &address, keydesk, &gate.upstream.address);
        let text = if let Some((from, to)) = edit { spoiled(&text, from, to) } else { text };
        let proxy = start(text, address).await;
        send(&proxy.address, "GET", target.as_bytes(), &[&key, line], "").await
    };
    for name in ["envoy.yaml", "envoy-http.yaml"] {
        let whole = ask(name, None, "/api/contacts/a!", "X-HTTP-Method-Override: DELETE").await;
        assert_eq!(whole.status, 200, "{name}: {}", whole.head);
        assert!(whole.sent("x-http-method-override").is_empty() && !whole.body.contains(&gate.reader.secret), "{name}");

        let override_kept = ("- x-http-method-override", "- x-nothing");
        let got = ask(name, Some(override_kept), "/api/contacts/42", "X-HTTP-Method-Override: DELETE").await;
        assert_eq!(got.sent("x-http-method-override"), ["DELETE"], "{name}");

        let key_kept = ("- authorization", "- x-nothing");
        let got = ask(name, Some(key_kept), "/api/contacts/42", "X-A: b").await;
        assert!(got.body.contains(&gate.reader.secret), "{name}");

        let underscores = ("REJECT_REQUEST", "ALLOW");
        let whole = ask(name, None, "/api/contacts/42", "X_Own: a").await;
        assert_eq!(whole.status, 400, "{name}: {}", whole.head);
        let got = ask(name, Some(underscores), "/api/contacts/42", "X_Own: a").await;
        assert_eq!(got.sent("x_own"), ["a"], "{name}");
        // What reads as a guarded name Keydesk refuses itself.
        let got = ask(name, Some(underscores), "/api/contacts/42", "X_HTTP_Method_Override: DELETE").await;
        assert_eq!((got.status, got.header("content-type")), (400, vec!["application/problem+json"]), "{name}");

        let tidied = ("normalize_path: false", "normalize_path: true");
        let got = ask(name, Some(tidied), "/api/calls/../contacts/42", "X-A: b").await;
        assert_eq!(got.request_line(), "GET /api/contacts/42 HTTP/1.1", "{name}: {}", got.head);
    }
    // As text, a path with a `!` may stand for one that is no UTF-8.
    let as_text = ("encode_raw_headers: true", "encode_raw_headers: false");
    let got = ask("envoy.yaml", Some(as_text), "/api/contacts/a!", "X-A: b").await;
    assert_eq!(got.status, 400, "without raw headers: {}", got.head);

    let unseen = ("- safe_regex:", "- exact: x-nothing #");
    for name in ["X.Keydesk.Scopes", "X.HTTP.Method.Override"] {
        let got = ask("envoy-http.yaml", Some(unseen), "/api/contacts/42", &format!("{name}: forged")).await;
        assert!(got.body.contains("forged"), "Keydesk was asked of a header that it was not sent: {}", got.head);
    }

    for name in ["envoy.yaml", "envoy-http.yaml"] {
        let address = free_address();
        let text = file(name, &address, &free_address(), &gate.upstream.address);
        let proxy = start(spoiled(&text, "failure_mode_allow: false", "failure_mode_allow: true"), address).await;
        let got = send(&proxy.address, "GET", b"/api/contacts/42", &[], "").await;
        assert_eq!(got.status, 200, "{name}: {}", got.head);
    }
}

fn question(key: &str, path: &str, headers: &[(&str, &str)], extensions: &[(&str, &str)]) -> CheckRequest {
    let own = [("authorization".to_owned(), format!("Bearer {key}"))];
    let owned = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>()
    };
    let http = HttpRequest {
        method: "GET".to_owned(),
        path: path.to_owned(),
        headers: own.into_iter().chain(owned(headers)).collect(),
        ..HttpRequest::default()
    };
    let attributes = AttributeContext {
        request: Some(Request { http: Some(http), ..Request::default() }),
        context_extensions: owned(extensions).into_iter().collect(),
        ..AttributeContext::default()
    };
    CheckRequest { attributes: Some(attributes) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_grpc_forged_headers_are_removed_and_keydesks_stay() {
    let gate = Gate::open_with(&["--grpc-listen", "127.0.0.1:0"]).await;
    let mut client = AuthorizationClient::connect(format!("http://{}", gate.program.grpc_address)).await.unwrap();
    let forged = [
        ("x-keydesk-key-id", "forged"),
        ("x_keydesk_scopes", "forged"),
        ("x-keydesk-other", "forged"),
        ("x.keydesk.scopes", "forged"),
        ("x-keydesk", "forged"),
    ];
    let asked = question(&gate.reader.secret, "/api/contacts/42", &forged, &[]);
    let reply = client.check(asked).await.unwrap().into_inner();
    let Some(HttpResponse::OkResponse(ok)) = reply.http_response else { panic!("refused: {reply:?}") };
    let mut removed = ok.headers_to_remove;
    removed.sort_unstable();
    // Envoy removes headers after it has set others: removing one that is set would remove Keydesk's own.
    assert_eq!(removed, ["x-keydesk", "x-keydesk-other", "x.keydesk.scopes", "x_keydesk_scopes"]);
    let set: Vec<_> = ok.headers.into_iter().filter_map(|option| option.header).collect();
    assert!(set.iter().any(|header| header.key == "x-keydesk-key-id" && header.value == gate.reader.id), "{set:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_grpc_a_route_in_envoys_file_may_name_the_scope() {
    let gate = Gate::open_with(&["--grpc-listen", "127.0.0.1:0"]).await;
    let mut client = AuthorizationClient::connect(format!("http://{}", gate.program.grpc_address)).await.unwrap();
    for (key, path, scope, allowed) in [
        (&gate.poor, "/nowhere", "live:read", true),
        (&gate.poor, "/nowhere", "live:read contacts:read", false),
        (&gate.poor, "/api/contacts/42?scope=live:read", "contacts:read", false),
        (&gate.poor, "/nowhere", "nonsense", false),
        (&gate.poor, "/a//b", "live:read", false),
        (&gate.poor, "/a\nb", "live:read", false),
        // Without raw headers `!` may stand for a byte that is no UTF-8.
        (&gate.poor, "/a!", "live:read", false),
        (&gate.poor, "/a?!", "live:read", true),
    ] {
        let asked = question(&key.secret, path, &[], &[("scope", scope)]);
        let reply = client.check(asked).await.unwrap().into_inner();
        assert_eq!(reply.status.unwrap().code == 0, allowed, "{path} {scope}");
    }
    let empty = client.check(CheckRequest::default()).await;
    assert_eq!(empty.unwrap_err().code(), tonic::Code::InvalidArgument);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_grpc_a_key_that_is_over_its_rate_is_denied_with_all_that_is_told_of_it() {
    let gate = Gate::open_with(&["--grpc-listen", "127.0.0.1:0"]).await;
    let mut client = AuthorizationClient::connect(format!("http://{}", gate.program.grpc_address)).await.unwrap();
    let key = gate.key_within(&["--rate", "default=1/86400s"]).await;
    let asked = || question(&key.secret, "/api/contacts/42", &[], &[]);
    assert_eq!(client.check(asked()).await.unwrap().into_inner().status.unwrap().code, 0);
    let reply = client.check(asked()).await.unwrap().into_inner();
    assert_eq!(reply.status.map(|status| status.code), Some(7), "PERMISSION_DENIED");
    let Some(HttpResponse::DeniedResponse(denied)) = reply.http_response else { panic!("allowed") };
    assert_eq!(denied.status.map(|status| status.code), Some(429));
    let headers: Vec<_> = denied.headers.into_iter().filter_map(|option| option.header).collect();
    let value =
        |name: &str| headers.iter().find(|header| header.key == name).map_or("", |header| header.value.as_str());
    let wait: u64 = value("retry-after").parse().unwrap();
    assert!((86_280..=86_400).contains(&wait), "{wait}");
    assert_eq!(value("ratelimit"), format!("\"default\";r=0;t={wait}"));
    assert_eq!(value("ratelimit-policy"), "\"default\";q=1;w=86400");
    let document: serde_json::Value = serde_json::from_str(&denied.body).unwrap();
    assert_eq!((&document["code"], &document["refused_by"]), (&"rate_limited".into(), &"default".into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_connection_of_envoy_does_not_keep_keydesk_from_stopping() {
    let mut gate = Gate::open_with(&["--grpc-listen", "127.0.0.1:0"]).await;
    let mut client = AuthorizationClient::connect(format!("http://{}", gate.program.grpc_address)).await.unwrap();
    let asked = || question(&gate.reader.secret, "/api/contacts/42", &[], &[]);
    assert!(client.check(asked()).await.is_ok());
    gate.program.signal("TERM").await;
    let ended = tokio::time::timeout(Duration::from_secs(10), gate.program.end()).await;
    assert_eq!(ended.unwrap(), Some(0));
}
