//! A service of your own that takes Keydesk's keys: who may read contacts is decided by Keydesk.
//! `KEYDESK_KEY=... cargo run -p keydesk-client --example protected_service`, with a key that has `keys:verify`.

use axum::{Extension, Router, routing::get};
use keydesk_client::{Caller, Client, Protect};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let keydesk = std::env::var("KEYDESK_URL").unwrap_or_else(|_| "http://127.0.0.1:3000".to_owned());
    let client = Client::new(&keydesk, &std::env::var("KEYDESK_KEY")?)?;
    let app = Router::new()
        .route(
            "/contacts",
            get(|Extension(caller): Extension<Caller>| async move { format!("Hello {}\n", caller.client_name) }),
        )
        .layer(Protect::new(client).scope("contacts:read"));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:9000").await?;
    axum::serve(listener, app).await?;
    Ok(())
}
