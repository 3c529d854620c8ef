//! Contacts, for keys that may read them: Keydesk decides.
//! `KEYDESK_KEY=... cargo run -p keydesk-client --example protected_service`, with a key that has `keys:verify`.

use std::{env, net::SocketAddr};

use axum::{Extension, Json, Router, extract::ConnectInfo, routing::get};
use keydesk_client::{Caller, Client, Environment, Protect};
use serde_json::{Value, json};

async fn contacts(Extension(caller): Extension<Caller>) -> Json<Value> {
    Json(json!({ "items": [], "key_id": caller.key_id }))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let given = |name: &str, otherwise: &str| env::var(name).unwrap_or_else(|_| otherwise.to_owned());
    let keydesk = Client::new(&given("KEYDESK_URL", "http://127.0.0.1:3000"), &env::var("KEYDESK_KEY")?)?;
    let may_read = Protect::new(keydesk).scope("contacts:read").environment(Environment::Live);
    let may_read = may_read.address(|call| Some(call.extensions.get::<ConnectInfo<SocketAddr>>()?.0.ip()));
    let app = Router::new().route("/contacts", get(contacts)).layer(may_read);
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{}", given("PORT", "8000"))).await?;
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await?;
    Ok(())
}
