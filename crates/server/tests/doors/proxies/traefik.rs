use super::{
    contract::{self, Contract},
    gate::{Gate, send},
    promises::{self, Forwarded},
    proxy::free_address,
    upstream::Upstream,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn traefik_keeps_every_promise() {
    let gate = Gate::open().await;
    let address = contract::start(Contract::Traefik, &gate).await;
    promises::all(&gate, &address, Forwarded::Replaced).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn traefik_forwards_nothing_without_an_answer() {
    let upstream = Upstream::start().await;
    let address = contract::start_between(Contract::Traefik, &free_address(), &upstream.address).await;
    let got = send(&address, "GET", b"/api/contacts/42", &[], "").await;
    assert_eq!(got.status, 500, "{}", got.head);
    assert_eq!(upstream.calls(), 0);
}
