use super::{
    gate::Gate,
    paths::Paths,
    promises::{self, Forwarded},
    proxy::{Proxy, documented, free_address},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn caddy_keeps_every_promise() {
    let gate = Gate::open().await;
    let address = free_address();
    let port = address.rsplit(':').next().expect("a port");
    let site = format!("http://:{port}");
    let addresses = [
        ("127.0.0.1:3000", gate.program.address.as_str()),
        ("127.0.0.1:9000", &gate.upstream.address),
        ("http://:8080", &site),
    ];
    let files = [("Caddyfile", documented("Caddyfile", &addresses))];
    let proxy = Proxy::start("caddy", &["run", "--config", "Caddyfile"], address.clone(), &files).await;
    promises::all(&gate, &proxy.address, Forwarded::Replaced, Paths::Kept).await;
}
