use super::{
    gate::{Gate, send},
    paths::Paths,
    promises::{self, Forwarded},
    proxy::{Proxy, documented, free_address},
    upstream::Upstream,
};

/// The configuration around the documented file, which is one of several in a real installation: only where this nginx
/// may write.
pub(super) const AROUND: &str = "
    daemon off;
    master_process off;
    pid nginx.pid;
    events {}
    http {
        access_log off;
        client_body_temp_path body;
        proxy_temp_path proxy;
        fastcgi_temp_path fastcgi;
        uwsgi_temp_path uwsgi;
        scgi_temp_path scgi;
        include keydesk.conf;
    }
";

pub(crate) async fn nginx(gate: &Gate) -> Proxy {
    between(&gate.program.address, &gate.upstream.address).await
}

async fn between(keydesk: &str, upstream: &str) -> Proxy {
    let address = free_address();
    let addresses = [("127.0.0.1:3000", keydesk), ("127.0.0.1:9000", upstream), ("127.0.0.1:8080", &address)];
    let files = [("nginx.conf", AROUND.to_owned()), ("keydesk.conf", documented("nginx.conf", &addresses))];
    Proxy::start("nginx", &["-p", ".", "-c", "nginx.conf", "-e", "stderr"], address.clone(), &files).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_keeps_every_promise() {
    let gate = Gate::open().await;
    let proxy = nginx(&gate).await;
    promises::all(&gate, &proxy.address, Forwarded::Replaced, Paths::Kept).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_passes_on_the_answers_of_keydesk() {
    let gate = Gate::open().await;
    let proxy = nginx(&gate).await;
    let line = format!("Authorization: Bearer {}", gate.reader.secret);
    let hostile = send(&proxy.address, "GET", b"/api/contacts/a%2fb", &[&line], "").await;
    assert_eq!(hostile.status, 400, "{}", hostile.head);
    assert_eq!(hostile.header("x-request-id").len(), 1);
    let closed = send(&proxy.address, "GET", b"/_keydesk", &[&line], "").await;
    assert_eq!(closed.status, 404, "the question is nobody's but nginx's to ask");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_says_so_where_keydesk_reads_no_more_headers() {
    let gate = Gate::open().await;
    let proxy = nginx(&gate).await;
    let mut lines: Vec<_> = (0..98).map(|number| format!("X-Own-{number}: a")).collect();
    lines.push(format!("Authorization: Bearer {}", gate.reader.secret));
    lines.push("Origin: https://app.example.com".to_owned());
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    let got = send(&proxy.address, "GET", b"/api/contacts/42", &lines, "").await;
    assert_eq!(got.status, 431, "{}", got.head);
    let document: serde_json::Value = serde_json::from_str(&got.body).unwrap();
    assert_eq!(document["status"], 431, "{}", got.body);
    assert_eq!(got.header("x-request-id"), [document["request_id"].as_str().unwrap()], "{}", got.head);
    assert_eq!(got.header("access-control-allow-origin"), ["https://app.example.com"], "{}", got.head);
    assert_eq!(gate.upstream.calls(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_forwards_nothing_without_an_answer() {
    let upstream = Upstream::start().await;
    let proxy = between(&free_address(), &upstream.address).await;
    let got = send(&proxy.address, "GET", b"/api/contacts/42", &[], "").await;
    assert_eq!(got.status, 503, "{}", got.head);
    assert_eq!(got.header("content-type"), ["application/problem+json"], "{}", got.head);
    assert_eq!(got.header("x-request-id").len(), 1, "{}", got.head);
    assert_eq!(upstream.calls(), 0);
}
