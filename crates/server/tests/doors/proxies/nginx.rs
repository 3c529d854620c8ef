use super::{
    gate::{Gate, send},
    paths::Paths,
    promises::{self, Forwarded},
    proxy::{Proxy, documented, free_address},
};

/// The configuration around the documented file, which is one of several in a real installation: only where this nginx
/// may write.
const AROUND: &str = "
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
    let address = free_address();
    let addresses = [
        ("127.0.0.1:3000", gate.program.address.as_str()),
        ("127.0.0.1:9000", &gate.upstream.address),
        ("127.0.0.1:8080", &address),
    ];
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
