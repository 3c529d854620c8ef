//! The span of a request: its id and its route, on every log line that is written on its behalf.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
};

use tracing::Span;

/// Runs `future` within the span that `make` makes, from when it first has to wait.
///
/// For questions that precede every other call: a future that is ready at once writes no line, so a span, which takes
/// as long as finding the key, would be wasted on it. Work that is spawned before it waits gets no span.
pub async fn within_span_once_waiting<F: Future>(make: impl FnOnce() -> Span, future: F) -> F::Output {
    let mut future = pin!(future);
    let mut make = Some(make);
    let mut span: Option<Span> = None;
    poll_fn(move |cx| {
        let entered = span.as_ref().map(Span::enter);
        let polled = future.as_mut().poll(cx);
        drop(entered);
        if let (Poll::Pending, Some(make)) = (&polled, make.take()) {
            span = Some(make());
        }
        polled
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn a_span_is_made_once_and_only_for_a_future_that_waits() {
        let made = Cell::new(0);
        let make = || {
            made.set(made.get() + 1);
            Span::none()
        };
        assert_eq!(within_span_once_waiting(make, async { 1 }).await, 1);
        assert_eq!(made.get(), 0);
        let waits = async {
            tokio::task::yield_now().await;
            tokio::task::yield_now().await;
            2
        };
        assert_eq!(within_span_once_waiting(make, waits).await, 2);
        assert_eq!(made.get(), 1);
    }
}
