//! What Keydesk promises, on both databases.
#![expect(clippy::unwrap_used, reason = "a test stops where it can't go on")]

mod audit;
mod backup;
mod bounds;
mod default_key;
mod doors;
mod environments;
mod export;
mod freshness;
mod handover;
mod history;
mod idempotency;
mod installations;
mod isolation;
mod issue;
mod nodes;
mod own_account;
mod people;
mod proxy;
mod races;
mod restore;
mod reveal;
mod revocation;
mod roles;
mod rotate;
mod secrets;
mod selection;
mod switch;
mod test_keydesk;
mod together;
mod update;
mod usage;
