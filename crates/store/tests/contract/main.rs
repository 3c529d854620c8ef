//! The contract that the domain relies on, tested on both databases with the same statements.
#![expect(clippy::unwrap_used, reason = "a test stops where it can't go on")]

mod aborted;
mod accounts;
mod administrators;
mod answers;
mod audit;
mod ceilings;
mod clients;
mod fixture;
mod groups;
mod handovers;
mod history;
mod installations;
mod keys;
mod limits;
mod list;
mod metrics;
mod opening;
mod paging;
mod protection;
mod records;
mod refusals;
mod revocations;
mod roles;
mod rotation;
mod schema;
mod search;
mod search_texts;
mod selection;
mod set_up_links;
mod trials;
mod upgrades;
mod usage;
mod usage_detail;
mod webhooks;
mod writing;
