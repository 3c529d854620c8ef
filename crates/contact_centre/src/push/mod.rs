//! Push: the log as streams, webhooks and pulls read it.
//!
//! Invariants:
//! - **one form**: an event is written once for all who have the same rights, and has the same bytes in every transport;
//! - **no reader skips in silence**: what a reader has not got is still read from the log, or they are told that they begin anew;
//! - **a reader holds nothing back**: what waits for readers is the log and one ring for each feed; a stream that does not read costs
//!   its place, and no memory;
//! - a reader who names something narrows what they get, and never widens it;
//! - what readers can ask for is bounded: filters, streams, events in a page.

mod audience;
mod beat;
mod control;
mod encoded;
mod facts;
mod feed;
mod filter;
mod hub;
mod hubs;
mod live_queue;
mod pull;
mod ring;
mod seats;
mod snapshot;
mod stream;
mod subscription;

pub use audience::Audience;
pub use encoded::Encoded;
pub use facts::Facts;
pub use feed::Feed;
pub use filter::{Filter, IDS_MAX, InvalidFilter, Kinds};
pub use hub::Hub;
pub use hubs::Hubs;
pub use live_queue::LiveQueue;
pub use pull::{PULLED_MAX, Page, pull};
pub use seats::{Full, Seat};
pub use snapshot::{Snapshot, snapshot};
pub use stream::{HEARTBEAT_MS, Next, Stream};
pub use subscription::{Ended, Start, Subscription, Turn};
