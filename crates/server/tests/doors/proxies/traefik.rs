use super::{
    contract::{self, Contract},
    gate::Gate,
    promises,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn traefik_keeps_every_promise() {
    let gate = Gate::open().await;
    let address = contract::start(Contract::Traefik, &gate).await;
    promises::all(&gate, &address).await;
}
