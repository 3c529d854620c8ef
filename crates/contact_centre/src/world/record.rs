use std::borrow::Cow;

use model::Instant;
use serde::{Deserialize, Serialize};

use super::clock::Clock;
use crate::{
    event::{Event, Subject},
    id::CallId,
    log::Epoch,
    objects::{Agent, Call, Campaign, Contact, Lead, Queue, Recording, Stay},
    sim::Config,
    state::Revised,
};

/// A line of the journal. A file begins with a [`Head`], what held when it was written, the events that can be read again, and
/// `Ready`; after that comes what has happened since.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Record<'a> {
    Head(Box<Head>),
    Queue(Cow<'a, Queue>),
    Agent(Cow<'a, Agent>, Cow<'a, [Stay]>),
    Campaign(Cow<'a, Campaign>),
    Contact(Cow<'a, Contact>),
    Lead(Cow<'a, Lead>),
    Call(Cow<'a, Call>),
    Recording(Cow<'a, Recording>),
    Revised(Subject, i64, Revised),
    /// A caller who waits to be called back, and since when.
    Callback(CallId, i64),
    /// A leg before the first of the events about it that can be read again.
    Base(Cow<'a, Call>),
    /// An event that can be read again.
    Past(Cow<'a, Event>),
    Ready,
    /// What happened at one instant.
    Events(Vec<Event>),
    /// The clock was set.
    Clock(Clock),
    /// The file was opened.
    Opened(Opened),
    /// The file was closed, and lies on the disk.
    Closed,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) format: u32,
    pub(super) config: Config,
    pub(super) clock: Clock,
    pub(super) calls_started: u64,
    pub(super) seq: u64,
    #[serde(with = "crate::millis")]
    pub(super) at: Instant,
}

impl Head {
    /// Of files that are read.
    pub(super) const FORMAT: u32 = 2;
}

/// An opening of the file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Opened {
    pub(super) epoch: Epoch,
    /// The run of the machine, where it has a name. What the operating system has not written down is lost when that ends.
    pub(super) boot: Option<Box<str>>,
}
