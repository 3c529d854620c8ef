use serde::Serialize;

use super::{Audience, Encoded, Facts, Filter, encoded::cursor};
use crate::{
    log::{Cursor, Unreadable},
    world::{AsOf, World},
};

/// Events of a page.
pub const PULLED_MAX: usize = 500;
/// Events that are looked at for a page.
const SCANNED_MAX: usize = 10_000;

/// A page of the log. Its events have the bytes that streams send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The events, in order.
    pub items: Vec<Encoded>,
    /// The place after which the next page begins, in the form of a [`Cursor`]. It moves on also over what is not wanted.
    pub next: String,
    /// Whether there is more already.
    pub has_more: bool,
    /// Up to where the log was told.
    pub as_of: AsOf,
}

#[derive(Serialize)]
struct Tail<'a> {
    next_cursor: &'a str,
    has_more: bool,
    as_of: AsOf,
}

impl Page {
    /// As JSON: `items`, `next_cursor`, `has_more` and `as_of`.
    pub fn json(&self) -> Vec<u8> {
        let bytes: usize = self.items.iter().map(Encoded::len).sum();
        let mut json = Vec::with_capacity(bytes + 256);
        json.extend_from_slice(br#"{"items":["#);
        for (event, n) in self.items.iter().zip(0..) {
            if n > 0 {
                json.push(b',');
            }
            json.extend_from_slice(&event.json());
        }
        json.extend_from_slice(b"],");
        let tail = Tail { next_cursor: &self.next, has_more: self.has_more, as_of: self.as_of };
        // Texts and numbers, which JSON can always hold.
        let tail = serde_json::to_vec(&tail).unwrap_or_default();
        json.extend_from_slice(tail.get(1..).unwrap_or_default());
        json
    }
}

/// The events after a place that a reader wants; without a place, from as far back as the log reaches. At most `limit`.
///
/// # Errors
/// [`Unreadable`]: the reader has to begin anew, with a snapshot.
pub fn pull(
    world: &World,
    audience: &Audience,
    filter: &Filter,
    after: Option<&Cursor>,
    limit: usize,
) -> Result<Page, Unreadable> {
    let mut place = match after {
        Some(cursor) => {
            world.resume(cursor).and_then(|seq| if seq <= world.told() { Ok(seq) } else { Err(Unreadable::Future) })?
        }
        None => world.window().oldest(),
    };
    let (mut items, mut replay) = (Vec::new(), world.replay());
    for event in world.events_after(place, SCANNED_MAX)? {
        if items.len() >= limit.clamp(1, PULLED_MAX) {
            break;
        }
        place = event.seq;
        if !audience.sees_kind(event.subject.kind()) || !filter.kinds.has(event.kind()) {
            continue;
        }
        let call = world.call_after_next(&mut replay, event);
        let facts = Facts::of(world.state(), event, call);
        if audience.sees(&facts) && filter.wants(&facts) {
            let rights = Audience::rights_for(audience.rights, event.subject);
            items.push(Encoded::event(world, event, call, rights));
        }
    }
    let as_of = AsOf { seq: world.told(), at: world.now() };
    Ok(Page { items, next: cursor(world.epoch(), place), has_more: place < world.told(), as_of })
}
