//! What a verification is compared with: a bare axum handler that answers nothing, on the same runtime and allocator.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let router = axum::Router::new()
        .route("/api/v1/keys/verify", axum::routing::post(async || {}))
        .route("/authz", axum::routing::any(async || {}));
    let listener = tokio::net::TcpListener::bind(address).await?;
    axum::serve(axum::serve::ListenerExt::tap_io(listener, |stream| drop(stream.set_nodelay(true))), router).await
}
