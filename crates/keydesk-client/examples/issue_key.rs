//! A key for a client, made once however often this is run with the same name.
//! `KEYDESK_KEY=... cargo run -p keydesk-client --example issue_key -- "Acme CRM"`, with a key that has `keys:write`, and what `crm` may.

#![expect(clippy::print_stdout, reason = "it is what the example does")]

use keydesk_client::{Client, NewKey};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let keydesk = std::env::var("KEYDESK_URL").unwrap_or_else(|_| "http://127.0.0.1:3000".to_owned());
    let client = Client::new(&keydesk, &std::env::var("KEYDESK_KEY")?)?;
    let name = std::env::args().nth(1).ok_or("whom is the key for?")?;
    let named = format!("issue-key-{}", name.to_lowercase().replace(' ', "-"));
    let issued = client.keys().create(&NewKey::new(name).preset("crm").named(named)).await?;
    println!("{} {}", issued.shown.id, issued.secret.as_deref().unwrap_or("(shown once, and it was)"));
    Ok(())
}
