use super::{
    gate::{Gate, send},
    http_2,
    paths::Paths,
    promises::{self, Forwarded},
    proxy::{Proxy, documented, free_address, spoiled},
    upstream::Upstream,
};
use crate::support::wait_until;

/// The two documented files.
struct Files {
    entry: String,
    routes: String,
}

impl Files {
    fn between(address: &str, keydesk: &str, upstream: &str) -> Self {
        Self {
            entry: documented("traefik-static.yaml", &[("127.0.0.1:8080", address)]),
            routes: documented("traefik-dynamic.yaml", &[("127.0.0.1:3000", keydesk), ("127.0.0.1:9000", upstream)]),
        }
    }

    async fn start(self, address: String) -> Proxy {
        let files = [("traefik-static.yaml", self.entry), ("traefik-dynamic.yaml", self.routes)];
        let proxy = Proxy::start("traefik", &["--configfile=traefik-static.yaml"], address, &files).await;
        // Traefik listens before it has read its routes.
        let routed = wait_until(async || send(&proxy.address, "GET", b"/", &[], "").await.status != 404);
        assert!(routed.await, "Traefik took no routes");
        proxy
    }
}

async fn traefik(gate: &Gate) -> Proxy {
    let address = free_address();
    Files::between(&address, &gate.program.address, &gate.upstream.address).start(address).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn traefik_keeps_every_promise() {
    let gate = Gate::open().await;
    let proxy = traefik(&gate).await;
    promises::all(&gate, &proxy.address, Forwarded::Replaced, Paths::Tidied).await;
    assert_eq!(proxy.said(), "", "Traefik warns of the documented files");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_http_2_traefik_asks_for_the_path_that_it_forwards() {
    let gate = Gate::open().await;
    let proxy = traefik(&gate).await;
    http_2::paths_arrive_as_over_http_1(&gate, &proxy.address, Paths::Tidied).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn traefik_forwards_nothing_without_an_answer() {
    let upstream = Upstream::start().await;
    let address = free_address();
    let proxy = Files::between(&address, &free_address(), &upstream.address).start(address).await;
    let got = send(&proxy.address, "GET", b"/api/contacts/42", &[], "").await;
    assert_eq!(got.status, 500, "{}", got.head);
    assert_eq!(upstream.calls(), 0);
}

/// Requests on which a client's own headers must not change the decision, and the requests that the API gets.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_guard_in_traefiks_files_is_needed() {
    let gate = Gate::open().await;
    let key = format!("Authorization: Bearer {}", gate.reader.secret);
    let ask = async |files: Files, address: String, line: &str| {
        let proxy = files.start(address).await;
        send(&proxy.address, "GET", b"/api/contacts/42", &[&key, line], "").await
    };
    let files = || {
        let address = free_address();
        (Files::between(&address, &gate.program.address, &gate.upstream.address), address)
    };
    for line in ["X-Original-Method: GET", "X-Original-URI: /api/contacts/42", "X.Keydesk.Scopes: forged"] {
        let (whole, address) = files();
        let got = ask(whole, address, line).await;
        assert_eq!(got.status, 200, "{line}: {}", got.head);
        assert!(!got.body.to_ascii_lowercase().contains("original") && !got.body.contains("forged"), "{}", got.body);
        assert!(!got.body.contains(&gate.reader.secret), "{}", got.body);
        assert!(got.sent("x-http-method-override").is_empty());
    }

    let (mut open, address) = files();
    open.routes = spoiled(&open.routes, "no-forgeries, keydesk, no-key]", "keydesk, no-key]");
    assert_eq!(ask(open, address, "X-Original-Method: GET").await.status, 400, "without no-forgeries");

    let (mut open, address) = files();
    open.routes = spoiled(&open.routes, "no-forgeries, keydesk, no-key]", "no-forgeries, keydesk]");
    assert!(ask(open, address, "X-A: b").await.body.contains(&gate.reader.secret), "without no-key");

    let (mut open, address) = files();
    open.routes = spoiled(&open.routes, "no-forgeries, keydesk, no-key]", "no-forgeries, no-key]");
    let got = ask(open, address, "X-Keydesk-Key-Id: forged").await;
    assert_eq!(got.sent("x-keydesk-key-id"), ["forged"], "without keydesk");

    let (mut open, address) = files();
    open.routes = spoiled(&open.routes, "authResponseHeadersRegex", "# authResponseHeadersRegex");
    let got = ask(open, address, "X-HTTP-Method-Override: DELETE").await;
    assert_eq!(got.sent("x-http-method-override"), ["DELETE"], "without the names that are taken away");
    assert!(got.sent("x-keydesk-key-id").is_empty(), "{}", got.body);

    let (mut open, address) = files();
    open.entry = spoiled(&open.entry, "aliasHeadersStrategy: delete", "aliasHeadersStrategy: keep");
    // Keydesk refuses the header that Traefik would have removed.
    assert_eq!(ask(open, address, "X.Keydesk.Scopes: forged").await.status, 400, "with aliases");
}
