//! Which request something is done for: its span of `tracing` carries it, also where work goes on in a task of its own.

use std::{sync::Arc, time::Instant};

use tracing::Span;
use tracing_subscriber::{Registry, registry::LookupSpan as _};

use super::Trace;

/// Gives the request's trace to its span, for those who work within it.
pub(crate) fn attach(trace: &Arc<Trace>, span: &Span) {
    span.with_subscriber(|(id, subscriber)| {
        let span = subscriber.downcast_ref::<Registry>().and_then(|registry| registry.span(id));
        if let Some(span) = span {
            span.extensions_mut().insert(Arc::clone(trace));
        }
    });
}

/// The trace of the request that this is done for, if it is sampled.
fn current() -> Option<Arc<Trace>> {
    let found = Span::current().with_subscriber(|(id, subscriber)| {
        let span = subscriber.downcast_ref::<Registry>()?.span(id)?;
        span.scope().find_map(|span| span.extensions().get::<Arc<Trace>>().cloned())
    });
    found.flatten()
}

/// The database was asked for this since then, and it is over: a child of the request that it was asked for.
pub fn asked_database(operation: &'static str, place: &'static str, since: Instant) {
    if let Some(trace) = current() {
        trace.asked(operation, place, since);
    }
}
