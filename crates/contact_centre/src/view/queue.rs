use model::{Instant, TimeZone};
use serde::Serialize;

use super::NumberView;
use crate::{
    event::{Body, Event},
    id::QueueId,
    objects::{Queue, QueueSettings},
};

/// A queue.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct QueueView<'a> {
    id: QueueId,
    name: &'a str,
    number: NumberView<'a>,
    open: bool,
    timezone: &'a TimeZone,
    service_level_target_ms: i64,
    short_abandon_ms: i64,
    wrap_limit_ms: i64,
    overflow_after_ms: i64,
    ring_limit_ms: i64,
    expected_handle_ms: i64,
    priority: u8,
    created_at: Instant,
    updated_at: Instant,
    seq: u64,
}

impl<'a> QueueView<'a> {
    /// A queue as it is.
    pub fn of(queue: &'a Queue) -> Self {
        Self::with(queue, queue.current())
    }

    /// A queue as it was after an event about it.
    pub(super) fn after(queue: &'a Queue, event: &Event) -> Self {
        let (open, settings) = match &event.body {
            Body::QueueOpened => (true, queue.settings_at(event.at)),
            Body::QueueClosed => (false, queue.settings_at(event.at)),
            Body::QueueUpdated(settings) => (queue.open, **settings),
            _ => (queue.open, queue.settings_at(event.at)),
        };
        Self { open, updated_at: event.at, seq: event.seq, ..Self::with(queue, settings) }
    }

    fn with(queue: &'a Queue, settings: QueueSettings) -> Self {
        Self {
            id: queue.id,
            name: &queue.name,
            number: NumberView::whole(&queue.number),
            open: queue.open,
            timezone: &queue.timezone,
            service_level_target_ms: settings.service_level_target_ms,
            short_abandon_ms: settings.short_abandon_ms,
            wrap_limit_ms: settings.wrap_limit_ms,
            overflow_after_ms: settings.overflow_after_ms,
            ring_limit_ms: settings.ring_limit_ms,
            expected_handle_ms: settings.expected_handle_ms,
            priority: settings.priority,
            created_at: queue.created_at,
            updated_at: queue.updated_at,
            seq: queue.seq,
        }
    }
}
