//! What happens in the contact centre, as it happens, across broken connections and restarts.

mod follow;
mod item;
mod parser;

pub use follow::Follow;
pub use item::{Event, Feed, Item, Reset, Subject};
