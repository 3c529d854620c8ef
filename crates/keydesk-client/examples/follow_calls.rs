//! Every call of the contact centre, as it happens, across restarts of the gateway and of the network between.
//! `KEYDESK_KEY=... cargo run -p keydesk-client --example follow_calls`, with a test key that has `calls:read`.

#![expect(clippy::print_stdout, reason = "it is what the example does")]

use keydesk_client::{Client, Feed, Item};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let gateway = std::env::var("KEYDESK_GATEWAY").unwrap_or_else(|_| "http://127.0.0.1:8080".to_owned());
    let client = Client::new(&gateway, &std::env::var("KEYDESK_KEY")?)?;
    let mut calls = client.contact_centre().follow(Feed::Calls);
    loop {
        match calls.next().await? {
            Item::Snapshot { items, .. } => println!("{} calls now", items.len()),
            Item::Event(event) => println!("{} {} {}", event.timestamp, event.kind, event.subject.id),
            Item::Reset(why) => println!("some events can't be told any more ({why:?}); what holds now follows"),
            _ => {}
        }
    }
}
