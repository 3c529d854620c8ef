//! What the domain relies on, asked of both databases with the same words.

mod answers;
mod audit;
mod fixture;
mod installations;
mod keys;
mod list;
mod opening;
mod paging;
mod protection;
mod records;
mod schema;
mod search;
mod usage;
