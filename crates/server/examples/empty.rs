//! The server that calls are compared with: a bare axum handler that answers nothing, with the same allocator.
//! `empty [ADDRESS] [--current-thread]`: on axum's usual runtime of several threads, or on one thread.

use tokio::{net::TcpListener, runtime::Builder};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::io::Result<()> {
    let (flags, mut addresses): (Vec<_>, Vec<_>) = std::env::args().skip(1).partition(|arg| arg.starts_with("--"));
    let address = addresses.pop().unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let mut builder =
        if flags == ["--current-thread"] { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    builder.enable_all().build()?.block_on(serve(address))
}

async fn serve(address: String) -> std::io::Result<()> {
    let router = axum::Router::new()
        .route("/api/v1/keys/verify", axum::routing::post(async || {}))
        .route("/authz", axum::routing::any(async || {}));
    let listener = TcpListener::bind(address).await?;
    axum::serve(axum::serve::ListenerExt::tap_io(listener, |stream| drop(stream.set_nodelay(true))), router).await
}
